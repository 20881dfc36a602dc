"""A real PgBouncer in transaction mode: a client has a server's connection for as long as its transaction."""

import os
import pathlib
import pwd
import shutil
import tempfile

from .postgres import PASSWORD
from .process import Process, free_port


class PgBouncer:
    """Like the server behind it, it refuses to run as root."""

    def __init__(self, postgres):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-pgbouncer-"))
        self.host, self.port = "127.0.0.1", free_port()
        users, config = self.directory / "users.txt", self.directory / "pgbouncer.ini"
        users.write_text(f'"{postgres.user}" "{PASSWORD}"\n')
        config.write_text(
            f"[databases]\n* = host={postgres.host} port={postgres.port}\n"
            f"[pgbouncer]\nlisten_addr = {self.host}\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\n"
            "pool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 100\n")
        if postgres.owner:
            entry = pwd.getpwnam(postgres.owner)
            for path in (self.directory, users, config):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        self._process = Process(["/usr/sbin/pgbouncer", config], directory=self.directory, name="pgbouncer",
                                user=postgres.owner, cwd="/")
        self._process.wait_for(lambda: f"listening on {self.host}:{self.port}" in self._process.stderr, what="listens")

    def close(self):
        self._process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
