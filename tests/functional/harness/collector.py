"""An OTLP/HTTP receiver: keeps what it gets, checks it with OpenTelemetry's published messages, answers as a test wants."""

import base64
import functools
import http.server
import json
import pathlib
import re
import subprocess
import sys
import threading

from .waiting import eventually

_MESSAGES = pathlib.Path(__file__).resolve().parents[2] / "support" / "otlp_proto.sh"
_HEX = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


@functools.lru_cache
def _request_message():
    """ExportTraceServiceRequest, the class, and json_format."""
    folder = subprocess.run([_MESSAGES], check=True, capture_output=True, text=True).stdout.strip()
    if folder not in sys.path:
        sys.path.append(folder)
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    return trace_service_pb2.ExportTraceServiceRequest, json_format


def _with_base64_ids(value):
    """OTLP's ids are hex; protobuf's own JSON would read hex as base64 without complaint."""
    if isinstance(value, list):
        return [_with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _with_base64_ids(item) for key, item in value.items()}
    for key, digits in _HEX.items():
        if key in changed:
            assert re.fullmatch(f"[0-9a-f]{{{digits}}}", changed[key]), f"{key}: {changed[key]!r}"
            assert int(changed[key], 16) != 0, f"{key} is zero"
            changed[key] = base64.b64encode(bytes.fromhex(changed[key])).decode()
    return changed


def _plain(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def _facts(attributes):
    keys = [attribute.key for attribute in attributes]
    assert len(keys) == len(set(keys)), f"an attribute twice: {keys}"
    return {attribute.key: _plain(attribute.value) for attribute in attributes}


class Span:
    """One span, checked; its attributes as plain values."""

    def __init__(self, message, resource, scope):
        self.name, self.kind = message.name, message.kind
        self.trace, self.id, self.parent = (part.hex() for part in (message.trace_id, message.span_id, message.parent_span_id))
        self.start, self.end = message.start_time_unix_nano, message.end_time_unix_nano
        self.attributes = _facts(message.attributes)
        self.events = [(event.name, _facts(event.attributes)) for event in message.events]
        self.links = [link.span_id.hex() for link in message.links]
        self.failed, self.message = message.status.code == 2, message.status.message
        self.resource, self.scope = resource, scope
        assert self.name and self.id and len(message.trace_id) == 16
        assert 0 < self.start <= self.end, f"{self.name} ends before it starts"
        assert self.failed == ("error.type" in self.attributes), f"{self.name}: {self.attributes}"

    def __getitem__(self, key):
        return self.attributes[key]

    def __repr__(self):
        return f"{self.name} {self.attributes}{' FAILED ' + self.message if self.failed else ''}"


class Collector:
    """`answers`: (status, headers, body) of the first requests, in order; every later one gets 200. stall: never answers."""

    def __init__(self, answers=(), stall=False):
        self.requests = []  # (path, headers, body)
        self._answers, self._stall = list(answers), stall
        self._lock, self._closed = threading.Lock(), threading.Event()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with collector._lock:
                    collector.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                    status, headers, text = collector._answers.pop(0) if collector._answers else (200, {}, "{}")
                if collector._stall:
                    collector._closed.wait()
                    return
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": len(text), **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that did not wait

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def spans(self):
        """Every span so far; AssertionError or ParseError for what OTLP does not allow."""
        request_message, json_format = _request_message()
        with self._lock:
            bodies = [body for _, _, body in self.requests]
        found = []
        for body in bodies:
            document = json.loads(body)
            for group in document["resourceSpans"]:
                for part in group["scopeSpans"]:
                    assert all(isinstance(span["kind"], int) for span in part["spans"]), "enums are numbers"
            message = json_format.ParseDict(_with_base64_ids(document), request_message())
            for group in message.resource_spans:
                resource = _facts(group.resource.attributes)
                for part in group.scope_spans:
                    found += [Span(span, resource, (part.scope.name, part.scope.version)) for span in part.spans]
        assert len({span.id for span in found}) == len(found), "a span came twice"
        return found

    def wait(self, requests, timeout=20.0):
        eventually(lambda: len(self.requests) >= requests, timeout, f"{requests} requests at the collector")

    def close(self):
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def named(spans, name):
    return [span for span in spans if span.name == name]


def children(spans, parent):
    """In the order of their beginning."""
    return sorted((span for span in spans if span.parent == parent.id), key=lambda span: span.start)
