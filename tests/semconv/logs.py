"""Check log records against the conventions' events.

They cover name, severity, context, body, levels and values. Tests call `check_logs` of `checker`; `together` finds events
with `event_name`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from . import attributes as rules_of
from .registry import DEPRECATED_EVENTS, EVENTS, NAMESPACES, Definition
from .rules import DETAILS, EVALUATION, Scenario, Violation

if TYPE_CHECKING:
    from opentelemetry.sdk._logs import ReadableLogRecord  # the oldest release that is claimed has none


def event_name(record: ReadableLogRecord) -> str:
    """Give a record's event name, empty for a plain log record."""
    return record.log_record.event_name or ""


def examine_logs(records: Sequence[ReadableLogRecord], scenario: Scenario) -> Iterator[Violation]:
    """Find violations and information in log records; skip records of others."""
    for record in records:
        name = event_name(record)
        where = f"event {name or '(without a name)'}"
        given = dict(record.log_record.attributes or {})
        if name.startswith(scenario.own_prefixes):
            continue
        if name in EVENTS:
            yield from _examine_event(where, record, EVENTS[name], scenario)
        elif name in DEPRECATED_EVENTS:
            yield Violation(where, "event.deprecated", DEPRECATED_EVENTS[name])
        elif name.startswith(NAMESPACES):
            yield Violation(where, "event.unknown", "no such event")
        elif not name and (rules_of.is_genai(given) or str(given.get("event.name", "")).startswith(NAMESPACES)):
            yield Violation(where, "event.name", "a GenAI record without event_name")


def _examine_event(where: str, record: ReadableLogRecord, definition: Definition, scenario: Scenario) -> Iterator[Violation]:
    log = record.log_record
    given = dict(log.attributes or {})
    severity = log.severity_number.value if log.severity_number else None
    if definition.severity is not None and severity != definition.severity:
        yield Violation(where, "event.severity", f"{severity}, not {definition.severity}")
    in_context = bool(log.trace_id and log.span_id)
    if not in_context and not (definition.name == EVALUATION and "gen_ai.response.id" in given):
        yield Violation(where, "event.context", "without trace id and span id")
    if log.body is not None and definition.name == DETAILS:
        yield Violation(where, "event.body", f"{log.body!r:.80}")
    yield from rules_of.examine_values(where, given, scenario, on_event=True)
    yield from rules_of.examine_needs(where, definition.attributes, given, scenario, failed="error.type" in given)
    yield from rules_of.examine_conditions(where, given)
    yield from rules_of.examine_subsets(where, given, "gen_ai.usage.")
    yield from rules_of.examine_unlisted(where, definition.attributes, given)
