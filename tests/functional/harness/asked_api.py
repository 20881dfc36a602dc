"""An API that a test writes as one function of a request, for what the mock API does not speak."""

import collections
import http.server
import json
import threading
import urllib.parse

# query: pairs in their order; body: bytes.
Asked = collections.namedtuple("Asked", "method path query headers body")


class AskedApi:
    """`answer` takes an Asked and gives a body (anything JSON, or bytes), or (status, headers, body). `asked` keeps all requests."""

    def __init__(self, answer):
        self.asked = []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self):
                split = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Asked(self.command, split.path, urllib.parse.parse_qsl(split.query, keep_blank_values=True),
                                self.headers, body)
                api.asked.append(request)
                told = answer(request)
                status, headers, body = told if isinstance(told, tuple) else (200, {}, told)
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                length = {} if status == 204 else {"Content-Length": len(body)}
                for name, value in {"Content-Type": "application/json", **length, **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _serve

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def page_of(records, request, size=100):
    """The records of the page that the query asks for, by number or by offset."""
    query = dict(request.query)
    first = int(query["offset"]) if "offset" in query else (int(query["page"]) - 1) * size
    return records[first:first + size]
