"""Check metrics against the conventions: name, unit, values, attributes.

Tests call `check_metrics` of `checker`; `together` reads points through `points_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.sdk.metrics.export import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    Sum,
)

from . import attributes as rules_of
from .registry import DEPRECATED_METRICS, METRIC_REFINEMENTS, METRICS, NAMESPACES, SPANS, Definition, lookup, refined
from .rules import LEFT_OUT_OF_METRICS, Scenario, Violation

Point = HistogramDataPoint | ExponentialHistogramDataPoint | NumberDataPoint
Key = frozenset[tuple[str, Any]]

USAGE = "gen_ai.client.inference.usage."
FIRST_CHUNK = "gen_ai.client.inference.time_to_first_chunk"
MODALITY = "gen_ai.token.modality"

_INFERENCE_OPERATIONS = SPANS["gen_ai.client.inference"].operations


def metrics_in(data: MetricsData | None) -> list[Metric]:
    """List all metrics of a collection, whatever their scope."""
    if data is None:
        return []
    return [metric for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics]


def points_of(data: MetricsData | None, name: str) -> list[Point]:
    """List the data points of one metric."""
    return [point for metric in metrics_in(data) if metric.name == name for point in metric.data.data_points]


def key_of(given: Mapping[str, Any], names: Mapping[str, Any]) -> Key:
    """Reduce attributes to `names`, as a key, without token modality."""
    return frozenset((name, given[name]) for name in names if name in given and name != MODALITY and name not in LEFT_OUT_OF_METRICS)


def examine_metrics(data: MetricsData | None, scenario: Scenario) -> Iterator[Violation]:
    """Find departures and information in collected metrics."""
    metrics = [metric for metric in metrics_in(data) if not metric.name.startswith(scenario.own_prefixes)]
    for metric in metrics:
        where = f"metric {metric.name}"
        definition = METRICS.get(metric.name)
        if definition is not None:
            yield from _examine_metric(where, metric, definition, scenario)
        elif metric.name in DEPRECATED_METRICS:
            yield Violation(where, "metric.deprecated", DEPRECATED_METRICS[metric.name])
        elif metric.name.startswith(NAMESPACES):
            yield Violation(where, "metric.unknown", "no such metric")
    yield from _examine_streaming({metric.name for metric in metrics}, scenario)
    yield from _examine_subsets(data)


def _examine_metric(where: str, metric: Metric, definition: Definition, scenario: Scenario) -> Iterator[Violation]:
    instrument = instrument_of(metric)
    if instrument != definition.instrument:
        yield Violation(where, "metric.instrument", f"{instrument}, not {definition.instrument}")
    if metric.unit != definition.unit:
        yield Violation(where, "metric.unit", f"{metric.unit!r}, not {definition.unit!r}")
    for point in metric.data.data_points:
        yield from _examine_point(where, point, definition)
        yield from _examine_attributes(where, dict(point.attributes or {}), definition, scenario)


def instrument_of(metric: Metric) -> str:
    """Return the instrument of a metric, from its data."""
    if isinstance(metric.data, (Histogram, ExponentialHistogram)):
        return "histogram"
    if isinstance(metric.data, Sum):
        return "counter" if metric.data.is_monotonic else "updowncounter"
    return "gauge" if isinstance(metric.data, Gauge) else type(metric.data).__name__


def _examine_point(where: str, point: Point, definition: Definition) -> Iterator[Violation]:
    values = [point.value] if isinstance(point, NumberDataPoint) else [point.sum, point.min, point.max]
    wrong = [value for value in values if not rules_of.fits(definition.value, value)]
    if wrong:
        yield Violation(where, "metric.value", f"{wrong[0]!r} is not {definition.value}")
    if isinstance(point, HistogramDataPoint) and tuple(point.explicit_bounds) != definition.boundaries:
        yield Violation(where, "metric.buckets", f"{tuple(point.explicit_bounds)}, not {definition.boundaries}")


def _examine_attributes(where: str, given: Mapping[str, Any], definition: Definition, scenario: Scenario) -> Iterator[Violation]:
    own = refined(definition, METRIC_REFINEMENTS, given)
    yield from rules_of.examine_values(where, given, scenario)
    needs = {name: need for name, need in own.attributes.items() if name not in LEFT_OUT_OF_METRICS}
    yield from rules_of.examine_needs(where, needs, given, scenario, failed="error.type" in given)
    yield from rules_of.examine_conditions(where, given)
    for name in given:
        if name not in own.attributes and lookup(name):
            yield Violation(where, "metric.attribute", name)
    if definition.not_inference and given.get("gen_ai.operation.name") in _INFERENCE_OPERATIONS:
        yield Violation(where, "metric.inference", f"reported for {given['gen_ai.operation.name']}")


def _examine_streaming(names: set[str], scenario: Scenario) -> Iterator[Violation]:
    streamed = {name for name in names if name in METRICS and METRICS[name].streaming_only}
    if scenario.streaming is False:
        for name in sorted(streamed):
            yield Violation(f"metric {name}", "metric.streaming", "nothing was streamed")
    elif FIRST_CHUNK not in names and (scenario.streaming or streamed):
        yield Violation(f"metric {FIRST_CHUNK}", "metric.streaming", "missing although chunks were streamed")


def _examine_subsets(data: MetricsData | None) -> Iterator[Violation]:
    amounts: dict[Key, dict[str, int]] = {}
    for name, definition in METRICS.items():
        if name.startswith(USAGE):
            for point in points_of(data, name):
                totals = amounts.setdefault(key_of(point.attributes or {}, definition.attributes), {})
                totals[name] = totals.get(name, 0) + amount_of(point)
    for totals in amounts.values():
        yield from rules_of.examine_subsets("metrics of token usage", totals, USAGE)


def amount_of(point: Point) -> Any:
    """Give a counter's value or a histogram's sum."""
    return point.value if isinstance(point, NumberDataPoint) else point.sum


def count_of(point: Point) -> int:
    """Give how often a histogram was recorded to; a counter does not know."""
    return 1 if isinstance(point, NumberDataPoint) else point.count
