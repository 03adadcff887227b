"""An OTLP/HTTP receiver on the loopback interface, which decodes protobuf."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_REQUESTS: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}
_INFLATE: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


class Received(NamedTuple):
    """One span as it arrived."""

    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]


class Sink:
    """Receive inside ``with``; ``url`` is for ``OTEL_EXPORTER_OTLP_ENDPOINT``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.bodies: dict[str, list[Any]] = {path: [] for path in _REQUESTS}
        self.bytes: Counter[str] = Counter()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                sink.take(self.path, _INFLATE.get(self.headers.get("content-encoding", ""), bytes)(body), len(body))
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Sink:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, body: bytes, size: int) -> None:
        """Take one export in."""
        with self._lock:
            self.bodies[path].append(_REQUESTS[path].FromString(body))
            self.bytes[path] += size

    def environment(self) -> dict[str, str]:
        """Return variables that export all telemetry here, with delta temporality."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_LOGS_EXPORTER": "none",
            # Long, so that data arrives through a flush at exit and not through the interval.
            "OTEL_BSP_SCHEDULE_DELAY": "60000",
            "OTEL_METRIC_EXPORT_INTERVAL": "60000",
        }

    def spans(self) -> list[Received]:
        """Return every span that arrived."""
        with self._lock:
            requests = list(self.bodies["/v1/traces"])
        return [
            Received(s.name, s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex(), _values(s.attributes))
            for request in requests
            for of in request.resource_spans
            for scope in of.scope_spans
            for s in scope.spans
        ]

    def calls(self) -> list[Received]:
        """Return the spans of calls to providers."""
        return [span for span in self.spans() if "gen_ai.operation.name" in span.attributes]

    def total(self, name: str) -> float:
        """Add up the differences that arrived for a metric."""
        with self._lock:
            requests = list(self.bodies["/v1/metrics"])
        scopes = [scope for request in requests for of in request.resource_metrics for scope in of.scope_metrics]
        metrics = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
        assert all(metric.sum.aggregation_temporality == 1 for metric in metrics)
        return sum(point.as_int or point.as_double for metric in metrics for point in metric.sum.data_points)


def _values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}
