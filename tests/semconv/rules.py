"""Define violations and scenarios, and list every rule with its sentence.

All modules of this package report by these ids; tests read `Violation`s and match on `rule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

DETAILS = "gen_ai.client.inference.operation.details"
EXCEPTION = "gen_ai.client.inference.exception"
EXCEPTIONS: Mapping[str, str] = {
    "gen_ai.client.inference": EXCEPTION,
    "gen_ai.embeddings.client": "gen_ai.client.embeddings.exception",
    "gen_ai.retrieval.client": "gen_ai.retrieval.exception",
    "gen_ai.execute_tool.internal": "gen_ai.execute_tool.exception",
    "gen_ai.invoke_agent.internal": "gen_ai.invoke_agent.exception",
    "gen_ai.invoke_agent.client": "gen_ai.invoke_agent.exception",
}
OTHER_EXCEPTION = "gen_ai.client.operation.exception"
EVALUATION = "gen_ai.evaluation.result"


LEFT_OUT_OF_METRICS = frozenset({"gen_ai.response.model", "openai.response.system_fingerprint"})
"""Recommended tags that this project adds by a setting only: many series."""


class LeftOut(Enum):
    """Signal that is not to be checked; None means that no data was collected."""

    SIGNAL = "left out"


class Violation(NamedTuple):
    """One violation of the conventions: item, rule, details."""

    where: str
    rule: str
    detail: str


@dataclass(frozen=True)
class Scenario:
    """Facts about the checked program that its telemetry does not contain.

    `declared` names attributes whose condition was met (so that they are required), `absent` those that the
    provider did not return (so that they are optional). Names that start with one of `own_prefixes` are the project's own and skipped.
    `streaming` requires (True) or forbids (False) streaming metrics; None decides by the spans.
    `events` are required by `check_all`. `tolerance`: maximum difference of a call's span and metric in seconds.
    """

    declared: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    own_prefixes: tuple[str, ...] = ("ex_llm.",)
    streaming: bool | None = None
    events: frozenset[str] = frozenset({DETAILS, OTHER_EXCEPTION, *EXCEPTIONS.values()})
    tolerance: float = 0.05


RULES = {
    "attribute.unknown": "Every attribute stands in the GenAI or the core registry.",
    "attribute.deprecated": "No attribute has a deprecated name.",
    "attribute.type": "A value has the registered type: int is not double, one string is not string[].",
    "attribute.required": "A required attribute is there.",
    "attribute.conditional": "A conditionally required attribute is there when its condition holds.",
    "attribute.recommended": "A recommended attribute is there when it could be.",
    "attribute.false_condition": "An attribute is not there when its condition does not hold.",
    "attribute.provider": "Attributes of one provider appear only beside that provider's name.",
    "attribute.unlisted": "Information: a registered attribute which this span or event does not define.",
    "value.renamed": "No enum value has an old name.",
    "value.spelling": "A predefined enum value is written as the conventions write it.",
    "value.custom": "Information: a value outside an open enum.",
    "usage.subset": "Detailed token counts are parts of their totals.",
    "span.name": "A span is named by its operation and its low-cardinality target.",
    "span.kind": "A span has the kind of its operation.",
    "span.foreign": "Information: a span without any GenAI attribute, left unchecked.",
    "span.event": "The conventions' events are log records, not span events.",
    "status.ok": "The status of a success stays unset.",
    "error.no_type": "A failed span carries error.type.",
    "error.no_status": "A span with error.type has the status ERROR.",
    "exception.span_event": "An exception is a log record, not the span event `exception`.",
    "sampling.late": "Sampling-relevant attributes are given when the span starts.",
    "sampling.unrecorded": "The start of every checked span was recorded.",
    "content.json": "Content in a string is JSON.",
    "content.structured": "Content on an event is structured, not a string.",
    "content.schema": "Content conforms to its JSON schema, each part to the one that its type names.",
    "content.part": "A part stands only where its type may stand.",
    "content.undecoded": "The arguments of a tool call are an object, not JSON in a string.",
    "metric.unknown": "Every metric in the conventions' namespaces is defined there.",
    "metric.deprecated": "No metric has a deprecated name.",
    "metric.instrument": "A metric is made with its instrument.",
    "metric.unit": "A metric has its unit.",
    "metric.value": "A metric's values are int or double as defined.",
    "metric.attribute": "A metric carries no attribute that is not its own.",
    "metric.buckets": "A histogram has the boundaries that the conventions advise.",
    "metric.inference": "Inference is measured by gen_ai.client.inference.duration alone.",
    "metric.streaming": "Streaming metrics are there for streamed calls, and only for them.",
    "metric.missing": "Every operation is measured.",
    "metric.count": "There are as many measurements as operations of these attributes.",
    "metric.sum": "The measurements and the spans say the same amount.",
    "event.unknown": "Every event in the conventions' namespaces is defined there.",
    "event.deprecated": "No event has a deprecated name.",
    "event.name": "An event says its name in the log record's event_name.",
    "event.severity": "An event has its severity.",
    "event.context": "An event carries the context of its operation's span.",
    "event.body": "The details event has no body.",
    "event.missing": "An operation that calls for an event has it.",
    "event.duplicate": "An operation has an event of one kind once.",
    "event.stray": "An event belongs to a span that calls for it.",
    "event.differs": "Span and event give an attribute the same value.",
}

INFORMATION = frozenset({"attribute.unlisted", "value.custom", "span.foreign"})


def violations_in(findings: Iterable[Violation]) -> list[Violation]:
    """Return the violations of the conventions."""
    return [finding for finding in findings if finding.rule not in INFORMATION]


def information_in(findings: Iterable[Violation]) -> list[Violation]:
    """Return findings that are allowed but worth a look."""
    return [finding for finding in findings if finding.rule in INFORMATION]
