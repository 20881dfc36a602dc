"""Runs a contender to its end and tells what it cost: see measure/bench_exec.cpp."""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile


@dataclasses.dataclass(frozen=True)
class Measured:
    code: int
    start_ms: float  # CLOCK_MONOTONIC
    end_ms: float
    signalled_ms: float
    user_us: float
    system_us: float
    maxrss_kib: int
    stderr: str
    server_us: float = 0  # CPU of the database meanwhile

    @property
    def seconds(self):
        return (self.end_ms - self.start_ms) / 1000

    @property
    def cpu_us(self):
        return self.user_us + self.system_us


class Running:
    """A contender under way."""

    def __init__(self, launcher, argv, *, env=None, cgroup=None):
        self._directory = tempfile.TemporaryDirectory(prefix="pagehaul-bench-run-")
        directory = pathlib.Path(self._directory.name)
        self._report, self._stderr = directory / "report.json", directory / "stderr"
        self._name = os.path.basename(str(argv[0]))
        with open(self._stderr, "wb") as errors:
            self._process = subprocess.Popen(
                [str(launcher), str(self._report), *([str(cgroup)] if cgroup else []), "--", *map(str, argv)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(env or {})})

    def terminate(self):
        self._process.send_signal(signal.SIGTERM)

    def wait(self, expect=0, timeout=900):
        """Its costs; SystemExit with its last words when it ends in another way than expected."""
        with self._directory:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.terminate()
                self._process.wait()
            errors = self._stderr.read_text(errors="replace")
            if not self._report.exists():
                raise SystemExit(f"{self._name} could not be run:\n{errors[-4000:]}")
            measured = Measured(stderr=errors, **json.loads(self._report.read_text()))
        if measured.code != expect:
            raise SystemExit(f"{self._name} ended with {measured.code}, expected {expect}:\n{errors[-4000:]}")
        return measured


def run(launcher, argv, **options):
    return Running(launcher, argv, **options).wait()
