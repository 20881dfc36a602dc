"""The image that tests/image/build.sh made, run as Kubernetes would run it: read-only root, no capabilities, no new privileges."""

import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import time

import pytest

IMAGE = os.environ.get("PAGEHAUL_IMAGE", "localhost/pagehaul:dev")
PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager=cgroupfs"]
HARDENED = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges"]
# No higher than a restricted host allows.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=10000:10000"]
ENV = {"ACCESS_TOKEN": "some-token", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}


def pipeline(**changes):
    """A pipeline that asks for today's rows in Shanghai, once, and waits for nobody; changes replace whole sections."""
    held = {
        "pipeline": "image",
        "source": {
            "base_url": "http://127.0.0.1:1",
            "request": {"path": "/rows", "query": {"page": "{{ page.number }}", "day": "{{ slice.day }}"}},
            "slices": {"day": {"from": "-1d", "to": "-1d", "step": "1d", "zone": "Asia/Shanghai"}},
            "pagination": {"type": "page_number", "size": 100, "total": {"rows": "/total"}},
            "records": "/rows",
            "retry": {"attempts": 1},
        },
        "sink": {"dsn": "${DATABASE_URL}", "table": "t", "key": ["id"], "columns": [{"name": "id", "type": "bigint"}]},
        "run": {"patience": "1s"},
    }
    return {**held, **changes}


class Container:
    def __init__(self, tmp_path):
        self.file = tmp_path / "pipeline.yaml"

    def command(self, *arguments, config=None, network="none", options=(), env=()):
        mounts = []
        if config is not None:
            self.file.write_text(json.dumps(config))
            self.file.chmod(0o644)
            mounts = ["--volume", f"{self.file}:/etc/pagehaul/pipeline.yaml:ro"]
        variables = [option for name, value in {**ENV, **dict(env)}.items() for option in ("--env", f"{name}={value}")]
        return [*PODMAN, "run", "--rm", "--pull=never", *HARDENED, *LIMITS, f"--network={network}", *mounts, *variables, *options, IMAGE, *arguments]

    def run(self, *arguments, **options):
        return subprocess.run(self.command(*arguments, **options), capture_output=True, text=True, timeout=60)


@pytest.fixture
def container(tmp_path):
    tmp_path.chmod(0o755)
    return Container(tmp_path)


@pytest.fixture(scope="session")
def inspected():
    done = subprocess.run([*PODMAN, "image", "inspect", IMAGE], capture_output=True, text=True)
    assert done.returncode == 0, f"no image {IMAGE}: run `make image`"
    return json.loads(done.stdout)[0]


@pytest.fixture(scope="session")
def archive():
    """The image's file system as a tar."""
    made = subprocess.run([*PODMAN, "create", "--pull=never", IMAGE], capture_output=True, text=True, check=True).stdout.strip()
    try:
        exported = subprocess.run([*PODMAN, "export", made], capture_output=True, check=True).stdout
    finally:
        subprocess.run([*PODMAN, "rm", made], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(exported)) as tar:
        yield tar


@pytest.fixture(scope="session")
def members(archive):
    """Its members, by path."""
    return {"/" + member.name.strip("/"): member for member in archive}


class Network:
    """A network of its own with a name server, an API and a database behind TLS; certificates from an authority that nobody knows."""

    def __init__(self, name, folder):
        self.path = f"/run/netns/{name}"
        self.bundle = folder / "authority.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", folder / "key.pem", "-out", self.bundle,
                        "-subj", "/CN=image.test", "-addext", "subjectAltName=DNS:api.image.test,DNS:db.image.test"],
                       capture_output=True, check=True)
        self.bundle.chmod(0o644)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        self.log = folder / "met"
        with self.log.open("w") as out:
            self.servers = subprocess.Popen(
                ["ip", "netns", "exec", name, sys.executable, pathlib.Path(__file__).parent / "servers.py", self.bundle, folder / "key.pem"],
                stdin=subprocess.PIPE, stdout=out)
        until = time.monotonic() + 20
        while "ready" not in self.log.read_text():
            assert self.servers.poll() is None and time.monotonic() < until, "the servers did not start"
            time.sleep(0.05)

    def met(self):
        """Names of the servers with which TLS was agreed on."""
        return self.log.read_text().split()[1:]

    def close(self):
        self.servers.stdin.close()
        self.servers.wait(timeout=10)


@pytest.fixture
def network(tmp_path):
    name = f"pagehaul-image-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        made = Network(name, tmp_path)
        yield made
        made.close()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
