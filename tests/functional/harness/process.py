"""Child processes that cannot outlive the tests: output kept in files, killed with their parent, found when leaked."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import uuid

from .waiting import eventually

# In the environment of everything started here, so that a leaked grandchild can be found again.
MARK = f"PAGEHAUL_TEST_SESSION={uuid.uuid4()}"
_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def free_port(host="127.0.0.1"):
    """A port that was free a moment ago; only for servers that cannot be told to listen on port 0."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Process:
    """A running child. stdout and stderr go to files, so that nobody has to read pipes."""

    def __init__(self, argv, *, directory, name, env=None, user=None, cwd=None, death_signal=signal.SIGKILL):
        """`user` is honoured only as root. `env` None: the current environment."""
        self.argv = [str(a) for a in argv]
        self.name = name
        directory = pathlib.Path(directory)
        self.stdout_path = directory / f"{name}.out"
        self.stderr_path = directory / f"{name}.err"
        full_env = dict(os.environ if env is None else env)
        full_env.update([MARK.split("=", 1)])
        become = {}
        if user is not None and os.geteuid() == 0:
            become = {"user": user, "group": user, "extra_groups": []}
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=full_env, cwd=cwd,
                start_new_session=True, preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, death_signal), **become)
        self.pid = self._popen.pid

    @property
    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    @property
    def returncode(self):
        """None while it runs; 128 + signal for a killed process, as a shell reports it."""
        code = self._popen.poll()
        return 128 - code if code is not None and code < 0 else code

    @property
    def running(self):
        return self.returncode is None

    def send(self, number):
        self._popen.send_signal(number)

    def wait(self, timeout=60.0):
        """The exit code; AssertionError with the last output if it does not end in time."""
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {timeout:g} s\n{self.tail()}") from None
        return self.returncode

    def stop(self, number=signal.SIGTERM, timeout=20.0):
        """Ends it, politely first; no error when it has ended."""
        if self.running:
            self.send(number)
            self.send(signal.SIGCONT)
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.returncode

    def kill(self):
        if self.running:
            self.send(signal.SIGKILL)
        self._popen.wait()

    def wait_for(self, condition, timeout=20.0, what="ready"):
        """Like eventually(), but fails at once when the process ends first."""

        def check():
            value = condition()
            if not value and not self.running:
                raise RuntimeError(f"{self.name} ended with {self.returncode} before: {what}\n{self.tail()}")
            return value

        return eventually(check, timeout, f"{self.name}: {what}")

    def tail(self, lines=30):
        text = [f"--- {self.name}: {' '.join(self.argv)}"]
        for stream in (self.stdout, self.stderr):
            text += stream.splitlines()[-lines:]
        return "\n".join(text)


def marked_processes():
    """[(pid, command line)] of all live processes that descend from this test session."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if MARK.encode() in (entry / "environ").read_bytes().split(b"\0"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                if command:  # a zombie has none
                    found.append((int(entry.name), command))
        except OSError:
            continue
    return found
