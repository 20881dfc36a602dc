"""A real RabbitMQ node with its management API, without systemd; about 7 s to start, so only where a test asks for it."""

import json
import os
import pathlib
import shutil
import signal
import tempfile
import uuid

from .http import answers, request
from .process import Process, free_port


class RabbitMQ:
    """As root it runs as root: the packaged wrapper that insists on user rabbitmq is not used."""

    user, password = "guest", "guest"

    def __init__(self, amqp=None, host="127.0.0.1"):
        """`amqp`: its port, for who must know it beforehand. `host`: where it listens for AMQP; anybody there may be its guest."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-rabbit-"))
        management, amqp, epmd = free_port(), amqp or free_port(host), free_port()
        self.url = f"http://127.0.0.1:{management}"
        self.amqp = f"amqp://{self.user}:{self.password}@{host}:{amqp}"
        config = self.directory / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = {host}:{amqp}\nloopback_users.{self.user} = false\nmanagement.tcp.port = {management}\n"
                          "management.tcp.ip = 127.0.0.1\n")
        plugins = self.directory / "plugins"
        plugins.write_text("[rabbitmq_management].\n")
        env = dict(
            os.environ, HOME=str(self.directory), ERL_EPMD_PORT=str(epmd), ERL_EPMD_ADDRESS="127.0.0.1",
            RABBITMQ_NODENAME=f"pagehaul{amqp}@localhost", RABBITMQ_DIST_PORT=str(free_port()),
            RABBITMQ_MNESIA_BASE=str(self.directory), RABBITMQ_LOG_BASE=str(self.directory),
            RABBITMQ_CONFIG_FILE=str(config), RABBITMQ_ENABLED_PLUGINS_FILE=str(plugins),
            RABBITMQ_PID_FILE=str(self.directory / "pid"), RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none")
        # Our own port mapper: the node would leave a daemon of its own behind.
        self._epmd = Process(["epmd", "-port", epmd, "-address", "127.0.0.1"], directory=self.directory, name="epmd", env=env)
        self._env = env
        self.port = amqp
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        self._process = Process(["/usr/lib/rabbitmq/bin/rabbitmq-server"], directory=self.directory, name="rabbitmq",
                                env=self._env, cwd=self.directory, death_signal=signal.SIGTERM)
        # Alone 7 s; beside a build and other tests it has needed more than a minute.
        self._process.wait_for(lambda: answers(self.url + "/api/overview", auth=(self.user, self.password)), 180,
                               "answers at its management API")

    @property
    def control(self):
        """The variables by which rabbitmqctl finds this node."""
        return self._env

    def stop(self):
        self._process.stop(timeout=30)

    @property
    def running(self):
        return self._process.running

    def kill(self):
        """At once, with all that its wrapper has started."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def queue(self):
        """A config's queue section: a queue that nobody else uses, made by whoever comes first."""
        return {"type": "rabbitmq", "url": self.amqp, "name": f"test-{uuid.uuid4()}"}

    def declare_queue(self, name, **arguments):
        """Creates a durable queue in the default virtual host; a queue that exists is no error."""
        status, body = request("PUT", f"{self.url}/api/queues/%2F/{name}", auth=(self.user, self.password),
                               body={"durable": True, **arguments})
        assert status in (201, 204), (status, body)

    def waiting(self, queue):
        """How many messages wait in the queue of this config's section; None where it is not there, or not known yet."""
        status, body = request("GET", f"{self.url}/api/queues/%2F/{queue['name']}", auth=(self.user, self.password))
        return json.loads(body).get("messages_ready") if status == 200 else None

    def drop(self, queue):
        """All messages that wait are gone."""
        status, body = request("DELETE", f"{self.url}/api/queues/%2F/{queue['name']}/contents", auth=(self.user, self.password))
        assert status == 204, (status, body)

    def restart(self):
        """Stops the node in order and starts it again; what was confirmed is there afterwards."""
        self.stop()
        self.start()

    def delete_queue(self, name):
        status, body = request("DELETE", f"{self.url}/api/queues/%2F/{name}", auth=(self.user, self.password))
        assert status == 204, (status, body)

    def close(self):
        self.stop()
        self._epmd.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
