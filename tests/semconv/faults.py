"""Planted faults: specimen, change, and the one rule that must report it.

`test_semconv_checker.py` plants them in turn; a rule without a row here, or without its own test there, fails the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import SpanKind, Status, StatusCode

from .recording import Note, Reading, Specimen
from .rules import DETAILS
from .specimens import FAILURE

Described = TypeVar("Described", Specimen, Reading, Note)


class Fault(NamedTuple):
    """One fault: `change` overrides attributes (None removes), `be` other fields."""

    rule: str
    base: str
    change: Mapping[str, Any] = {}
    be: Mapping[str, Any] = {}
    declared: frozenset[str] = frozenset()

    def planted_in(self, right: Described) -> Described:
        """Give the specimen with this fault in it."""
        return replace(right, attributes={**right.attributes, **self.change}, **self.be)

    def __str__(self) -> str:
        return f"{self.rule} in {self.base}: {', '.join([*self.change, *self.be, *self.declared])}"


SPAN_FAULTS = [
    Fault("attribute.unknown", "chat", {"gen_ai.usage.total_tokens": 42}),
    Fault("attribute.unknown", "chat", {"llm.vendor": "Mistral"}),
    Fault("attribute.unknown", "chat", {"gen_ai.prompt.variable": "Paris"}),
    Fault("attribute.unknown", "image", {"gen_ai.image.size": "1024x1024"}),
    Fault("attribute.deprecated", "chat", {"gen_ai.system": "mistral_ai"}),
    Fault("attribute.deprecated", "chat", {"gen_ai.usage.prompt_tokens": 30}),
    Fault("attribute.deprecated", "anthropic", {"gen_ai.usage.cache_creation.input_tokens": 3}),
    Fault("attribute.type", "chat", {"gen_ai.request.top_k": 40.0}),
    Fault("attribute.type", "chat", {"gen_ai.request.temperature": 1}),
    Fault("attribute.type", "chat", {"gen_ai.response.finish_reasons": "stop"}),
    Fault("attribute.type", "chat", {"gen_ai.request.stop_sequences": [1, 2]}),
    Fault("attribute.type", "chat", {"gen_ai.request.max_tokens": True}),
    Fault("attribute.type", "chat", {"gen_ai.request.choice.count": True}),
    Fault("attribute.type", "rich chat", {"gen_ai.usage.input_tokens": "30"}),
    Fault("attribute.type", "rich chat", {"gen_ai.usage.cache_read.input_tokens": "20"}),
    Fault("attribute.type", "chat", {"gen_ai.prompt.variable.city": 7}),
    Fault("attribute.type", "image", {"server.port": "443"}),
    Fault("attribute.required", "chat", {"gen_ai.provider.name": None}),
    Fault("attribute.required", "chat", {"gen_ai.operation.name": None}),
    Fault("attribute.required", "openai", {"gen_ai.request.model": None}, {"name": "chat"}),
    Fault("attribute.required", "fetch_response", {"gen_ai.response.id": None}),
    Fault("attribute.required", "tool", {"gen_ai.tool.name": None}, {"name": "execute_tool"}),
    Fault("attribute.conditional", "chat", {"server.port": None}),
    Fault("attribute.conditional", "chat", declared=frozenset({"gen_ai.request.seed"})),
    Fault("attribute.conditional", "chat", declared=frozenset({"gen_ai.input.messages"})),
    Fault(
        "attribute.conditional",
        "chat",
        {"gen_ai.request.model": None},
        {"name": "chat"},
        frozenset({"gen_ai.request.model"}),
    ),
    Fault(
        "attribute.conditional",
        "bedrock",
        {"aws.bedrock.guardrail.id": None},
        declared=frozenset({"aws.bedrock.guardrail.id"}),
    ),
    Fault("attribute.recommended", "chat", {"gen_ai.response.id": None}),
    Fault("attribute.recommended", "chat", {"gen_ai.usage.output_tokens": None}),
    Fault("attribute.recommended", "chat", {"server.address": None, "server.port": None}),
    Fault("attribute.recommended", "openai", {"openai.api.type": None}),
    Fault("attribute.recommended", "azure", {"azure.resource_provider.namespace": None}),
    Fault("attribute.recommended", "stream", {"gen_ai.response.time_to_first_chunk": None}),
    Fault("attribute.recommended", "chat", declared=frozenset({"gen_ai.request.temperature"})),
    Fault("attribute.recommended", "anthropic", declared=frozenset({"gen_ai.request.top_k"})),
    Fault("attribute.recommended", "mcp client", {"gen_ai.operation.name": None}),
    Fault("attribute.recommended", "mcp client", {"server.port": None}),
    Fault("attribute.recommended", "mcp server", {"client.address": "10.0.0.7"}),
    Fault("attribute.recommended", "failed chat", {"server.address": None, "server.port": None}),
    Fault("attribute.false_condition", "chat", {"gen_ai.request.stream": False}),
    Fault("attribute.false_condition", "chat", {"gen_ai.request.choice.count": 1}),
    Fault("attribute.false_condition", "chat", {"gen_ai.conversation.compacted": False}),
    Fault("attribute.false_condition", "chat", {"gen_ai.response.time_to_first_chunk": 0.5}),
    Fault("attribute.false_condition", "chat", {"gen_ai.prompt.version": "3"}),
    Fault("attribute.false_condition", "openai", {"openai.request.service_tier": "auto"}),
    Fault("attribute.false_condition", "mcp client", {"server.address": None}),
    Fault("attribute.false_condition", "mcp server", {"client.port": 4711}),
    Fault("attribute.false_condition", "mcp listing", {"gen_ai.operation.name": "execute_tool"}),
    Fault("attribute.false_condition", "mcp listing", {"jsonrpc.protocol.version": "2.0"}),
    Fault("attribute.provider", "chat", {"openai.api.type": "chat_completions"}),
    Fault("attribute.provider", "tool", {"openai.api.type": "responses"}),
    Fault("attribute.provider", "openai", {"aws.bedrock.guardrail.id": "g1"}),
    Fault("value.renamed", "chat", {"gen_ai.provider.name": "vertex_ai"}),
    Fault("value.renamed", "chat", {"gen_ai.provider.name": "az.ai.openai"}),
    Fault("value.spelling", "chat", {"gen_ai.provider.name": "mistralai"}),
    Fault("value.spelling", "chat", {"gen_ai.provider.name": "xai"}),
    Fault("value.spelling", "failed chat", {"error.type": "other"}),
    Fault(
        "usage.subset",
        "chat",
        {"gen_ai.usage.cache_read.input_tokens": 20, "gen_ai.usage.cache_write.input_tokens": 11},
    ),
    Fault("usage.subset", "chat", {"gen_ai.usage.reasoning.output_tokens": 13}),
    Fault("span.name", "chat", be={"name": "chat"}),
    Fault("span.name", "openai", be={"name": "openai.chat"}),
    Fault("span.name", "chat", {"gen_ai.request.model": None}),
    Fault("span.name", "retrieval", be={"name": "retrieval"}),
    Fault("span.name", "fetch_response", be={"name": "fetch_response r1"}),
    Fault("span.name", "agent", {"gen_ai.agent.name": "planner"}),
    Fault("span.name", "tool", be={"name": "search"}),
    Fault("span.name", "skill resource", be={"name": "execute_tool search pdf"}),
    Fault("span.name", "command", be={"name": "execute_tool search"}),
    Fault("span.name", "workflow", be={"name": "report"}),
    Fault("span.name", "mcp client", be={"name": "execute_tool search"}),
    Fault("span.kind", "chat", be={"kind": SpanKind.SERVER}),
    Fault("span.kind", "embeddings", be={"kind": SpanKind.INTERNAL}),
    Fault("span.kind", "tool", be={"kind": SpanKind.CLIENT}),
    Fault("span.kind", "mcp listing", be={"kind": SpanKind.INTERNAL}),
    Fault("span.kind", "image", be={"kind": SpanKind.PRODUCER}),
    Fault("span.event", "chat", be={"events": ("gen_ai.choice",)}),
    Fault("span.event", "chat", be={"events": (DETAILS,)}),
    Fault("status.ok", "chat", be={"status": Status(StatusCode.OK)}),
    Fault("status.ok", "image", be={"status": Status(StatusCode.OK)}),
    Fault("error.no_type", "failed chat", {"error.type": None}),
    Fault("error.no_type", "image", be={"status": FAILURE}),
    Fault("error.no_status", "chat", {"error.type": "NotFoundError"}),
    Fault("error.no_status", "image", {"error.type": "NotFoundError"}),
    Fault("exception.span_event", "failed chat", be={"events": ("exception",)}),
    Fault("exception.span_event", "image", be={"events": ("exception",)}),
    Fault("sampling.late", "chat", be={"late": frozenset({"server.address"})}),
    Fault("sampling.late", "embeddings", be={"late": frozenset({"gen_ai.request.model"})}),
    Fault("sampling.late", "tool", be={"late": frozenset({"gen_ai.tool.type"})}),
]

METRIC_FAULTS = [
    Fault("metric.unknown", "duration", be={"name": "gen_ai.client.inference.latency"}),
    Fault("metric.deprecated", "duration", be={"name": "gen_ai.client.token.usage"}),
    Fault("metric.instrument", "input", be={"instrument": "gauge"}),
    Fault("metric.instrument", "duration", be={"instrument": "counter"}),
    Fault("metric.unit", "duration", be={"unit": "ms"}),
    Fault("metric.unit", "input", be={"unit": "1"}),
    Fault("metric.value", "duration", be={"amount": 2}),
    Fault("metric.value", "input", be={"amount": 30.0}),
    Fault("metric.value", "input histogram", be={"amount": 30.0}),
    Fault("metric.buckets", "duration", be={"boundaries": (0.1, 1.0, 10.0)}),
    Fault("metric.buckets", "input histogram", be={"boundaries": (1.0, 1000.0)}),
    Fault("metric.attribute", "duration", {"gen_ai.response.id": "r1"}),
    Fault("metric.attribute", "first chunk", {"error.type": "Timeout"}),
    Fault("metric.attribute", "duration", {"gen_ai.token.modality": "unknown"}),
    Fault("metric.inference", "duration", be={"name": "gen_ai.client.operation.duration"}),
    Fault("attribute.unknown", "duration", {"model": "large"}),
    Fault("attribute.type", "duration", {"server.port": "443"}),
    Fault("attribute.required", "input", {"gen_ai.token.modality": None}),
    Fault("attribute.required", "duration", {"gen_ai.operation.name": None}),
    Fault("attribute.conditional", "duration", {"server.port": None}),
    Fault(
        "attribute.conditional",
        "duration",
        {"gen_ai.request.model": None},
        declared=frozenset({"gen_ai.request.model"}),
    ),
    Fault("attribute.false_condition", "mcp duration", {"server.port": 443}),
    Fault("attribute.recommended", "openai duration", {"openai.response.service_tier": None}),
    Fault("value.spelling", "input", {"gen_ai.token.modality": "Text"}),
]

EVENT_FAULTS = [
    Fault("event.unknown", "details", be={"name": "gen_ai.client.inference.details"}),
    Fault("event.deprecated", "details", be={"name": "gen_ai.choice"}),
    Fault("event.name", "details", be={"name": None}),
    Fault("event.name", "foreign", {"event.name": DETAILS}),
    Fault("event.severity", "details", be={"severity": None}),
    Fault("event.severity", "exception", be={"severity": SeverityNumber.ERROR}),
    Fault("event.context", "details", be={"place": None}),
    Fault("event.context", "evaluation", be={"place": None}),
    Fault("event.body", "details", be={"body": "Hello"}),
    Fault("attribute.required", "details", {"gen_ai.provider.name": None}),
    Fault("attribute.required", "evaluation", {"gen_ai.evaluation.name": None}),
    Fault("attribute.type", "evaluation", {"gen_ai.evaluation.score.value": 1}),
    Fault("attribute.conditional", "details", declared=frozenset({"gen_ai.output.messages"})),
    Fault("attribute.conditional", "exception", {"exception.stacktrace": "..."}, {"exception": None}),
    Fault("attribute.recommended", "details", {"gen_ai.response.model": None}),
    Fault("attribute.recommended", "exception", {"exception.type": "ValueError"}, {"exception": None}),
    Fault("attribute.unknown", "exception", {"exception.module": "x"}),
    Fault("attribute.false_condition", "details", {"gen_ai.request.stream": False}),
    Fault("usage.subset", "details", {"gen_ai.usage.cache_read.input_tokens": 31}),
    Fault("content.structured", "details", {"gen_ai.input.messages": "[]"}),
    Fault("content.schema", "details", {"gen_ai.input.messages": [{"role": "user"}]}),
]


def _message(*parts: object, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "assistant", "parts": list(parts), **more}]


_OUTPUT, _INPUT, _INSTRUCTIONS = "gen_ai.output.messages", "gen_ai.input.messages", "gen_ai.system_instructions"
_CALL = {"type": "tool_call", "name": "search", "id": "c1", "arguments": {"city": "Paris"}}
_BLOB = {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGk="}
_FUNCTION = {"type": "function", "name": "search", "parameters": {"type": "object"}}

# Attribute, value, and the rule that it breaks, None for content that is right.
CONTENTS: list[tuple[str, Any, str | None]] = [
    (_INPUT, _message({"type": "text", "content": "Hello"}, name="Ada"), None),
    (_INPUT, _message({"type": "text"}), "content.schema"),
    (_INPUT, _message({"type": "text", "content": None}), "content.schema"),
    (_INPUT, _message({"content": "Hello"}), "content.schema"),
    (_INPUT, [{"role": "user", "content": "Hello"}], "content.schema"),
    (_INPUT, {"role": "user", "parts": []}, "content.schema"),
    (_INPUT, ["Hello"], "content.schema"),
    (_INPUT, _message("Hello"), "content.schema"),
    (_INPUT, _message(_CALL, _BLOB, {"type": "robot_arm", "angle": 3}), None),
    (_INPUT, _message({**_BLOB, "content": None}), "content.schema"),
    (_INPUT, _message({"type": "uri", "modality": "image"}), "content.schema"),
    (_INPUT, _message({"type": "tool_call_response", "id": "c1", "response": "rainy"}), None),
    (_INPUT, _message({"type": "tool_call_response", "id": "c1", "result": "rainy"}), "content.schema"),
    (
        _INPUT,
        _message({"type": "server_tool_call", "name": "web", "server_tool_call": {"query": "x"}}),
        "content.schema",
    ),
    (_OUTPUT, _message({"type": "reasoning", "content": "Hm"}, finish_reason=None), None),
    (_OUTPUT, _message(_CALL), None),
    (_OUTPUT, _message({**_CALL, "name": None}), "content.schema"),
    (_OUTPUT, _message({**_CALL, "arguments": '{"city": "Paris"}'}), "content.undecoded"),
    (_OUTPUT, _message({**_CALL, "arguments": '{"city": "Par'}), None),
    (_OUTPUT, _message({"type": "robot_arm", "arguments": "{}"}), None),
    (_INSTRUCTIONS, [{"type": "text", "content": "Be brief"}], None),
    (_INSTRUCTIONS, [{"type": "text", "text": "Be brief"}], "content.schema"),
    (_INSTRUCTIONS, ["Be brief"], "content.schema"),
    (_INSTRUCTIONS, {"type": "text", "content": "Be brief"}, "content.schema"),
    (_INSTRUCTIONS, [_BLOB], "content.part"),
    ("gen_ai.tool.definitions", [_FUNCTION, {"type": "web_search", "name": "web"}], None),
    ("gen_ai.tool.definitions", [{"type": "function", "function": {"name": "search"}}], "content.schema"),
    ("gen_ai.tool.definitions", [{**_FUNCTION, "parameters": "{}"}], "content.schema"),
    ("gen_ai.tool.definitions", [{"type": "blob", "name": "store"}], None),
    ("gen_ai.tool.call.arguments", {"city": "Paris"}, None),
    ("gen_ai.tool.call.arguments", ["Paris"], "content.schema"),
    ("gen_ai.tool.call.result", {"sky": "rainy"}, None),
    ("gen_ai.retrieval.documents", [{"id": "d1", "score": 0.5}], None),
    ("gen_ai.retrieval.documents", [{"id": "d1", "score": "high"}], "content.schema"),
    ("gen_ai.memory.records", [{"content": "likes tea"}], None),
    ("gen_ai.memory.records", [{"id": "m1"}], "content.schema"),
]
