"""Check spans against the conventions: name, kind, status, attributes.

Tests call `check_spans` of `checker`; `together` uses `choose` to find the operation of a span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from . import attributes as rules_of
from .registry import DEPRECATED_EVENTS, EVENTS, SPAN_REFINEMENTS, SPANS, Definition, refined
from .rules import Scenario, Violation

Started = Mapping[int, Mapping[str, Any]]

_CUSTOM_KINDS = ("CLIENT", "INTERNAL")
_MCP_OF_KIND = {SpanKind.CLIENT: "mcp.client", SpanKind.SERVER: "mcp.server"}


class SamplingRecorder(SpanProcessor):
    """Store the attributes at span start by span id, as a sampler sees them."""

    def __init__(self) -> None:
        """Begin with nothing started."""
        self.started: dict[int, dict[str, Any]] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Copy the attributes given at creation."""
        if span.context is not None:
            self.started[span.context.span_id] = dict(span.attributes or {})


def examine_spans(spans: Sequence[ReadableSpan], started: Started | None, scenario: Scenario) -> Iterator[Violation]:
    """Find departures and information in finished spans."""
    for span in spans:
        given = dict(span.attributes or {})
        where = where_of(span)
        if not rules_of.is_genai(given):
            yield Violation(where, "span.foreign", "carries no GenAI attribute")
            continue
        yield from rules_of.examine_values(where, given, scenario)
        yield from _examine_outcome(where, span, given)
        yield from _examine_events(where, span)
        definition = choose(span)
        if definition is not None:
            yield from _examine_defined(where, span, definition, scenario)
            yield from _examine_start(where, span, definition, started)
        else:
            yield from _examine_undefined(where, span, given)


def where_of(span: ReadableSpan) -> str:
    """Name a span in a finding."""
    return f"span {span.name!r}"


def choose(span: ReadableSpan) -> Definition | None:
    """Find the definition of a span by operation, kind, provider and tool.

    None for a custom operation.
    """
    given = span.attributes or {}
    operation = given.get("gen_ai.operation.name")
    if "mcp.method.name" in given and (span.kind in _MCP_OF_KIND or operation is None):
        return SPANS[_MCP_OF_KIND.get(span.kind, "mcp.client")]
    candidates = [definition for definition in SPANS.values() if operation in definition.operations]
    if not candidates:
        return None
    fitting = [definition for definition in candidates if span.kind.name in definition.kinds]
    return refined((fitting or candidates)[0], SPAN_REFINEMENTS, given)


def _examine_undefined(where: str, span: ReadableSpan, given: Mapping[str, Any]) -> Iterator[Violation]:
    if "gen_ai.operation.name" not in given:
        yield Violation(where, "attribute.required", "gen_ai.operation.name is missing")
    if span.kind.name not in _CUSTOM_KINDS:
        yield Violation(where, "span.kind", f"{span.kind.name}, not one of {', '.join(_CUSTOM_KINDS)}")


def _examine_defined(where: str, span: ReadableSpan, definition: Definition, scenario: Scenario) -> Iterator[Violation]:
    given = dict(span.attributes or {})
    if span.kind.name not in definition.kinds:
        yield Violation(where, "span.kind", f"{span.kind.name}, not {' or '.join(definition.kinds)} ({definition.name})")
    names = expected_names(definition, given)
    if span.name not in names:
        yield Violation(where, "span.name", f"not {' or '.join(map(repr, names))} ({definition.name})")
    failed = span.status.status_code is StatusCode.ERROR
    yield from rules_of.examine_needs(where, _without_error_type(definition), given, scenario, failed)
    yield from rules_of.examine_conditions(where, given)
    yield from rules_of.examine_subsets(where, given, "gen_ai.usage.")
    yield from rules_of.examine_unlisted(where, definition.attributes, given)


def _without_error_type(definition: Definition) -> dict[str, Any]:
    # The status decides about it, for custom operations too.
    return {name: need for name, need in definition.attributes.items() if name != "error.type"}


def expected_names(definition: Definition, given: Mapping[str, Any]) -> list[str]:
    """List the permitted names of a span, the fullest first."""
    # The last template is the bare operation, by which the definition was chosen.
    fullest = next(name for template in definition.names if (name := _filled(template, given)))
    also = [name for template in definition.also_names if (name := _filled(template, given))]
    return list(dict.fromkeys([fullest, *also]))


def _filled(template: str, given: Mapping[str, Any]) -> str | None:
    if not all(name in given for name in re.findall(r"\{([^}]+)\}", template)):
        return None
    return re.sub(r"\{([^}]+)\}", lambda found: str(given[found.group(1)]), template)


def _examine_outcome(where: str, span: ReadableSpan, given: Mapping[str, Any]) -> Iterator[Violation]:
    status = span.status.status_code
    if status is StatusCode.OK:
        yield Violation(where, "status.ok", "set to OK")
    if status is StatusCode.ERROR and "error.type" not in given:
        yield Violation(where, "error.no_type", f"failed with {span.status.description!r:.80}")
    if status is not StatusCode.ERROR and "error.type" in given:
        yield Violation(where, "error.no_status", f"error.type {given['error.type']!r}, status {status.name}")


def _examine_events(where: str, span: ReadableSpan) -> Iterator[Violation]:
    for event in span.events:
        if event.name == "exception":
            yield Violation(where, "exception.span_event", str((event.attributes or {}).get("exception.type")))
        elif event.name in EVENTS or event.name in DEPRECATED_EVENTS:
            yield Violation(where, "span.event", event.name)


def _examine_start(where: str, span: ReadableSpan, definition: Definition, started: Started | None) -> Iterator[Violation]:
    if started is None or span.context is None:
        return
    if span.context.span_id not in started:
        yield Violation(where, "sampling.unrecorded", "no SamplingRecorder saw it start")
        return
    at_start = started[span.context.span_id]
    for name, need in definition.attributes.items():
        if need.sampling and name in (span.attributes or {}) and name not in at_start:
            yield Violation(where, "sampling.late", f"{name} was set after the start")
