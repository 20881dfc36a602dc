"""An OTLP/HTTP receiver: keeps what it gets, checks it with OpenTelemetry's published messages, answers as a test wants."""

import base64
import functools
import http.server
import itertools
import json
import math
import pathlib
import re
import subprocess
import sys
import threading

from .waiting import eventually

_MESSAGES = pathlib.Path(__file__).resolve().parents[2] / "support" / "otlp_proto.sh"
_HEX = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


@functools.lru_cache
def _messages():
    """ExportTraceServiceRequest and ExportMetricsServiceRequest, the classes, and json_format."""
    folder = subprocess.run([_MESSAGES], check=True, capture_output=True, text=True).stdout.strip()
    if folder not in sys.path:
        sys.path.append(folder)
    from google.protobuf import json_format
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    return trace_service_pb2.ExportTraceServiceRequest, metrics_service_pb2.ExportMetricsServiceRequest, json_format


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


class Push:
    """One export of metrics, checked."""

    def __init__(self, body):
        _, request_message, json_format = _messages()
        document = json.loads(body)
        message = json_format.Parse(body, request_message())
        (group,), (written,) = message.resource_metrics, document["resourceMetrics"]
        (part,), (written,) = group.scope_metrics, written["scopeMetrics"]
        self.resource, self.scope = _facts(group.resource.attributes), (part.scope.name, part.scope.version)
        self.kinds = {}   # {name: gauge, sum or histogram}
        self.series = {}  # {(name, labels as a frozenset of pairs): value}; of a histogram {bound: count up to it}, and its sum
        for metric, as_written in zip(part.metrics, written["metrics"], strict=True):
            kind = metric.WhichOneof("data")
            assert metric.name not in self.kinds, f"{metric.name} came twice"
            assert metric.description and not metric.unit, "a unit would become a part of the name"
            self.kinds[metric.name] = kind
            data = getattr(metric, kind)
            assert kind == "gauge" or isinstance(as_written[kind]["aggregationTemporality"], int), "enums are numbers"
            for point in data.data_points:
                assert point.time_unix_nano > 0 and (kind == "gauge") == (point.start_time_unix_nano == 0)
                key = metric.name, frozenset(_facts(point.attributes).items())
                assert key not in self.series, f"{key} came twice"
                self.series[key] = self._read(kind, data, point)

    @staticmethod
    def _read(kind, data, point):
        if kind != "histogram":
            return point.as_double
        assert data.aggregation_temporality == 2 and len(point.bucket_counts) == len(point.explicit_bounds) + 1
        assert list(point.explicit_bounds) == sorted(set(point.explicit_bounds)) and sum(point.bucket_counts) == point.count
        below = itertools.accumulate(point.bucket_counts)
        return dict(zip([*point.explicit_bounds, math.inf], below)), point.sum

    def value(self, name, **labels):
        """Of the only series of that name that has these labels."""
        found = [value for (of, own), value in self.series.items() if of == name and labels.items() <= dict(own).items()]
        assert len(found) == 1, f"{name} {labels}: {found}"
        return found[0]


class Collector:
    """`answers`: (status, headers, body) of the first requests, in order; every later one gets 200. stall: never answers. Those with metrics
    are kept apart, and have answers of their own."""

    def __init__(self, answers=(), stall=False, to_pushes=()):
        self.requests = []  # with spans: (path, headers, body)
        self.pushed = []    # with metrics
        self._answers, self._to_pushes, self._stall = list(answers), list(to_pushes), stall
        self._lock, self._closed = threading.Lock(), threading.Event()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = self.path, {k.lower(): v for k, v in self.headers.items()}, body
                with collector._lock:
                    of_metrics = body.startswith(b'{"resourceMetrics"')
                    (collector.pushed if of_metrics else collector.requests).append(request)
                    answers = collector._to_pushes if of_metrics else collector._answers
                    status, headers, text = answers.pop(0) if answers else (200, {}, "{}")
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
        request_message, _, json_format = _messages()
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

    def pushes(self):
        """Every export of metrics so far, but those of `check`, which are empty; AssertionError or ParseError for what OTLP does not allow."""
        with self._lock:
            return [Push(body) for _, _, body in self.pushed if json.loads(body)["resourceMetrics"]]

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
