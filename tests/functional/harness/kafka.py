"""A real Kafka broker in KRaft mode, alone its own controller; some 5 s to start, so only where a test asks for it."""

import base64
import pathlib
import shutil
import socket
import struct
import tempfile
import uuid

from .maven import KAFKA, jars
from .process import Process, free_port

def _cluster_id():
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def _in_a_line(pem):
    """As a value of a properties file."""
    return "".join(line + "\\n" for line in pem.splitlines())


class Kafka:
    """Listens on 127.0.0.1 and calls itself localhost: a plain listener, one that wants a user's password (SASL, PLAIN or
    SCRAM-SHA-512), and with `tls`, (certificate, key) for localhost as PEM files, one with TLS."""

    user, password = "pagehaul", "kafka-hunter2-secret"

    def __init__(self, tls=None, plain=None, advertised=None):
        """`plain`: the plain listener's port, for who must know it beforehand; `advertised`: the port that it tells its clients,
        where that is another one's."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-kafka-"))
        self._jars = jars(KAFKA)
        ports = {"PLAIN": plain or free_port(), "SASL": free_port()}
        protocols = {"CONTROLLER": "PLAINTEXT", "PLAIN": "PLAINTEXT", "SASL": "SASL_PLAINTEXT"}
        if tls:
            ports["TLS"], protocols["TLS"] = free_port(), "SSL"
        self.plain, self.sasl = f"localhost:{ports['PLAIN']}", f"localhost:{ports['SASL']}"
        self.tls = f"localhost:{ports['TLS']}" if tls else None
        controller = f"127.0.0.1:{free_port()}"
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join([f"{name}://127.0.0.1:{port}" for name, port in ports.items()] + [f"CONTROLLER://{controller}"]),
            "advertised.listeners": ",".join(f"{name}://localhost:{port}" for name, port in
                                             (ports | ({"PLAIN": advertised} if advertised else {})).items()),
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "inter.broker.listener.name": "PLAIN",
            "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "listener.name.sasl.plain.sasl.jaas.config":
                f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{self.user}="{self.password}";',
            "log.dirs": self.directory / "data",
            # What must not happen by itself: a topic with one partition, made by whoever looks for it. On by default.
            "auto.create.topics.enable": "true",
            "num.partitions": 1,
            "default.replication.factor": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "controlled.shutdown.enable": "false",
        }
        if tls:
            certificate, key = (pathlib.Path(path).read_text() for path in tls)
            settings["listener.name.tls.ssl.keystore.type"] = "PEM"
            settings["listener.name.tls.ssl.keystore.certificate.chain"] = _in_a_line(certificate)
            settings["listener.name.tls.ssl.keystore.key"] = _in_a_line(key)
        self._config = self.directory / "server.properties"
        self._config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self._process = None
        try:
            # With "=": an id may begin with a hyphen.
            format_ = Process(self._java("kafka.tools.StorageTool", "format", "--cluster-id=" + _cluster_id(), "-c", self._config,
                                         "--add-scram", f"SCRAM-SHA-512=[name={self.user},password={self.password}]"),
                              directory=self.directory, name="format")
            assert format_.wait(120) == 0, format_.tail()
            self.start()
        except BaseException:
            self.close()
            raise

    def _java(self, program, *arguments):
        return ["java", "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self._jars}/*", program,
                *arguments]

    def start(self):
        """Starts it where it does not run, and returns when it has made a topic."""
        if self._process is None or not self._process.running:
            self._process = Process(self._java("kafka.Kafka", self._config), directory=self.directory, name="kafka")
        self._process.wait_for(self._answers, 180, "answers")

    @property
    def running(self):
        return self._process.running

    def kill(self):
        self._process.kill()

    def send(self, number):
        self._process.send(number)

    def _answers(self):
        """It listens long before it reads what it is sent: so it is asked which requests it knows (ApiVersions, version 0)."""
        port = int(self.plain.rsplit(":", 1)[1])
        question = struct.pack(">hhih", 18, 0, 1, -1)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                link.sendall(struct.pack(">i", len(question)) + question)
                return len(link.recv(4)) == 4
        except OSError:
            return False

    def queue(self, partitions=4, **changes):
        """A config's queue section: a topic that nobody else uses, made by whoever comes first."""
        return {"type": "kafka", "brokers": self.plain, "topic": f"test-{uuid.uuid4()}", "partitions": partitions, **changes}

    def close(self):
        if self._process:
            self._process.stop(timeout=30)
        shutil.rmtree(self.directory, ignore_errors=True)
