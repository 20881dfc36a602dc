"""The binary in a real container with real cgroup limits, without an image: its own root of just its libraries."""

import pathlib
import re
import shutil
import subprocess


def make_root(binary, directory, extra=()):
    """A root file system in `directory` that holds the binary as /pagehaul, its libraries, certificates and time zones."""
    root = pathlib.Path(directory)
    for folder in ("proc", "sys", "dev", "tmp", "etc", "bin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, root / "pagehaul")
    libraries = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=True).stdout
    for path in [*re.findall(r"(/\S+)", libraries), *extra]:
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)  # follows links
    return root


def run(root, argv, *, memory=None, cpus=None, network="host", mounts=(), env=None, timeout=120):
    """CompletedProcess of argv under the limits (memory as "256m", cpus as a number). mounts: (host path, path inside).

    The limits of open files and processes are raised no further than a restricted host allows.
    """
    command = ["podman", "--runtime", "runc", "--cgroup-manager=cgroupfs", "run", "--rm", "--ulimit", "nofile=1024:1024",
               "--ulimit", "nproc=10000:10000", f"--network={network}"]
    command += [f"--memory={memory}"] if memory else []
    command += [f"--cpus={cpus}"] if cpus else []
    for host, inside in mounts:
        command += ["-v", f"{host}:{inside}:ro"]
    for name, value in (env or {}).items():
        command += ["-e", f"{name}={value}"]
    return subprocess.run([*command, "--rootfs", str(root), *argv], capture_output=True, text=True, timeout=timeout)


def why_not(directory):
    """None where containers with limits run here, else the reason in one line: what a skipped test says."""
    if shutil.which("podman") is None or shutil.which("runc") is None:
        return "podman or runc is not installed (make deps-test)"
    v1, v2 = "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"
    try:
        shown = run(make_root("/bin/cat", directory), ["/pagehaul", v1, v2], memory="64m", cpus=0.5, network="none", timeout=30)
    except subprocess.TimeoutExpired:
        return "podman did not answer within 30 s"
    if str(64 << 20) in shown.stdout:  # one of the two files is always missing
        return None
    lines = shown.stderr.strip().splitlines() or ["no message"]
    return f"podman sets no cgroup limits here (without root it cannot): {lines[-1]}"
