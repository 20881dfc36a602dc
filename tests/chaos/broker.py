"""A broker behind a proxy, for all seeds of a call, and the queue that each seed's world gets on it."""

import concurrent.futures
import contextlib
import urllib.parse

from harness.kafka import Kafka
from harness.process import free_port
from harness.proxy import Proxy
from harness.queue_probe import QueueProbe
from harness.rabbitmq import RabbitMQ
from harness.sqs import ElasticMQ

KINDS = ("rabbitmq", "kafka", "sqs")
# Beside a build a node needs more than a minute.
LONGEST_START = 240


class Broker:
    """`link`: the Proxy that leads to it. close() ends both."""

    def __init__(self, kind):
        self.kind = kind
        # A server dies with the thread that started it: this one lives as long as we do.
        self._keeper = concurrent.futures.ThreadPoolExecutor(1)
        port = free_port()
        self.link = Proxy("127.0.0.1", port)
        try:
            self._server = self._keep({"rabbitmq": lambda: RabbitMQ(amqp=port),
                                       "kafka": lambda: Kafka(plain=port, advertised=self.link.port),
                                       "sqs": lambda: ElasticMQ(port=port)}[kind])
        except BaseException:
            self.link.close()
            raise
        self.env = dict(getattr(self._server, "env", {}))

    def _keep(self, act):
        return self._keeper.submit(act).result(LONGEST_START)

    def queue(self):
        """A config's queue section, through the proxy; secrets are in the variables of `env`."""
        queue = self._server.queue()
        if self.kind == "sqs":
            return queue | {key: urllib.parse.urlsplit(queue[key])._replace(netloc=self._address).geturl() for key in ("url", "dead")}
        if self.kind == "kafka":
            return queue | {"brokers": self._address}
        url = urllib.parse.urlsplit(queue["url"])
        self.env["BROKER_URL"] = url._replace(netloc=f"{url.username}:{url.password}@{self._address}").geturl()
        return queue | {"url": "${BROKER_URL}"}

    @property
    def _address(self):
        return f"127.0.0.1:{self.link.port}"

    def kill(self):
        self._server.kill()

    def start(self):
        """Again, if it does not run; returns when it answers."""
        if not self._server.running:
            self._keep(self._server.start)

    @contextlib.contextmanager
    def hands_on(self, binary, directory, queue):
        """Somebody else who reads and writes the queue."""
        probe = QueueProbe(binary, directory, queue, env=self.env)
        try:
            yield probe
        finally:
            probe.close()

    def close(self):
        try:
            self._keep(self._server.close)
        finally:
            self.link.close()
            self._keeper.shutdown()
