"""A broker's queue as the tests of page jobs use it, whatever its kind."""

import contextlib

from .fixtures import ROOT
from .queue_probe import QueueProbe
from .waiting import eventually


class Broker:
    """A server, and the queue on it that this test's pipeline uses."""

    def __init__(self, server, kind, pagehaul):
        self.queue = server.queue()
        if kind == "rabbitmq":
            pagehaul.env["BROKER_URL"] = self.queue["url"]
        pagehaul.env.update(getattr(server, "env", {}))
        pagehaul.configure(queue={**self.queue, "url": "${BROKER_URL}"} if kind == "rabbitmq" else self.queue)
        self.stop = getattr(server, "stop", None) or server.kill
        self.start = server.start
        self._env = getattr(server, "env", {})
        self._directory = pagehaul.directory

    @contextlib.contextmanager
    def hands_on(self):
        """Somebody else who reads and writes the queue."""
        probe = QueueProbe(ROOT / "build" / "dev" / "queue_probe", self._directory, self.queue, env=self._env)
        try:
            yield probe
        finally:
            probe.close()

    def take_all(self, probe, at_least=1):
        """Takes all messages out, when so many are there; returns their texts."""
        taken = []
        eventually(lambda: taken.extend(probe.receive()["messages"]) or len(taken) >= at_least, 60, "messages are there")
        while more := probe.receive(ms=1000)["messages"]:
            taken.extend(more)
        probe.ask("done", *(one["tag"] for one in taken))
        probe.ask("leave")
        return [one["body"] for one in taken]
