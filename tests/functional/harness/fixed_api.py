"""An API of records that a test writes itself; the mock API's rows are of one shape."""

import http.server
import json
import socket
import threading
import urllib.parse


class FixedApi:
    """GET /rows?page=1&size=100 answers {"rows": […], "total": N, "pages": P}. records: JSON texts, served as they stand."""

    def __init__(self, records, host="127.0.0.1"):
        self.records = list(records)
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                status, headers, body = api.reply(query)
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = True

        self._server = Server((host, 0), Handler)
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def reply(self, query):
        """Status, headers and body for these query parameters; a test may override it."""
        return 200, {}, self.answer(query).encode()

    def answer(self, query):
        """The body for these query parameters; a test may override it."""
        return self.page(self.records, int(query["page"]), int(query["size"]))

    @staticmethod
    def page(records, number, size):
        rows = ",".join(records[(number - 1) * size:number * size])
        return f'{{"rows":[{rows}],"total":{len(records)},"pages":{-(-len(records) // size)}}}'

    def source(self, **pagination):
        """A whole `source` section that reads it."""
        return {"base_url": self.url,
                "request": {"path": "/rows", "query": {"page": "{{ page.number }}", "size": "{{ page.size }}"}},
                "pagination": {"type": "page_number", "size": 100, "total": {"rows": "/total"}, **pagination}, "records": "/rows"}

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def record(**fields):
    return json.dumps(fields)
