"""Servers that others made, of paged APIs and of tokens: what pagehaul must pull from by its config alone. Each on a free port."""

import concurrent.futures
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from .http import exchange, request
from .process import Process, free_port

_BUILD = pathlib.Path(__file__).resolve().parents[1] / "servers" / "build.sh"
_NEEDS = {"pocketbase": "go", "npm": "npm"}


def can_build(part):
    """Whether this machine has what that part of servers/build.sh is built with."""
    return shutil.which(_NEEDS[part]) is not None


@functools.lru_cache
def built(part):
    """The path of this part of servers/build.sh, built by the first who asks for it on this machine."""
    made = subprocess.run([_BUILD, part], capture_output=True, text=True, timeout=1800)
    if made.returncode:
        raise RuntimeError(f"{_BUILD.name} {part}: {made.stderr[-2000:]}")
    return pathlib.Path(made.stdout.strip()) / part


class _Other:
    """A process in a folder of its own, until close()."""

    def __init__(self, name):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"pagehaul-{name}-"))
        self._name, self._process = name, None

    def _start(self, argv, ready, env=None):
        """`ready` may raise OSError as long as nobody listens."""
        self._process = Process(argv, directory=self.directory, name=self._name, cwd=self.directory, env={**os.environ, **(env or {})})

        def answered():
            with contextlib.suppress(OSError):
                return ready()

        try:
            # Alone each is there within a second; beside a build a slow machine has needed many.
            return self._process.wait_for(answered, 60, "answers")
        except BaseException:
            self.close()
            raise

    def close(self):
        if self._process is not None:
            self._process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _one_each(act, things):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(act, things))


class DockerRegistry(_Other):
    """Debian's: GET /v2/_catalog?n=100 lists names of repositories, and its Link header leads to the next ones."""

    def __init__(self):
        super().__init__("registry")
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        config = self.directory / "config.yml"
        config.write_text(json.dumps({"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(self.directory / "data")}},
                                      "http": {"addr": address}, "log": {"accesslog": {"disabled": True}, "level": "error"}}))
        self._start(["docker-registry", "serve", config], lambda: request("GET", self.url + "/v2/")[0] == 200)

    def push(self, repositories):
        """A blob into each: from then on it is in the catalog."""
        blob = b"pagehaul"
        digest = "sha256:" + hashlib.sha256(blob).hexdigest()

        def push(name):
            status, _, headers = exchange("POST", f"{self.url}/v2/{name}/blobs/uploads/")
            assert status == 202, status
            place = headers["Location"]
            status, body = request("PUT", f"{place}&digest={digest}", body=blob, headers={"Content-Type": "application/octet-stream"})
            assert status == 201, (status, body)

        _one_each(push, repositories)


class JsonServer(_Other):
    """json-server, from npm: GET /NAME?_start=0&_limit=100&_sort=id, the number of all in X-Total-Count."""

    def __init__(self, **tables):
        super().__init__("json-server")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        data = self.directory / "db.json"
        data.write_text(json.dumps(tables))
        self._start(["node", built("npm") / "node_modules/json-server/lib/cli/bin.js", "--quiet", "--host", "127.0.0.1", "--port", port, data],
                    lambda: request("GET", f"{self.url}/{next(iter(tables))}?_limit=1")[0] == 200)


class PocketBase(_Other):
    """GET /api/collections/NAME/records?page=1&perPage=100, with a token of /api/collections/_superusers/auth-with-password."""

    user, password = "root@example.com", "pocket-hunter2"

    def __init__(self):
        super().__init__("pocketbase")
        port, program = free_port(), built("pocketbase")
        self.url = f"http://127.0.0.1:{port}"
        made = subprocess.run([program, "superuser", "upsert", self.user, self.password, "--dir", self.directory / "data"],
                              capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made.stdout + made.stderr
        self._start([program, "serve", "--dir", self.directory / "data", "--http", f"127.0.0.1:{port}"],
                    lambda: request("GET", self.url + "/api/health")[0] == 200)
        self.token = self.ask("POST", "/api/collections/_superusers/auth-with-password",
                              {"identity": self.user, "password": self.password})["token"]

    token = ""

    def ask(self, method, path, body=None):
        status, answer = request(method, self.url + path, body=body, headers={"Authorization": self.token} if self.token else {})
        assert status == 200, (path, status, answer)
        return json.loads(answer)

    def fill(self, name, fields, records):
        """A collection that only superusers may read, and its records."""
        self.ask("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 1000, "timeout": 60}})
        self.ask("POST", "/api/collections", {"name": name, "type": "base", "fields": fields})
        self.ask("POST", "/api/batch", {"requests": [
            {"method": "POST", "url": f"/api/collections/{name}/records", "body": record} for record in records]})


class TokenServer(_Other):
    """oidc-provider, from npm: client credentials, and a refresh token of which each use makes the next one; whoever shows an old one again
    ends them all."""

    client, secret = "pagehaul", "client-hunter2"

    def __init__(self):
        super().__init__("oauth")
        told = self._start(["node", built("npm") / "oauth.mjs", self.client, self.secret],
                           lambda: self._process.stdout.endswith("\n") and json.loads(self._process.stdout))
        self.url = f"http://127.0.0.1:{told['port']}"
        self.refresh_token = told["refresh_token"]

    def is_good(self, token):
        """What the server itself says of an access token."""
        return self._ask("/token/introspection", token)["active"]

    def revoke(self, token):
        self._ask("/token/revocation", token)

    def _ask(self, path, token):
        status, answer = request("POST", self.url + path, body=f"token={token}".encode(), auth=(self.client, self.secret),
                                 headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200, (path, status, answer)
        return json.loads(answer or b"{}")
