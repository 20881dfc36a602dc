"""A PostgreSQL cluster of our own: Debian's binaries, Debian's default settings, a temporary data directory."""

import contextlib
import glob
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

import psycopg2

from .process import Process, free_port

PASSWORD = "pg-hunter2-secret"
_STOP = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


def bin_dir():
    """The newest installed server; PAGEHAUL_PG_BINDIR names another."""
    if named := os.environ.get("PAGEHAUL_PG_BINDIR"):
        if not pathlib.Path(named, "initdb").exists():
            raise RuntimeError(f"PAGEHAUL_PG_BINDIR={named}: no initdb there")
        return pathlib.Path(named)
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: float(p.split("/")[4]))
    if not found:
        raise RuntimeError("no PostgreSQL server in /usr/lib/postgresql: make deps-test installs it")
    return pathlib.Path(found[-1]).parent


class Postgres:
    """TCP needs the password (scram), the unix socket needs none. PostgreSQL refuses root: as root it runs as `postgres`."""

    def __init__(self, host="127.0.0.1", network=None, disk=None):
        """host: where it listens. network: TCP clients may come from there too, as 10.0.0.0/24. disk: the folder its data lies in."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-pg-", dir=disk))
        self.port = free_port(host)
        self.host = host
        self.user, self.password = "postgres", PASSWORD
        self._bin = bin_dir()
        self.owner = "postgres" if os.geteuid() == 0 else None
        self._names = itertools.count(1)
        self._starts = itertools.count(1)
        self._process = None
        self._initdb()
        if network:
            with open(self.data / "pg_hba.conf", "a", encoding="utf-8") as rules:
                rules.write(f"host all all {network} scram-sha-256\n")

    def _initdb(self):
        secret = self.directory / "password"
        secret.write_text(self.password)
        become = {}
        if self.owner:
            entry = pwd.getpwnam(self.owner)
            for path in (self.directory, secret):
                os.chown(path, entry.pw_uid, entry.pw_gid)
            become = {"user": self.owner, "group": self.owner, "extra_groups": []}
        # No sync of the empty cluster: it is thrown away. The running server keeps fsync on, as in Debian.
        made = subprocess.run(
            [self._bin / "initdb", "-D", self.data, "-U", self.user, "--pwfile", secret, "--no-sync", "--locale=C.UTF-8",
             "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256"],
            capture_output=True, text=True, cwd="/", **become)
        if made.returncode != 0:
            raise RuntimeError(f"initdb: {made.stdout}{made.stderr}")

    @property
    def data(self):
        return self.directory / "data"

    @property
    def running(self):
        return self._process is not None and self._process.running

    def start(self, timeout=30.0):
        """Starts the server and waits until it takes connections. The data and the port stay the same."""
        if self.running:
            return
        self._process = Process(
            [self._bin / "postgres", "-D", self.data, "-p", self.port, "-k", self.directory, "-h", self.host],
            directory=self.directory, name=f"postgres-{next(self._starts)}", user=self.owner, cwd="/",
            death_signal=signal.SIGQUIT)
        self._process.wait_for(self._answers, timeout, "takes connections")

    def stop(self, mode="fast", timeout=30.0):
        """mode: fast (rolls back and disconnects), immediate (as a crash), smart (waits for the clients)."""
        if self.running:
            self._process.send(_STOP[mode])
            self._process.wait(timeout)

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def pause(self):
        """Stops every process of the server (SIGSTOP), so that it neither answers nor closes; resume() undoes it."""
        self._signal_all(signal.SIGSTOP)

    def resume(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        # The postmaster first when stopping, so that it forks nobody new; a backend leads a session of its own.
        pids = [self._process.pid] + [
            int(p) for p in pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()]
        for pid in pids if number == signal.SIGSTOP else reversed(pids):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def close(self):
        """Stops the server and deletes its data."""
        if self.running:
            self.resume()
            self.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self):
        try:
            self.connect("postgres").close()
            return True
        except psycopg2.OperationalError:
            return False

    def connect(self, database):
        """A psycopg2 connection over the unix socket, in autocommit."""
        connection = psycopg2.connect(host=str(self.directory), port=self.port, user=self.user, dbname=database,
                                      application_name="functional-test")
        connection.autocommit = True
        return connection

    def create_database(self, options=""):
        """A fresh, empty database of its own for one test; `options` goes behind CREATE DATABASE name."""
        name = f"test_{next(self._names)}"
        with contextlib.closing(self.connect("postgres")) as admin, admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} {options}")
        return Database(self, name)


class Database:
    """One test's database. Queries run on a connection of their own each, so that a restart breaks nothing."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name

    @property
    def dsn(self):
        return self.dsn_through(self.cluster.host, self.cluster.port)

    def dsn_through(self, host, port, user=None, password=None):
        """The DSN through another address (a Proxy), or as another user."""
        return f"postgresql://{user or self.cluster.user}:{password or self.cluster.password}@{host}:{port}/{self.name}"

    def query(self, sql, *args):
        """All rows as tuples; [] for a statement without a result."""
        with contextlib.closing(self.cluster.connect(self.name)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, args or None)
            return cursor.fetchall() if cursor.description else []

    def scalar(self, sql, *args):
        rows = self.query(sql, *args)
        return rows[0][0] if rows else None

    def connect(self):
        return self.cluster.connect(self.name)

    def relation_exists(self, name):
        return self.scalar("SELECT to_regclass(%s) IS NOT NULL", name)

    def page_states(self, schema="pagehaul"):
        """{state: pages} of the ledger's current passes; {} before the ledger exists."""
        if not self.relation_exists(f"{schema}.page"):
            return {}
        return dict(self.query(f"SELECT state::text, count(*) FROM {schema}.page GROUP BY 1"))

    def drop(self):
        with contextlib.closing(self.cluster.connect("postgres")) as admin, admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
