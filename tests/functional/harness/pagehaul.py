"""The real binary under test: writes its config, starts it, watches it, and holds it to what every test expects."""

import dataclasses
import itertools
import json
import os
import pathlib
import signal

from . import sanitizer
from .pipeline import TOKEN, default_pipeline, merge, write
from .postgres import PASSWORD
from .process import Process

# The exit codes, src/core/exit_code.h.
OK, USAGE, DATA, UNAVAILABLE, BUG, INCOMPLETE, CREDENTIAL, CONFIG, SIGINT_EXIT, SIGTERM_EXIT = (
    0, 64, 65, 69, 70, 75, 77, 78, 130, 143)

# Secrets of the harness: none may ever be printed.
SECRETS = (TOKEN, PASSWORD)


def parse_log(text):
    """The JSON lines of a log; other lines are left out."""
    lines = []
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
    return lines


@dataclasses.dataclass(frozen=True)
class Result:
    code: int
    stdout: str
    stderr: str

    @property
    def log(self):
        return parse_log(self.stderr)

    @property
    def json(self):
        return json.loads(self.stdout)

    def __str__(self):
        return f"exit {self.code}\n--- stdout\n{self.stdout[-4000:]}\n--- stderr\n{self.stderr[-6000:]}"


class Running(Process):
    """A started pagehaul. Use wait_for(lambda: …) to wait for a condition: it fails at once if the program ends first."""

    def result(self, timeout=60.0):
        return Result(self.wait(timeout), self.stdout, self.stderr)

    @property
    def log(self):
        return parse_log(self.stderr)

    def wait_for_log(self, text, timeout=20.0):
        """Until a line of the log contains this text; returns the line."""
        return self.wait_for(lambda: next((l for l in self.stderr.splitlines() if text in l), None), timeout,
                             f"log line with {text!r}")

    def wait_stopped(self, timeout=20.0):
        """Until a fault point (or a signal) has stopped it: every thread in state T."""
        self.wait_for(lambda: "\nState:\tT" in pathlib.Path(f"/proc/{self.pid}/status").read_text(), timeout, "stopped")

    def terminate(self):
        self.send(signal.SIGTERM)

    def interrupt(self):
        self.send(signal.SIGINT)

    def freeze(self):
        self.send(signal.SIGSTOP)

    def thaw(self):
        self.send(signal.SIGCONT)

    def kill9(self):
        """kill -9, as an OOM kill does it; returns when it is gone."""
        self.send(signal.SIGKILL)
        self.wait()


class Pagehaul:
    """Starts processes of the binary for one test. close() fails the test for leaks, sanitizer reports and printed secrets."""

    def __init__(self, binary, directory, api=None, db=None):
        self.binary = pathlib.Path(binary)
        self.directory = pathlib.Path(directory)
        self.env = {"ACCESS_TOKEN": TOKEN}
        if db is not None:
            self.env["DATABASE_URL"] = db.dsn
        self.pipeline = default_pipeline(api.url if api is not None else "http://127.0.0.1:1")
        self.config_path = self.directory / "pipeline.yaml"
        self._numbers = itertools.count(1)
        self._started = []

    def configure(self, *changes, **sections):
        """Merges changes into this test's pipeline, for all later calls: configure(run={"drain": "0s"}); None removes a key."""
        for change in (*changes, sections):
            self.pipeline = merge(self.pipeline, change)
        return self

    def start(self, verb="run", *args, env=None, config=None, prefix=()):
        """Starts `pagehaul VERB -c pipeline.yaml ARGS…`. config: another dict or text; prefix: a wrapper such as ["prlimit", …]."""
        number = next(self._numbers)
        path = self.config_path if config is None else self.directory / f"pipeline-{number}.yaml"
        write(path, self.pipeline if config is None else config)
        return self.start_raw(verb, "-c", path, *args, env=env, prefix=prefix, number=number)

    def start_raw(self, *args, env=None, prefix=(), number=None):
        """Starts the binary with exactly these arguments. env: on top of the test's; None as a value removes a variable."""
        number = number or next(self._numbers)
        full = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.directory), "LANG": "C.UTF-8",
                **sanitizer.environment(self.binary), **self.env, **(env or {})}
        process = Running([*prefix, self.binary, *args], directory=self.directory, name=f"pagehaul-{number}",
                          env={k: str(v) for k, v in full.items() if v is not None})
        self._started.append(process)
        return process

    def run(self, verb="run", *args, timeout=60.0, **options):
        """start() and the Result of its end."""
        return self.start(verb, *args, **options).result(timeout)

    def run_raw(self, *args, timeout=60.0, **options):
        return self.start_raw(*args, **options).result(timeout)

    def succeed(self, verb="run", *args, **options):
        """run() that must exit 0."""
        result = self.run(verb, *args, **options)
        assert result.code == OK, str(result)
        return result

    def kill_all(self):
        """Ends what still runs; returns the names of those."""
        alive = [p for p in self._started if p.running]
        for process in alive:
            process.kill()
        return [p.name for p in alive]

    def problems(self):
        """What no test may leave behind, as text; empty when all is well."""
        found = [f"still running at the end of the test: {name}" for name in self.kill_all()]
        for process in self._started:
            output = process.stdout + process.stderr
            if report := sanitizer.REPORT.search(output):
                found.append(f"{process.name}: sanitizer report\n{output[report.start():][:6000]}")
            found += [f"{process.name} printed a secret: {secret}" for secret in SECRETS if secret in output]
        return "\n".join(found)
