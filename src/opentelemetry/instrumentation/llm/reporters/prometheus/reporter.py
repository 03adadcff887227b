"""Serve metrics to Prometheus at ``/metrics`` on a port of this process.

It uses the library prometheus-client. In a single process the numbers come from an ``Aggregator`` when Prometheus scrapes
the page. If ``PROMETHEUS_MULTIPROC_DIR`` is set, several worker processes count into files in that directory and share one
port (see ``multiprocess``).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ... import bus
from ...fork import register_at_fork
from ...metrics import Metric
from ...schema.spread import Histogram
from ..aggregation import OVERFLOW, Aggregator
from ..amounts import by_event
from ..tags import OTHER
from .multiprocess import Workers
from .server import DIRECTORY, Server, library, prometheus_name

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector

_logger = logging.getLogger(__name__)


class PrometheusReporter:
    """Serve ``metrics`` at ``http://host:port/metrics`` until ``close()``.

    With ``port`` 0 any free port is used; ``reporter.port`` contains its number. The default host is loopback. A missing
    library raises ``ImportError``; an invalid port or directory raises ``ValueError``. If another program uses the port, an
    error with the port is logged, the application continues, and the reporter keeps counting and trying;
    ``reporter.serving`` is False until it succeeds.

    With several worker processes (gunicorn, uWSGI), set ``PROMETHEUS_MULTIPROC_DIR`` to an empty directory before the program
    starts. Then either every worker creates a reporter, or the parent creates one before it forks. All processes count, one
    serves the page, and when that process ends another takes over. ``last_value`` is the newest value of all processes;
    ``level`` is the sum over running processes. Call ``prometheus_client.multiprocess.mark_process_dead(pid)`` for workers that
    were killed (gunicorn: hook ``child_exit``). Workers that exit normally do this themselves.
    """

    def __init__(self, metrics: Iterable[Metric], port: int = 9568, host: str = "127.0.0.1") -> None:
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise ValueError(f"port={port!r} is not allowed; use a whole number from 0 (any free port) to 65535")
        library()
        self.host, self.port = host, port
        self._source: Workers | _Alone = Workers(metrics) if os.environ.get(DIRECTORY) else _Alone(metrics)
        self._server = Server(self._source.collector(), host)
        self.attach()

    @property
    def serving(self) -> bool:
        """Return True if this process serves the port now."""
        return self._server.port is not None

    def attach(self) -> None:
        """Start serving and counting, or resume both on the same port."""
        try:
            self.port = self._server.serve(self.port, self._source)
            self._source.attach()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop counting and release the port. Counted values are kept."""
        self._server.close()
        self._source.close()


class _Alone:
    """The numbers of a single process, converted to metric families when collected."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._aggregator = Aggregator(metrics)
        self._attached = False
        self._id = f"prometheus-reporter-{bus.new_ref()}"
        register_at_fork(self)

    def collector(self) -> Collector:
        return self

    def collect(self) -> Iterator[Family]:
        for metric in self._aggregator.metrics:
            yield _family(metric, self._aggregator)

    def acquire(self, port: int) -> bool:
        return True

    def release(self) -> None:
        """Do nothing: no other process waits for the port."""

    def attach(self) -> None:
        self._aggregator.attach()
        self._attached = True

    def close(self) -> None:
        self._aggregator.detach()
        bus.detach(self._id)
        self._attached = False

    def after_fork_in_child(self) -> None:
        # The numbers of a child are not served. The warning is logged at its first event, and not at every fork.
        if self._attached:
            self._aggregator.detach()
            bus.attach_many(self._id, by_event(self._aggregator.metrics), self._lost, keep=True)

    def _lost(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        if bus.detach(self._id):
            lost = "process %s was forked after its PrometheusReporter was created: its metrics are not served unless %s is set"
            _logger.warning(lost, os.getpid(), DIRECTORY)


def _family(metric: Metric, aggregator: Aggregator) -> Family:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, SummaryMetricFamily

    kinds: Mapping[str, Any] = {
        "counter": CounterMetricFamily,
        "total": CounterMetricFamily,
        "level": GaugeMetricFamily,
        "last_value": GaugeMetricFamily,
        "distribution": HistogramMetricFamily,
        "summary": SummaryMetricFamily,
    }
    family = kinds[metric.kind](prometheus_name(metric.name), metric.description, labels=[prometheus_name(tag) for tag in metric.tags])
    for labels, value in _by_labels(metric, aggregator).items():
        family.add_metric(labels, **_numbers(metric, value))
    return family  # type: ignore[no-any-return]


def _by_labels(metric: Metric, aggregator: Aggregator) -> dict[tuple[str, ...], Any]:
    # Labels are strings. For Prometheus 1 and "1", or None and "", are equal, and it rejects a page with duplicates.
    found: dict[tuple[str, ...], Any] = {}
    for tags, value in aggregator.read(metric):
        # Label names are fixed, so in the overflow series all labels have the value "other".
        labels = (OTHER,) * len(metric.tags) if OVERFLOW in tags else tuple(str(tags.get(tag, "")) for tag in metric.tags)
        if labels not in found or metric.kind == "last_value":
            found[labels] = value
        elif isinstance(value, Histogram):
            found[labels].merge(value)
        else:
            found[labels] += value
    return found


def _numbers(metric: Metric, value: Any) -> dict[str, Any]:
    if not isinstance(value, Histogram):
        return {"value": value}
    if metric.kind == "summary":
        return {"count_value": value.count, "sum_value": value.sum}
    buckets, below = [], 0
    for bound, count in zip((*map(str, map(float, value.bounds)), "+Inf"), value.counts, strict=True):
        below += count
        buckets.append((bound, below))
    return {"buckets": buckets, "sum_value": value.sum}
