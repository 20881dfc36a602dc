"""A process that holds both ends of a queue and does what it is told: tests/conformance/queue_probe.cpp."""

import json
import os
import subprocess

from .pipeline import default_pipeline, write
from .process import MARK


class QueueProbe:
    """Each method returns the answer's members by name; `kind` and `cause` among them where the call failed."""

    def __init__(self, binary, directory, queue, number=1, env=None):
        config = directory / f"probe-{number}.yaml"
        write(config, {**default_pipeline("http://api.test"), "queue": queue})
        env = {**os.environ, "PAGEHAUL_QUEUE_CONFIG": str(config), "ACCESS_TOKEN": "x", "DATABASE_URL": "postgres://localhost/x",
               **(env or {})}
        env.update([MARK.split("=", 1)])
        self._log = directory / f"probe-{number}.err"
        with open(self._log, "wb") as log:
            self._popen = subprocess.Popen([binary], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.pid = self._popen.pid

    @property
    def log(self):
        return self._log.read_text()

    def tell(self, *words):
        """Begins a command; `answer` waits for its end."""
        self._popen.stdin.write(" ".join(map(str, words)) + "\n")
        self._popen.stdin.flush()

    def answer(self):
        line = self._popen.stdout.readline()
        assert line, f"the probe ended with {self._popen.wait(10)}\n{self.log[-3000:]}"
        return json.loads(line)

    def ask(self, *words):
        self.tell(*words)
        return self.answer()

    def receive(self, room=100, ms=500):
        return self.ask("receive", room, ms)

    def send(self, number):
        self._popen.send_signal(number)

    def kill(self):
        self._popen.kill()
        self._popen.wait()

    def close(self):
        self.kill()
        self._popen.stdin.close()
        self._popen.stdout.close()
