"""Add many values at once to histograms of the OpenTelemetry SDK.

The result is the same as if each value had been recorded. The only public way, ``Histogram.record``, costs about 140
thousand instructions for each value. Here one value of each bucket is recorded as ``record`` does, with its original time
and span. The count and sum of the other values are added to the SDK's own numbers. This needs private names of the SDK.
It is therefore used only if ``proved`` finds that both ways give equal results on this release of the SDK, and if the
aggregation of an instrument ``fits``. In all other cases values are recorded one by one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from time import time_ns
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace

from ..schema.spread import Histogram

_logger = logging.getLogger(__name__)

Attributes = Mapping[str, Any]


def instrument_of(histogram: Any) -> Any:
    """Return the SDK instrument behind an API instrument, or ``None`` without an SDK."""
    return getattr(histogram, "_real_instrument", histogram)


def fits(histogram: Any, bounds: tuple[float, ...]) -> bool:
    """Return True if every reader uses exactly these buckets and standard exemplars."""
    try:
        from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, TraceBasedExemplarFilter

        consumer = _consumer(histogram)
        if consumer is None:
            return False
        filtered = type(consumer._sdk_config.exemplar_filter) in (TraceBasedExemplarFilter, AlwaysOffExemplarFilter)
        return filtered and all(_match_fits(match, bounds) for match in _matches(instrument_of(histogram)))
    except Exception:
        # Only logged: an event would reach the reporter again while it decides.
        _logger.debug("values of this histogram are recorded one by one: the SDK has other private names", exc_info=True)
        return False


def reports_differences(histogram: Any) -> bool:
    """Return True if a reader uses delta temporality for observable counters."""
    try:
        from opentelemetry.sdk.metrics import ObservableCounter
        from opentelemetry.sdk.metrics.export import AggregationTemporality

        consumer = _consumer(histogram)
        return consumer is not None and any(
            temporality is AggregationTemporality.DELTA
            for storage in list(consumer._reader_storages.values())
            for kind, temporality in storage._instrument_class_temporality.items()
            if issubclass(kind, ObservableCounter)
        )
    except Exception:
        _logger.debug("the temporality of observable counters is not known: cumulative is assumed", exc_info=True)
        return False


def hand_over(histogram: Any, spreads: list[tuple[Attributes, Histogram]]) -> None:
    """Add histograms, each with the attributes of its series, to the SDK's numbers."""
    instrument = instrument_of(histogram)
    if not getattr(instrument, "_is_enabled", lambda: True)():
        return
    measured = [
        _measurement(instrument, value, attributes, mark) for attributes, spread in spreads for value, mark in spread.newest.values()
    ]
    # Sorted by time, because a view may merge several series, and the newest exemplar is kept.
    for measurement in sorted(measured, key=attrgetter("time_unix_nano")):
        instrument._measurement_consumer.consume_measurement(measurement)
    rest = [(_measurement(instrument, 0, attributes, None).attributes, s) for attributes, s in spreads if s.count > len(s.newest)]
    for match in _matches(instrument) if rest else ():
        series = {_key(aggregation._attributes): aggregation for aggregation in list(match._attributes_aggregation.values())}
        for attributes, spread in rest:
            _add_rest(match, series, attributes or {}, spread)


def _consumer(histogram: Any) -> Any:
    # No SDK, or a meter provider that is not the SDK's: this is no failure.
    return getattr(instrument_of(histogram), "_measurement_consumer", None)


def _matches(instrument: Any) -> Iterator[Any]:
    for storage in list(instrument._measurement_consumer._reader_storages.values()):
        yield from storage._get_or_init_view_instrument_match(instrument)


def _match_fits(match: Any, bounds: tuple[float, ...]) -> bool:
    from opentelemetry.sdk.metrics._internal.aggregation import _DropAggregation, _ExplicitBucketHistogramAggregation
    from opentelemetry.sdk.metrics._internal.exemplar import AlignedHistogramBucketExemplarReservoir
    from opentelemetry.sdk.metrics._internal.view import _default_reservoir_factory

    aggregation = match._aggregation
    if type(aggregation) is _DropAggregation:
        return True
    return (
        type(aggregation) is _ExplicitBucketHistogramAggregation
        and tuple(aggregation._boundaries) == bounds
        and match._view._exemplar_reservoir_factory is _default_reservoir_factory
        and issubclass(_default_reservoir_factory(type(aggregation)), AlignedHistogramBucketExemplarReservoir)
    )


def _measurement(instrument: Any, value: float, attributes: Attributes, mark: Any) -> Any:
    from opentelemetry.sdk.metrics._internal.measurement import Measurement

    context, time = otel_context.Context(), time_ns()
    if mark is not None:
        time, span_context = mark
        context = trace.set_span_in_context(trace.NonRecordingSpan(span_context), context)
    return Measurement(value, time, instrument, context, attributes)


def _key(attributes: Attributes | None) -> frozenset[tuple[str, type, Any]]:
    return frozenset((key, type(value), value) for key, value in (attributes or {}).items())


def _add_rest(match: Any, series: Mapping[Any, Any], attributes: Attributes, spread: Histogram) -> None:
    """Add the values of a histogram except the newest value of each bucket."""
    from opentelemetry.sdk.metrics._internal.aggregation import _DropAggregation

    if type(match._aggregation) is _DropAggregation:
        return
    if match._view._attribute_keys is not None:
        attributes = {key: value for key, value in attributes.items() if key in match._view._attribute_keys}
    aggregation = series.get(_key(attributes))
    if aggregation is None:  # Above the SDK's own limit of series.
        aggregation = series[_key({"otel.metric.overflow": True})]
    recorded = dict.fromkeys(spread.newest, 1)
    with aggregation._lock:
        if aggregation._value is None:  # Reset by a collection since the last value.
            aggregation._value = aggregation._get_empty_bucket_counts()
        for place, count in enumerate(spread.counts):
            aggregation._value[place] += count - recorded.get(place, 0)
        aggregation._sum += spread.sum - sum(value for value, _ in spread.newest.values())
        if getattr(aggregation, "_record_min_max", True):
            aggregation._min = min(aggregation._min, spread.lowest)
            aggregation._max = max(aggregation._max, spread.highest)


@cache
def proved() -> bool:
    """Return True if both ways give equal points on this SDK release.

    Computed once, with meter providers created for this test.
    """
    try:
        return all(_points(one_by_one=True, view=view) == _points(one_by_one=False, view=view) for view in (False, True))
    except Exception:
        _logger.debug("values of histograms are recorded one by one on this SDK", exc_info=True)
        return False


_BOUNDS = (1.0, 2.0, 4.0)
_VALUES = (0.5, 1, 1.5, 3, 1.5, 0.5, 8, 3, 2.0, 16)


def _points(one_by_one: bool, view: bool) -> list[Any]:
    """Record some values, collect twice, and return the points to compare."""
    from opentelemetry.sdk.metrics import Histogram, MeterProvider, TraceBasedExemplarFilter
    from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
    from opentelemetry.sdk.metrics.view import View
    from opentelemetry.sdk.resources import Resource

    readers = [
        InMemoryMetricReader(preferred_temporality={Histogram: temporality}) for temporality in AggregationTemporality if temporality
    ]
    provider = MeterProvider(
        readers,
        resource=Resource.get_empty(),
        exemplar_filter=TraceBasedExemplarFilter(),
        shutdown_on_exit=False,
        views=[View(instrument_name="proof", attribute_keys={"kept"})] if view else (),
    )
    histogram = provider.get_meter("proof").create_histogram("proof", explicit_bucket_boundaries_advisory=_BOUNDS)
    if not fits(histogram, _BOUNDS):
        raise ValueError("the aggregation of a histogram is not as expected")
    found = []
    for half in (_VALUES[:5], _VALUES[5:]):
        for name, values in (("a", half), ("b", half[:1])):
            _record({"kept": name, "dropped": 1}, values, histogram, one_by_one)
        found += [_shown(reader) for reader in readers]
    provider.shutdown()
    return found


def _record(attributes: Attributes, values: Iterable[float], histogram: Any, one_by_one: bool) -> None:
    sampled = trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))
    spread = Histogram(_BOUNDS)
    for value in values:
        if one_by_one:
            histogram.record(value, attributes, trace.set_span_in_context(trace.NonRecordingSpan(sampled), otel_context.Context()))
        spread.add(value, (1, sampled))
    if not one_by_one:
        hand_over(histogram, [(attributes, spread)])


def _shown(reader: Any) -> list[Any]:
    data = reader.get_metrics_data()
    points = [
        point
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    ]
    return [
        (
            dict(point.attributes), point.count, point.sum, tuple(point.bucket_counts), point.min, point.max,
            [(e.value, e.span_id, e.trace_id, dict(e.filtered_attributes or {})) for e in point.exemplars],
        )
        for point in points
    ]  # fmt: skip
