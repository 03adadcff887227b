"""Compare the signals of one scenario: spans, metrics and events must agree.

`check_all` of `checker` calls this with all exports of one scenario; all its spans must be sampled.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from .logs import event_name
from .metrics import FIRST_CHUNK, USAGE, Key, amount_of, count_of, key_of, points_of
from .registry import METRIC_REFINEMENTS, METRICS, SPANS, lookup, refined
from .rules import DETAILS, EXCEPTIONS, OTHER_EXCEPTION, Scenario, Violation
from .spans import choose, where_of

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord  # the oldest release that is claimed has none

Recorded = Mapping[Key, Sequence[float]]
Measured = Mapping[Key, tuple[int, float]]
Place = tuple[int, int]

_INFERENCE = "gen_ai.client.inference"
_OPERATION_DURATION = "gen_ai.client.operation.duration"
_PER_OPERATION = f"{_INFERENCE}.operation."
_DURATIONS = sorted({definition.duration for definition in SPANS.values() if definition.duration})


def examine_measured(spans: Sequence[ReadableSpan], data: MetricsData | None, scenario: Scenario) -> Iterator[Violation]:
    """Find where spans and metrics of one scenario contradict each other."""
    yield from _examine_durations(spans, data, scenario)
    yield from _examine_tokens(spans, data)
    yield from _examine_streams(spans, data, scenario)


def is_inference(span: ReadableSpan) -> bool:
    """Return True if a span is an inference, of any provider."""
    definition = choose(span)
    return definition is not None and _INFERENCE in (definition.name, definition.refines)


def _key(span: ReadableSpan, metric: str) -> Key:
    given = dict(span.attributes or {})
    return key_of(given, refined(METRICS[metric], METRIC_REFINEMENTS, given).attributes)


def _said_by(spans: Sequence[ReadableSpan], metric: str, attribute: str) -> dict[Key, list[float]]:
    recorded: dict[Key, list[float]] = {}
    for span in spans:
        if is_inference(span) and attribute in (span.attributes or {}):
            recorded.setdefault(_key(span, metric), []).append(float(str((span.attributes or {})[attribute])))
    return recorded


def _measured_by(data: MetricsData | None, metric: str) -> dict[Key, tuple[int, float]]:
    measured: dict[Key, tuple[int, float]] = {}
    for point in points_of(data, metric):
        given = dict(point.attributes or {})
        key = key_of(given, refined(METRICS[metric], METRIC_REFINEMENTS, given).attributes)
        count, amount = measured.get(key, (0, 0))
        measured[key] = (count + count_of(point), amount + amount_of(point))
    return measured


def _compare(metric: str, recorded: Recorded, measured: Measured, tolerance: float, optional: Container[Key] = ()) -> Iterator[Violation]:
    where = f"metric {metric}"
    for key in {**recorded, **measured}:
        of_spans, (count, amount) = recorded.get(key, ()), measured.get(key, (0, 0))
        if not count:
            if key not in optional:
                yield Violation(where, "metric.missing", f"nothing for {_shown(key)}")
        elif not of_spans or (METRICS[metric].instrument == "histogram" and count != len(of_spans)):
            yield Violation(where, "metric.count", f"{count} measurements, {len(of_spans)} operations of {_shown(key)}")
        elif abs(amount - sum(of_spans)) > tolerance * len(of_spans):
            yield Violation(where, "metric.sum", f"{amount}, the spans say {sum(of_spans)} for {_shown(key)}")


def _shown(key: Key) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(key)) or "no attributes"


def _examine_durations(spans: Sequence[ReadableSpan], data: MetricsData | None, scenario: Scenario) -> Iterator[Violation]:
    recorded: dict[str, dict[Key, list[float]]] = {metric: {} for metric in _DURATIONS}
    custom: set[Key] = set()
    for span in spans:
        definition = choose(span)
        if definition is None and "gen_ai.operation.name" in (span.attributes or {}):
            metric: str | None = _OPERATION_DURATION
            custom.add(_key(span, _OPERATION_DURATION))
        else:
            metric = definition.duration if definition else None
        if metric:
            seconds = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
            recorded[metric].setdefault(_key(span, metric), []).append(seconds)
    for metric in _DURATIONS:
        yield from _compare(metric, recorded[metric], _measured_by(data, metric), scenario.tolerance, custom)


def _examine_tokens(spans: Sequence[ReadableSpan], data: MetricsData | None) -> Iterator[Violation]:
    for metric in METRICS:
        for prefix in (USAGE, _PER_OPERATION):
            if metric.startswith(prefix):
                recorded = _said_by(spans, metric, f"gen_ai.usage.{metric.removeprefix(prefix)}")
                zero = {key for key, amounts in recorded.items() if not sum(amounts)}
                yield from _compare(metric, recorded, _measured_by(data, metric), 0, zero)


def _examine_streams(spans: Sequence[ReadableSpan], data: MetricsData | None, scenario: Scenario) -> Iterator[Violation]:
    streams = [span for span in spans if is_inference(span) and (span.attributes or {}).get("gen_ai.request.stream") is True]
    for metric, definition in METRICS.items():
        if not definition.streaming_only:
            continue
        streamed = {_key(span, metric) for span in streams}
        measured = _measured_by(data, metric)
        for key in set(measured) - streamed:
            yield Violation(f"metric {metric}", "metric.streaming", f"nothing was streamed for {_shown(key)}")
        if metric == FIRST_CHUNK:
            recorded = _said_by(streams, metric, "gen_ai.response.time_to_first_chunk")
            yield from _compare(metric, recorded, {key: measured[key] for key in set(measured) & streamed}, scenario.tolerance)


def exception_event_of(span: ReadableSpan) -> str:
    """Return the name of the exception event of a span's operation."""
    definition = choose(span)
    name = OTHER_EXCEPTION if definition is None else definition.refines or definition.name
    return EXCEPTIONS.get(name, OTHER_EXCEPTION)


def _calls_for(span: ReadableSpan, name: str) -> bool:
    if name == DETAILS:
        return is_inference(span)
    definition = choose(span)
    return (
        span.status.status_code is StatusCode.ERROR
        and bool(definition and "CLIENT" in definition.kinds and not definition.name.startswith("mcp."))
        and name == exception_event_of(span)
    )


def _allows(span: ReadableSpan, name: str) -> bool:
    if name == DETAILS:
        return is_inference(span)
    return span.status.status_code is StatusCode.ERROR and name == exception_event_of(span)


def examine_noted(spans: Sequence[ReadableSpan], records: Sequence[ReadableLogRecord], scenario: Scenario) -> Iterator[Violation]:
    """Find where spans and events of one scenario contradict each other."""
    by_place = {(span.context.trace_id, span.context.span_id): span for span in spans if span.context}
    for name in (DETAILS, OTHER_EXCEPTION, *EXCEPTIONS.values()):
        where = f"event {name}"
        found: dict[Place, list[ReadableLogRecord]] = {}
        for record in records:
            if event_name(record) == name:
                found.setdefault((record.log_record.trace_id or 0, record.log_record.span_id or 0), []).append(record)
        for place, span in by_place.items():
            if name in scenario.events and _calls_for(span, name) and place not in found:
                yield Violation(where, "event.missing", f"nothing for {where_of(span)}")
        for place, of_place in found.items():
            yield from _examine_placed(where, name, by_place.get(place), of_place)


def _examine_placed(where: str, name: str, span: ReadableSpan | None, records: Sequence[ReadableLogRecord]) -> Iterator[Violation]:
    if span is None or not _allows(span, name):
        yield Violation(where, "event.stray", f"in {where_of(span)}" if span else "in none of the spans")
        return
    if len(records) > 1:
        yield Violation(where, "event.duplicate", f"{len(records)} for {where_of(span)}")
    for record in records:
        for attribute, value in (record.log_record.attributes or {}).items():
            recorded = (span.attributes or {}).get(attribute, value)
            # Content may be JSON on the span and is structured on the event.
            if recorded != value and not getattr(lookup(attribute), "schema", None):
                yield Violation(where, "event.differs", f"{attribute} is {value!r:.80}, on {where_of(span)} {recorded!r:.80}")
