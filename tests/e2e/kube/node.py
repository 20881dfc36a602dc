"""The node's own view of a container: its processes and its memory, and what befalls them there."""

import os
import pathlib
import signal
import subprocess
import sys

CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Joins the cgroup, then writes to as many bytes.
_TAKE = "import os, sys; open(sys.argv[1] + '/cgroup.procs', 'w').write(str(os.getpid())); len(bytearray(b'x') * int(sys.argv[2]))"


def kill(pod, container="run"):
    """SIGKILL, as of a node that leaves in a hurry."""
    os.kill(_process(pod.running(container))[0], signal.SIGKILL)


def exhaust_memory(pod, limit, container="run"):
    """Something else takes all of the container's memory, `limit` bytes: the kernel kills what Kubernetes has told it to kill first, the container."""
    _, cgroup = _process(pod.running(container))
    subprocess.run([sys.executable, "-c", _TAKE, cgroup, str(limit)], timeout=60, check=False)


def _process(container):
    """(pid of a container's first process, folder of its memory's cgroup)"""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            of = [line.split(":", 2) for line in (entry / "cgroup").read_text().splitlines()]
        except OSError:
            continue
        for number, controllers, path in of:
            if path.endswith(container) and (controllers == "memory" or number == "0"):
                found.append((int(entry.name), str(CGROUPS / ("memory" if controllers == "memory" else "")) + path))
    assert found, f"no process of {container} is on this node"
    # In the hybrid layout version 1 governs, and a process is in both.
    return min(found, key=lambda each: (each[0], "/memory/" not in each[1]))
