"""``OTEL_METRICS_EXPORTER=llm_statsd``: send metrics of the SDK to StatsD.

The SDK loads the exporter by its entry point. The SDK stores distributions in buckets, and buckets cannot be converted to
timers. Therefore durations of the ``ex_llm`` metrics are read from the bus and sent one by one. Other distributions are sent
as count and sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk.metrics import Counter, Histogram, ObservableCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricExporter, MetricExportResult, MetricsData, Sum
from opentelemetry.sdk.metrics.export import Metric as Collected

from ..metrics import metrics
from ..reporters.statsd.protocol import Tagging, counted, gauged, name_of, tail_of
from ..reporters.statsd.reporter import StatsdReporter
from ..reporters.statsd.udp import UdpSender
from ..settings import StatsdSettings

_DELTA = AggregationTemporality.DELTA

Key = tuple[str, str]


class StatsdMetricExporter(MetricExporter):
    """Export metrics to a StatsD server.

    The defaults come from ``OTEL_INSTRUMENTATION_LLM_STATSD_HOST``, ``_PORT``, ``_PREFIX`` and ``_TAGS``; an invalid
    argument raises ``ValueError``. Counters are sent as
    the difference to the last export. If the server is not available, nothing fails, and ``dropped`` counts the lost lines.
    """

    def __init__(self, host: str | None = None, port: int | None = None, prefix: str | None = None, tags: Tagging | None = None) -> None:
        super().__init__(preferred_temporality={Counter: _DELTA, ObservableCounter: _DELTA, Histogram: _DELTA})
        chosen = StatsdSettings.read({"host": host, "port": port, "prefix": prefix, "tags": tags})
        timed = [metric for metric in metrics() if metric.kind in ("distribution", "summary")]
        self._timers = StatsdReporter(timed, chosen.host, chosen.port, chosen.prefix, chosen.tags)
        self._timed = {metric.name for metric in timed}
        self._prefix, self._tagging = chosen.prefix, chosen.tags
        self._sender = UdpSender(chosen.host, chosen.port)

    @property
    def dropped(self) -> int:
        """Return the number of lines that could not be sent, if the system reported it."""
        return self._timers.dropped + self._sender.dropped

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Send the collected metrics."""
        self._sender.send(self._lines(metrics_data))
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Send the queued durations."""
        self._timers.flush()
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Send the remaining values, and release sockets and threads."""
        self._timers.close()
        self._sender.close()

    def _lines(self, data: MetricsData) -> list[str]:
        counts: dict[Key, float] = {}
        gauges: dict[Key, float] = {}
        for metric in _metrics_of(data):
            if metric.name in self._timed:
                continue
            for point in metric.data.data_points:
                key = name_of(metric.name, self._prefix), tail_of(point.attributes or {}, self._tagging)
                _add(key, metric, point, counts, gauges)
        lines = [counted(name, value, tail) for (name, tail), value in counts.items() if value]
        return lines + [line for (name, tail), value in gauges.items() for line in gauged(name, value, tail)]


def _metrics_of(data: MetricsData) -> Iterator[Collected]:
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            yield from scope.metrics


def _add(key: Key, metric: Collected, point: Any, counts: dict[Key, float], gauges: dict[Key, float]) -> None:
    name, tail = key
    if hasattr(point, "count"):
        for part, value in (("count", point.count), ("sum", point.sum)):
            counts[f"{name}.{part}", tail] = counts.get((f"{name}.{part}", tail), 0) + value
    elif not isinstance(metric.data, Sum):
        gauges[key] = point.value
    else:
        sums = counts if metric.data.is_monotonic else gauges
        sums[key] = sums.get(key, 0) + point.value
