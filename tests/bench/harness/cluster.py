"""A throwaway PostgreSQL with Debian's default settings: its own data directory, socket and port."""

import glob
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import psycopg2

from .columns import CHECK, DDL, SCHEMA, TABLE

_OWNER = "postgres"
_TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _bin():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise SystemExit("no PostgreSQL server is installed: see make deps-test")
    return pathlib.Path(found[-1]).parent


class Cluster:
    def __init__(self):
        self._bin = _bin()
        self._home = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-bench-pg-"))
        self._as = {"user": _OWNER, "group": _OWNER, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self._home, _OWNER, _OWNER)
        self.port = _free_port()
        self._run("initdb", "-D", self._data, "-U", "bench", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        self._run("pg_ctl", "-D", self._data, "-l", self._home / "log", "-w", "start", "-o",
                  f"-p {self.port} -k {self._home} -c listen_addresses=127.0.0.1")
        self.dsn = f"postgresql://bench:not-a-secret-at-all@127.0.0.1:{self.port}/postgres"
        self._admin = psycopg2.connect(self.dsn)
        self._admin.autocommit = True

    @property
    def _data(self):
        return self._home / "data"

    def _run(self, program, *arguments):
        # pg_ctl's server inherits its output: a pipe would never end.
        with open(os.devnull) as nothing, tempfile.TemporaryFile() as output:
            code = subprocess.call([self._bin / program, *arguments], stdin=nothing, stdout=output, stderr=output,
                                   cwd="/", **self._as)
            output.seek(0)
            if code:
                raise SystemExit(f"{program} failed:\n{output.read().decode(errors='replace')}")

    def query(self, sql):
        with self._admin.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def fresh(self):
        """Drops everything of the run before, makes the empty table and writes dirty pages out."""
        self.query(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; DROP SCHEMA IF EXISTS {SCHEMA}_staging CASCADE; "
                   "DROP SCHEMA IF EXISTS pagehaul CASCADE")
        self.query(DDL)
        self.query("CHECKPOINT")

    def pass_night(self):
        """What happens between two nightly runs: autovacuum and a checkpoint. Left to chance, their WAL would be the next run's."""
        self.query(f"VACUUM (ANALYZE) {SCHEMA}.{TABLE}")
        self.query("CHECKPOINT")

    def cpu_us(self):
        """What the server and its processes have used since it was started, those that have ended included."""
        master = int((self._data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        used = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:  # it ended meanwhile, and counts as a child of its parent
                continue
            if int(stat.parent.name) == master:
                used += sum(int(ticks) for ticks in fields[11:15])
            elif int(fields[1]) == master:
                used += sum(int(ticks) for ticks in fields[11:13])
        return used * _TICK_US

    def wal_bytes(self):
        return int(self.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")[0][0])

    def check(self):
        return self.query(CHECK)[0]

    def version(self):
        return self.query("SHOW server_version")[0][0]

    def settings(self):
        """Those that are not PostgreSQL's built-in defaults, without paths and locales."""
        return dict(self.query("SELECT name, setting FROM pg_settings WHERE source NOT IN ('default', 'override', 'client') "
                               "AND name !~ '^(lc_|config_|data_dir|hba_|ident_|port|unix_|log_timezone|TimeZone)'"))

    def close(self):
        self._admin.close()
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._home)
