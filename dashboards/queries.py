"""PromQL queries that can use only existing metrics and labels.

``panels`` and ``rules`` use this module. An unknown metric raises ``KeyError``; an unknown label raises ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.instrumentation.llm import metrics
from opentelemetry.instrumentation.llm.metrics import Metric
from opentelemetry.instrumentation.llm.reporters.prometheus.server import prometheus_name

_METRICS = {metric.name: metric for metric in metrics()}
_GROWING, _SPREAD = ("counter", "total"), ("distribution", "summary")
_CHOSEN = {"provider": "provider", "model": "model"}
_SCRAPED = {"job": "job", "instance": "instance", "service_name": "service"}
"""Labels that Prometheus or a Collector adds, and their variables.

The value ``.*`` also matches a missing label.
"""


class Queries:
    """Write queries over one window.

    ``chosen`` adds the variables of the dashboard: ``$job``, ``$service``, ``$instance``, ``$provider`` and ``$model``.
    """

    def __init__(self, window: str, chosen: bool = False) -> None:
        self._window, self._chosen = window, chosen

    def series(self, name: str, part: str = "", **equal: str) -> str:
        """Return the series of a metric; ``part`` is ``_bucket``, ``_sum`` or ``_count``."""
        metric = _metric(name, equal)
        if bool(part) != (metric.kind in _SPREAD):
            raise ValueError(f"{name} is a {metric.kind}; {part or 'no part'} does not fit")
        chosen = {**_SCRAPED, **{label: name for label, name in _CHOSEN.items() if label in metric.tags}} if self._chosen else {}
        labels = [f'{label}=~"${name}"' for label, name in chosen.items()]
        labels += [f'{label}="{value}"' for label, value in equal.items()]
        return prometheus_name(name) + part + (f"{{{', '.join(labels)}}}" if labels else "")

    def rate(self, name: str, *by: str, part: str = "", **equal: str) -> str:
        """Return the growth of a metric per second, summed by labels."""
        return self._grown("rate", name, self._window, by, part, equal)

    def increase(self, name: str, *by: str, window: str | None = None, part: str = "", **equal: str) -> str:
        """Return the growth of a metric in a window, summed by labels."""
        return self._grown("increase", name, window or self._window, by, part, equal)

    def _grown(self, function: str, name: str, window: str, by: tuple[str, ...], part: str, equal: dict[str, str]) -> str:
        if _metric(name, by).kind not in (*_GROWING, *_SPREAD):
            raise ValueError(f"{name} is a {_METRICS[name].kind}, which does not only grow")
        return f"sum{_by(by)} ({function}({self.series(name, part, **equal)}[{window}]))"

    def quantile(self, share: float, name: str, *by: str) -> str:
        """Return a quantile of a distribution."""
        return f"histogram_quantile({share}, {self.rate(name, 'le', *by, part='_bucket')})"

    def newest(self, function: str, name: str, *by: str) -> str:
        """Aggregate the newest values of a metric: ``min``, ``max`` or ``sum`` by labels."""
        _metric(name, by)
        return f"{function}{_by(by)} ({self.series(name)})"


def _metric(name: str, labels: Iterable[str]) -> Metric:
    metric = _METRICS[name]
    if unknown := sorted(set(labels) - set(metric.tags) - ({"le"} if metric.kind in _SPREAD else set())):
        raise ValueError(f"{name} has no label {', '.join(unknown)}; its labels are {', '.join(metric.tags)}")
    return metric


def _by(labels: tuple[str, ...]) -> str:
    return f" by ({', '.join(labels)})" if labels else ""


def or_zero(query: str, like: str | None = None) -> str:
    """Return 0 if a query has no result: once, or for each set of labels of ``like``."""
    return f"({query} or {f'0 * {like}' if like else 'vector(0)'})"
