"""Serve metrics to Prometheus: ``/metrics`` on a port of this process, made with the library prometheus-client.

In one process the numbers are those of a ``Aggregator``, read when Prometheus asks. Where ``PROMETHEUS_MULTIPROC_DIR`` is
set, several worker processes count into files in that directory and share one port (see ``prometheus_workers``).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ... import bus
from ...metrics import Metric
from ...schema.spread import Histogram
from ..aggregation import OVERFLOW, Aggregator
from ..amounts import by_event
from ..inbox import register_at_fork
from ..tags import OTHER
from .multiprocess import Workers
from .server import DIRECTORY, Server, library, prometheus_name

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family
    from prometheus_client.registry import Collector

_logger = logging.getLogger(__name__)


class PrometheusReporter:
    """Serve ``metrics`` at ``http://host:port/metrics`` until ``close()``.

    ``port`` 0 takes any free port, and ``reporter.port`` tells which. The host is loopback unless you say otherwise.
    Raises ``ImportError`` without the library, ``ValueError`` for a port or directory that cannot be. Where another
    program has the port, an error is logged that names it, the application goes on, and so do counting and trying again;
    ``reporter.serving`` tells.

    Under several worker processes (gunicorn, uWSGI) name an empty directory in ``PROMETHEUS_MULTIPROC_DIR`` before the
    program starts; then every worker makes a reporter, or the parent makes one before it forks. All count, one serves,
    and when that one ends another takes over. ``last_value`` is the newest of all processes, ``level`` the sum of those
    alive: call ``prometheus_client.multiprocess.mark_process_dead(pid)`` for workers that were killed (gunicorn's hook
    ``child_exit``); those that end by themselves do it.
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
        """Say whether this process serves the port just now."""
        return self._server.port is not None

    def attach(self) -> None:
        """Serve and hear, again after ``close()`` on the same port."""
        try:
            self.port = self._server.serve(self.port, self._source)
            self._source.attach()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hear no more and let go of the port; what was counted is kept."""
        self._server.close()
        self._source.close()


class _Alone:
    """What one process counts: a ``Aggregator``, turned into families when they are collected."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._tally = Aggregator(metrics)
        self._attached = False
        self._id = f"prometheus-reporter-{bus.new_ref()}"
        register_at_fork(self)

    def collector(self) -> Collector:
        return self

    def collect(self) -> Iterator[Family]:
        for metric in self._tally.metrics:
            yield _family(metric, self._tally)

    def acquire(self, port: int) -> bool:
        return True

    def release(self) -> None:
        """Nobody waits for it."""

    def attach(self) -> None:
        self._tally.attach()
        self._attached = True

    def close(self) -> None:
        self._tally.detach()
        bus.detach(self._id)
        self._attached = False

    def after_fork_in_child(self) -> None:
        # Nobody serves what a child counts. It says so when there is something to lose, not at every fork.
        if self._attached:
            self._tally.detach()
            bus.attach_many(self._id, by_event(self._tally.metrics), self._lost, keep=True)

    def _lost(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        if bus.detach(self._id):
            lost = "process %s was forked after its PrometheusReporter was made: its metrics are not served unless %s is set"
            _logger.warning(lost, os.getpid(), DIRECTORY)


def _family(metric: Metric, tally: Aggregator) -> Family:
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
    for labels, value in _by_labels(metric, tally).items():
        family.add_metric(labels, **_numbers(metric, value))
    return family  # type: ignore[no-any-return]


def _by_labels(metric: Metric, tally: Aggregator) -> dict[tuple[str, ...], Any]:
    # Labels are text: 1 and "1", or None and "", are the same to Prometheus, which refuses a page that has both.
    found: dict[tuple[str, ...], Any] = {}
    for tags, value in tally.read(metric):
        # The names of labels are fixed, so the overflow series is the one whose labels all are "other".
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
