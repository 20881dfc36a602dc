"""An HTTP server in front of another one, as a gateway of an organisation is: it asks for a credential, or speaks TLS."""

import http.client
import http.server
import threading
import urllib.parse


class Front:
    """Forwards to `target` what bears `authorization` (None: everything), answers 401 to the rest.

    tls: an ssl.SSLContext of a server; the URL is then https and names localhost.
    interim: bytes before each answer, which then takes `pause` seconds; surplus: bytes behind it, in the same piece;
    head_first: the body is a piece of its own, `pause` seconds later."""

    def __init__(self, target, authorization=None, tls=None, interim=b"", pause=0.0, surplus=b"", head_first=False):
        self.refused, self.forwarded, self.over = 0, 0, threading.Event()
        front, backend = self, urllib.parse.urlsplit(target)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if authorization is not None and self.headers.get("Authorization") != authorization:
                    front.refused += 1
                    return self._answer(401, [("WWW-Authenticate", "Basic")], b"who are you?")
                front.forwarded += 1
                link = http.client.HTTPConnection(backend.netloc, timeout=30)
                try:
                    kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "authorization", "connection")}
                    link.request(self.command, self.path, body, kept)
                    answer = link.getresponse()
                    if interim:
                        self.wfile.write(interim)
                        front.over.wait(pause)
                    passed = ("content-type", "content-encoding", "retry-after")
                    self._answer(answer.status, [(k, v) for k, v in answer.getheaders() if k.lower() in passed], answer.read())
                finally:
                    link.close()

            do_POST = do_GET

            def _answer(self, status, headers, body):
                self.send_response(status)
                for name, value in (*headers, ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                head, self._headers_buffer = b"".join(self._headers_buffer) + b"\r\n", []
                if head_first:
                    self.wfile.write(head)
                    front.over.wait(pause)
                    head = b""
                self.wfile.write(head + body + (surplus if status == 200 else b""))

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, client_address):
                # The handshake belongs to the connection's thread: a client that never ends it holds up nobody.
                super().finish_request(tls.wrap_socket(request, server_side=True) if tls else request, client_address)

            def handle_error(self, *_):
                pass  # a client that trusts us not, or went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"https://localhost:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
