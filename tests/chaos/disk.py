"""A disk so small that it can be filled: a tmpfs in a mount namespace of this process, gone with it."""

import contextlib
import ctypes
import os
import pathlib
import tempfile

MIB = 320  # a cluster with its WAL takes 120
_NEW_NAMESPACE, _RECURSIVE, _PRIVATE, _DETACH = 0x20000, 0x4000, 1 << 18, 2
_libc = ctypes.CDLL(None, use_errno=True)


def _must(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


@contextlib.contextmanager
def small_disk():
    """Yields its folder, or None where there is no right to mount. To be called before there is a second thread: a namespace is a
    thread's, and those that it starts later share it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-disk-"))
    mounted = False
    try:
        with contextlib.suppress(PermissionError):
            _must(_libc.unshare(_NEW_NAMESPACE), "unshare")
            _must(_libc.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None), "mount --make-rprivate /")
            _must(_libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={MIB}m,mode=755".encode()), "mount tmpfs")
            mounted = True
        yield folder if mounted else None
    finally:
        if mounted:
            _libc.umount2(os.fsencode(folder), _DETACH)
        folder.rmdir()
