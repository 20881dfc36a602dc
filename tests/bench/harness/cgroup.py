"""A child cgroup with a memory limit, v1 or v2, where this machine lets us make one."""

import contextlib
import os
import pathlib

_ROOT = pathlib.Path("/sys/fs/cgroup")


def _own(controller):
    """Our path below the hierarchy of a v1 controller, or of v2 for ''."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(",") if controller else names == "":
            return path.lstrip("/")
    return ""


def _candidates():
    """(parent directory, name of the limit's file), the likeliest first."""
    for mount, controller, limit in ((_ROOT / "memory", "memory", "memory.limit_in_bytes"), (_ROOT, "", "memory.max")):
        for parent in (mount / _own(controller), mount):
            if (parent / "cgroup.procs").exists():
                yield parent, limit


@contextlib.contextmanager
def limited(mebibytes):
    """(directory, None), or (None, why not). Nothing may run in it any more when the context ends."""
    reasons = []
    for parent, limit in _candidates():
        group = parent / f"pagehaul-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            reasons.append(str(error))
            continue
        try:
            try:
                (group / limit).write_text(str(mebibytes << 20))
            except OSError as error:
                reasons.append(str(error))
                continue
            yield group, None
            return
        finally:
            group.rmdir()
    yield None, "no memory cgroup can be made: " + ("; ".join(reasons) or "none is mounted")
