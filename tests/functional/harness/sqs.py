"""A real server that speaks SQS: ElasticMQ. It takes every signature; SignedGate, put before it, does not."""

import hashlib
import hmac
import http.client
import http.server
import json
import pathlib
import shutil
import tempfile
import threading
import urllib.parse
import uuid

from .http import request
from .maven import ELASTICMQ, jars
from .process import Process, free_port


class ElasticMQ:
    """Its queues and messages outlive a restart, which is on the same port; without `keeps` they are in its memory alone."""

    # What clients sign with; who talks to it needs them in its environment.
    env = {"AWS_ACCESS_KEY_ID": "AKIDPAGEHAUL", "AWS_SECRET_ACCESS_KEY": "sqs-hunter2/secret+EXAMPLE"}

    def __init__(self, keeps=True, port=None, brief=True):
        """`brief`: it is to be there soon, and need not be fast then."""
        self._java = ["java", *(["-Xmx128m", "-XX:TieredStopAtLevel=1"] if brief else ["-Xmx512m"]), "-XX:+UseSerialGC"]
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="pagehaul-sqs-"))
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._config = self.directory / "elasticmq.conf"
        on = "true" if keeps else "false"
        self._config.write_text(
            'include classpath("application.conf")\n'
            f'node-address {{ protocol = http, host = "127.0.0.1", port = {port}, context-path = "" }}\n'
            f'rest-sqs {{ enabled = true, bind-hostname = "127.0.0.1", bind-port = {port}, sqs-limits = strict }}\n'
            "rest-stats { enabled = false }\n"
            f'queues-storage {{ enabled = {on}, path = "{self.directory}/queues.conf" }}\n'
            f'messages-storage {{ enabled = {on}, uri = "jdbc:h2:{self.directory}/messages" }}\n')
        self._process = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        classes = jars(ELASTICMQ) / "*"
        self._process = Process(
            [*self._java, f"-Dconfig.file={self._config}", "-cp", classes, "org.elasticmq.server.Main"], directory=self.directory, name="elasticmq", cwd=self.directory)
        # Alone 3 s; beside a build and other tests it has needed 16.
        self._process.wait_for(self._answers, 180, "answers")

    @property
    def running(self):
        return self._process.running

    def stop(self):
        self._process.stop()

    def kill(self):
        self._process.kill()

    def _answers(self):
        try:
            self.ask("ListQueues")
            return True
        except OSError:
            return False

    def ask(self, operation, **body):
        """An operation's answer."""
        status, answer = request("POST", self.url + "/", body=json.dumps(body).encode(), headers={
            "X-Amz-Target": "AmazonSQS." + operation, "Content-Type": "application/x-amz-json-1.0"})
        assert status == 200, (operation, status, answer)
        return json.loads(answer)

    def queue(self):
        """A config's queue section: a queue that nobody else uses, with one for dead letters."""
        name = f"test-{uuid.uuid4()}"
        dead = self.ask("CreateQueue", QueueName=name + "-dead")["QueueUrl"]
        arn = self.ask("GetQueueAttributes", QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 20})
        url = self.ask("CreateQueue", QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
        return {"type": "sqs", "url": url, "dead": dead}

    def close(self):
        if self._process is not None:
            self._process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def signature(method, target, headers, body, secret):
    """What AWS would compute of a request (Signature Version 4), by the scope and the header names that it gives itself."""
    fields = dict(part.split("=", 1) for part in headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", "))
    scope = fields["Credential"].split("/", 1)[1]
    names = fields["SignedHeaders"]
    path, _, query = target.partition("?")
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names.split(";"))
    canonical = "\n".join([method, urllib.parse.quote(path), "&".join(sorted(query.split("&"))), lines, names,
                           hashlib.sha256(body).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class SignedGate:
    """Forwards to `target` what is signed with this key, and answers everything else as AWS does."""

    def __init__(self, target, env=ElasticMQ.env):
        self.refused, self.forwarded = 0, 0
        gate, backend = self, urllib.parse.urlsplit(target)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = headers.get("authorization", "")
                names = told.partition("SignedHeaders=")[2].partition(",")[0].split(";")
                if not {"content-type", "host", "x-amz-date", "x-amz-target"} <= set(names):
                    return self._refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
                if f"Credential={env['AWS_ACCESS_KEY_ID']}/" not in told:
                    return self._refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
                if not told.endswith("Signature=" + signature("POST", self.path, headers, body, env["AWS_SECRET_ACCESS_KEY"])):
                    return self._refuse("InvalidSignatureException", "The request signature we calculated does not match the "
                                        "signature you provided.\n\nThe Canonical String for this request should have been …")
                gate.forwarded += 1
                link = http.client.HTTPConnection(backend.netloc, timeout=30)
                try:
                    link.request("POST", self.path, body, {n: headers[n] for n in ("x-amz-target", "content-type")})
                    answer = link.getresponse()
                    self._answer(answer.status, answer.read())
                finally:
                    link.close()

            def _refuse(self, kind, message):
                gate.refused += 1
                self._answer(403, json.dumps({"__type": "com.amazon.coral.service#" + kind, "message": message}).encode())

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def before(self, queue):
        """The queue section, its URLs leading through the gate."""
        return {**queue, **{key: self.url + urllib.parse.urlsplit(queue[key]).path for key in ("url", "dead")}}

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
