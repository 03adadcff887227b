"""Check the exports of a scenario against the GenAI semantic conventions.

The functions are pure. They take the data of the SDK's in-memory exporters and reader
and return a list of `Violation`s, empty if all is right:

    violations = check_all(
        span_exporter.get_finished_spans(),
        metric_reader.get_metrics_data(),
        log_exporter.get_finished_logs(),
        recorder.started,
        declared=frozenset({"gen_ai.request.model", "gen_ai.request.seed"}),
    )

`declared` names the attributes whose condition the scenario met; `Scenario` declares the rest, such as values that the
provider did not return. Allowed but unusual telemetry (values outside an open enum, attributes that a span does not
list, foreign spans) comes from `collect_information`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.trace import ReadableSpan

from .logs import examine_logs
from .metrics import examine_metrics
from .rules import INFORMATION, RULES, LeftOut, Scenario, Violation, information_in, violations_in
from .spans import SamplingRecorder, Started, examine_spans
from .together import examine_measured, examine_noted

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord  # the oldest release that is claimed has none

__all__ = [
    "INFORMATION",
    "RULES",
    "LeftOut",
    "SamplingRecorder",
    "Scenario",
    "Violation",
    "check_all",
    "check_logs",
    "check_metrics",
    "check_spans",
    "collect_information",
]

PLAIN = Scenario()


def check_spans(
    spans: Sequence[ReadableSpan],
    started_attributes: Started | None = None,
    declared: frozenset[str] = frozenset(),
    scenario: Scenario = PLAIN,
) -> list[Violation]:
    """Check finished spans; `started_attributes` None leaves sampling out."""
    return violations_in(examine_spans(spans, started_attributes, _with(scenario, declared)))


def check_metrics(metrics_data: MetricsData | None, declared: frozenset[str] = frozenset(), scenario: Scenario = PLAIN) -> list[Violation]:
    """Check collected metrics on their own."""
    return violations_in(examine_metrics(metrics_data, _with(scenario, declared)))


def check_logs(
    log_records: Sequence[ReadableLogRecord], declared: frozenset[str] = frozenset(), scenario: Scenario = PLAIN
) -> list[Violation]:
    """Check emitted log records on their own."""
    return violations_in(examine_logs(log_records, _with(scenario, declared)))


def check_all(
    spans: Sequence[ReadableSpan],
    metrics_data: MetricsData | LeftOut | None = LeftOut.SIGNAL,
    log_records: Sequence[ReadableLogRecord] | LeftOut = LeftOut.SIGNAL,
    started_attributes: Started | None = None,
    declared: frozenset[str] = frozenset(),
    scenario: Scenario = PLAIN,
) -> list[Violation]:
    """Check all signals of one scenario, alone and together; omit missing ones.

    A reader without data returns None, which means no measurement, not that metrics are omitted.
    """
    whole = _with(scenario, declared)
    return violations_in(_examine_all(spans, metrics_data, log_records, started_attributes, whole))


def collect_information(
    spans: Sequence[ReadableSpan] = (),
    metrics_data: MetricsData | LeftOut | None = LeftOut.SIGNAL,
    log_records: Sequence[ReadableLogRecord] | LeftOut = LeftOut.SIGNAL,
    scenario: Scenario = PLAIN,
) -> list[Violation]:
    """Collect findings that the conventions allow but a reader may want to see."""
    return information_in(_examine_all(spans, metrics_data, log_records, None, scenario))


def _examine_all(
    spans: Sequence[ReadableSpan],
    metrics_data: MetricsData | LeftOut | None,
    log_records: Sequence[ReadableLogRecord] | LeftOut,
    started: Started | None,
    scenario: Scenario,
) -> Iterator[Violation]:
    yield from examine_spans(spans, started, scenario)
    if not isinstance(metrics_data, LeftOut):
        yield from examine_metrics(metrics_data, scenario)
        yield from examine_measured(spans, metrics_data, scenario)
    if not isinstance(log_records, LeftOut):
        yield from examine_logs(log_records, scenario)
        yield from examine_noted(spans, log_records, scenario)


def _with(scenario: Scenario, declared: frozenset[str]) -> Scenario:
    return replace(scenario, declared=scenario.declared | declared)
