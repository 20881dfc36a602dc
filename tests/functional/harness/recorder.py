"""A stand-in of the Pushgateway, or of any other server, that keeps what it is sent, and answers as the test wants."""

import dataclasses
import http.server
import threading


@dataclasses.dataclass(frozen=True)
class Push:
    method: str
    path: str
    headers: dict
    body: str
    sender: str  # its address


class Recorder:
    """answer: a function of the push that returns (status, text); headers go with each answer; host: where it listens."""

    def __init__(self, answer=lambda push: (200, ""), headers=None, host="127.0.0.1"):
        self.pushes, self.answer = [], answer
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                push = Push(self.command, self.path, dict(self.headers), body, self.client_address[0])
                recorder.pushes.append(push)
                status, text = recorder.answer(push)
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_DELETE = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that went away

        self._server = Server((host, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
