"""Map metadata keys to attribute names.

This is the only file that maps keys to the ``gen_ai.*`` names of the semantic conventions. Each name occurs once, so that a
rename in the conventions is a change of data. ``conventions.py``, which is generated, has their version and the facts that
need no mapping; a test compares all names with the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from .bounds import short
from .conventions import SCHEMA_URL as SCHEMA_URL
from .events import OPERATIONS, SUBJECT

OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL = "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"
RESPONSE_MODEL, SERVER_ADDRESS, SERVER_PORT, ERROR_TYPE = "gen_ai.response.model", "server.address", "server.port", "error.type"
TOKEN_MODALITY = "gen_ai.token.modality"
SERVICE_TIER, SYSTEM_FINGERPRINT = "openai.response.service_tier", "openai.response.system_fingerprint"
TIER = "ex_llm.service_tier"
DETAILS_EVENT = "gen_ai.client.inference.operation.details"
EXCEPTION_EVENTS: Mapping[str, str] = {
    "inference": "gen_ai.client.inference.exception",
    "embeddings": "gen_ai.client.embeddings.exception",
    "retrieval": "gen_ai.retrieval.exception",
    "execute_tool": "gen_ai.execute_tool.exception",
    "invoke_agent": "gen_ai.invoke_agent.exception",
    "invoke_workflow": "gen_ai.invoke_agent.exception",
    "other": "gen_ai.client.operation.exception",
}
"""The event of an exception, by the operation that failed."""

Table = Mapping[str, str]

WHO: Table = {
    "operation": OPERATION_NAME,
    "provider": PROVIDER_NAME,
    "model": REQUEST_MODEL,
    "server_address": SERVER_ADDRESS,
    "server_port": SERVER_PORT,
}
REQUEST: Table = {
    "stream": "gen_ai.request.stream",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "stop_sequences": "gen_ai.request.stop_sequences",
    "seed": "gen_ai.request.seed",
    "choice_count": "gen_ai.request.choice.count",
    "output_type": "gen_ai.output.type",
    "reasoning_level": "gen_ai.request.reasoning.level",
    "conversation_id": "gen_ai.conversation.id",
    "previous_response_id": "gen_ai.request.previous_response.id",
    "prompt_name": "gen_ai.prompt.name",
    "prompt_version": "gen_ai.prompt.version",
    "guardrail_id": "aws.bedrock.guardrail.id",
    "data_source_id": "gen_ai.data_source.id",
}
USAGE: Table = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "gen_ai.usage.cache_read.input_tokens",
    "cache_write_tokens": "gen_ai.usage.cache_write.input_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
    "input_text_tokens": "gen_ai.usage.text.input_tokens",
    "input_image_tokens": "gen_ai.usage.image.input_tokens",
    "input_audio_tokens": "gen_ai.usage.audio.input_tokens",
    "output_text_tokens": "gen_ai.usage.text.output_tokens",
    "output_image_tokens": "gen_ai.usage.image.output_tokens",
    "output_audio_tokens": "gen_ai.usage.audio.output_tokens",
    "cache_read_text_tokens": "gen_ai.usage.text.cache_read.input_tokens",
    "cache_read_image_tokens": "gen_ai.usage.image.cache_read.input_tokens",
    "cache_read_audio_tokens": "gen_ai.usage.audio.cache_read.input_tokens",
}
REPLY: Table = {
    "response_model": RESPONSE_MODEL,
    "response_id": "gen_ai.response.id",
    "finish_reasons": "gen_ai.response.finish_reasons",
    "conversation_id": "gen_ai.conversation.id",
    "time_to_first_chunk": "gen_ai.response.time_to_first_chunk",
    "error_type": ERROR_TYPE,
}
OURS: Table = {
    "stream_end": "ex_llm.stream.end",
    "cost_cents": "ex_llm.cost.cents",
    "cost_unknown_reason": "ex_llm.cost.unknown_reason",
    "speed": "ex_llm.speed",
    "inference_geo": "ex_llm.inference_geo",
    "latency": "ex_llm.latency_mode",
    "cost_partial": "ex_llm.cost.partial",
    "cost_source": "ex_llm.cost.source",
    "cost_in_nested_calls": "ex_llm.cost.in_nested_calls",
    "kind": "ex_llm.error.kind",
    "request_id": "ex_llm.provider.request_id",
    "resend_count": "http.request.resend_count",
    "upstream_provider": "ex_llm.upstream.provider",
    "images": "ex_llm.usage.images",
    "seconds": "ex_llm.usage.seconds",
    "characters": "ex_llm.usage.characters",
    "search_units": "ex_llm.usage.search_units",
    "web_searches": "ex_llm.usage.web_searches",
    "social_searches": "ex_llm.usage.social_searches",
    "storage_searches": "ex_llm.usage.storage_searches",
    "code_executions": "ex_llm.usage.code_executions",
    "code_sessions": "ex_llm.usage.code_sessions",
    "map_searches": "ex_llm.usage.map_searches",
    "pages": "ex_llm.usage.pages",
}
OPENAI: Table = {
    "api_type": "openai.api.type",
    "requested_service_tier": "openai.request.service_tier",
    "service_tier": SERVICE_TIER,
    "system_fingerprint": SYSTEM_FINGERPRINT,
}
COST: Table = {
    "input": "ex_llm.cost.input",
    "output": "ex_llm.cost.output",
    "cache_read": "ex_llm.cost.cache_read",
    "cache_write": "ex_llm.cost.cache_write",
    "other": "ex_llm.cost.other",
    "saved": "ex_llm.cost.saved",
    "source": "ex_llm.cost.source",
    "price_date": "ex_llm.cost.price_date",
}
"""From ``ex_llm.cost.calculated``: parts of the cost in cents, and the source of
the prices.
"""
ATTEMPT: Table = {
    "status": "http.response.status_code",
    "request_id": "ex_llm.provider.request_id",
    "duration": "ex_llm.provider.request.duration",
    "remaining_requests": "ex_llm.provider.rate_limit.remaining_requests",
    "remaining_tokens": "ex_llm.provider.rate_limit.remaining_tokens",
    "reset_ms": "ex_llm.provider.rate_limit.reset_ms",
}
"""From ``ex_llm.provider.request.stop``: the successful HTTP attempt, with its
duration in seconds.
"""
PROMPT_VARIABLE = "gen_ai.prompt.variable."
CONTENT: Table = {
    "system_instructions": "gen_ai.system_instructions",
    "input_messages": "gen_ai.input.messages",
    "output_messages": "gen_ai.output.messages",
    "tool_definitions": "gen_ai.tool.definitions",
    "tool_arguments": "gen_ai.tool.call.arguments",
    "tool_result": "gen_ai.tool.call.result",
    "query": "gen_ai.retrieval.query.text",
    "documents": "gen_ai.retrieval.documents",
}
_EMBEDDINGS: Table = {
    "dimensions": "gen_ai.embeddings.dimension.count",
    "encoding_formats": "gen_ai.request.encoding_formats",
    "response_model": RESPONSE_MODEL,
    "response_id": "gen_ai.response.id",
    "input_tokens": "gen_ai.usage.input_tokens",
    "error_type": ERROR_TYPE,
}
_FETCH: Table = {
    "fetched_response_id": "gen_ai.response.id",
    "response_id": "gen_ai.response.id",
    "response_model": RESPONSE_MODEL,
    "response_status": "gen_ai.response.status",
    "finish_reasons": "gen_ai.response.finish_reasons",
    "stream_cursor": "gen_ai.request.stream_cursor",
    "error_type": ERROR_TYPE,
}

AGENT_NAME, TOOL_NAME, TOOL_TYPE, MCP_METHOD = "gen_ai.agent.name", "gen_ai.tool.name", "gen_ai.tool.type", "mcp.method.name"
EVALUATION_EVENT = "gen_ai.evaluation.result"
EVALUATION: Table = {
    "evaluation_name": "gen_ai.evaluation.name",
    "score": "gen_ai.evaluation.score.value",
    "label": "gen_ai.evaluation.score.label",
    "explanation": "gen_ai.evaluation.explanation",
    "response_id": "gen_ai.response.id",
    "error_type": ERROR_TYPE,
}
_STEP: Table = {
    "agent_name": AGENT_NAME,
    "conversation_id": "gen_ai.conversation.id",
    "error_type": ERROR_TYPE,
    "outcome": "ex_llm.outcome",
}
_AGENT: Table = {
    "agent_name": AGENT_NAME,
    "agent_id": "gen_ai.agent.id",
    "agent_description": "gen_ai.agent.description",
    "inference_calls": "ex_llm.agent.inference_calls",
    "tool_calls": "ex_llm.agent.tool_calls",
}
MCP: Table = {
    "method": MCP_METHOD,
    "tool_name": TOOL_NAME,
    "prompt_name": "gen_ai.prompt.name",
    "session_id": "mcp.session.id",
    "protocol_version": "mcp.protocol.version",
    "resource_uri": "mcp.resource.uri",
    "request_id": "jsonrpc.request.id",
    "transport": "network.transport",
    "status": "rpc.response.status_code",
    "server_address": SERVER_ADDRESS,
    "server_port": SERVER_PORT,
    "error_type": ERROR_TYPE,
    "outcome": "ex_llm.outcome",
}

_INFERENCE: Table = {**REQUEST, **USAGE, **REPLY}
_EVERYTHING: Table = {**_INFERENCE, **OURS}
_BY_OPERATION: Mapping[str, Table] = {
    "embeddings": {**_EMBEDDINGS, **OURS},
    "fetch_response": {**_FETCH, **OURS},
    "invoke_agent": {**_EVERYTHING, **_STEP, **_AGENT},
    # Since autumn 2026 the conventions use the agent name attribute for workflows too.
    "invoke_workflow": {**_EVERYTHING, **_STEP, **_AGENT, "workflow_name": AGENT_NAME},
    "execute_tool": {
        **_STEP,
        "tool_name": TOOL_NAME,
        "tool_type": TOOL_TYPE,
        "tool_call_id": "gen_ai.tool.call.id",
        "tool_description": "gen_ai.tool.description",
    },
    "retrieval": {
        **OURS,
        **_STEP,
        "data_source_id": "gen_ai.data_source.id",
        "top_k": "gen_ai.retrieval.top_k",
        "documents": "ex_llm.retrieval.documents",
    },
    "mcp_request": MCP,
}
TOTALS = frozenset({*USAGE.values(), OURS["cost_cents"], OURS["cost_unknown_reason"]})
"""Attributes of an agent that are sums over its model calls."""


def _in_seconds(nanoseconds: int) -> float:
    return nanoseconds / 1e9


def _unless_zero(count: int) -> int | None:
    return count or None


_READ: Mapping[str, Callable[[Any], Any]] = {
    "time_to_first_chunk": _in_seconds,
    "choice_count": lambda count: None if count == 1 else count,
    # A detailed count of zero has no information, and back ends that add up all counts would have to handle it.
    **dict.fromkeys(
        (f"{side}_{kind}_tokens" for side in ("input", "output", "cache_read") for kind in ("text", "image", "audio")), _unless_zero
    ),
    "requested_service_tier": lambda tier: None if tier == "auto" else tier,
}
_NOTHING: Mapping[str, Any] = {}


class Plan(NamedTuple):
    """Rules to convert one set of metadata keys to attributes.

    ``plain`` values are copied, ``read`` values are converted by a function, ``baggage`` keys keep their own name.
    """

    plain: tuple[tuple[str, str], ...]
    read: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    baggage: tuple[str, ...]
    fixed: Mapping[str, str]
    """Attributes that are constant for this set of keys."""


@lru_cache(maxsize=1024)
def _plan(operation: str, openai: bool, keys: tuple[str, ...]) -> Plan:
    who, fixed = WHO, _NOTHING
    if operation == "mcp_request":
        # The conventions set the operation name of an MCP request only if it executes a tool.
        who = {key: name for key, name in WHO.items() if key != "operation"}
        fixed = {OPERATION_NAME: "execute_tool"} if "tool_name" in keys else _NOTHING
    tables = (who, _BY_OPERATION.get(operation, _EVERYTHING), OPENAI if openai else {"service_tier": TIER})
    rows = [(key, table[key]) for table in tables for key in keys if key in table]
    return Plan(
        tuple((key, name) for key, name in rows if key not in _READ),
        tuple((key, name, _READ[key]) for key, name in rows if key in _READ),
        # Only keys that the application set in the baggage contain a dot. They keep their name and come last.
        tuple(key for key in keys if "." in key),
        fixed,
    )


def known(metadata: Mapping[str, Any], before: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    """Return the span attributes for event metadata, without those set by ``before``.

    The rules are computed once for each set of keys; calls of one kind have the same keys.
    """
    plain, read, baggage, fixed = _plan(metadata.get("operation", ""), metadata.get("provider") == "openai", tuple(metadata))
    given = before.get
    found = {name: value for key, name in plain if (value := metadata[key]) is not None and value is not given(key)}
    for key, name, reads in read:
        value = metadata[key]
        if value is not None and value is not given(key) and (value := reads(value)) is not None:
            found[name] = value
    for key in baggage:
        value = metadata[key]
        if isinstance(value, str) and value is not given(key):
            found[key] = value
    if fixed:
        found.update(fixed)
    return found


def cost(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes for the cost of a call, from the metadata of its event."""
    return {name: value for key, name in COST.items() if (value := metadata.get(key)) is not None}


def attempt(measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes for the successful HTTP attempt of a call."""
    found = {}
    for key, name in ATTEMPT.items():
        value = measurements.get(key, metadata.get(key))
        if value is not None:
            found[name] = _in_seconds(value) if key == "duration" else value
    return found


def exception_event(operation: str) -> str:
    """Return the name of the event for an exception of ``operation``.

    >>> exception_event("chat"), exception_event("rerank")
    ('gen_ai.client.inference.exception', 'gen_ai.client.operation.exception')
    """
    known = OPERATIONS.get(operation)
    kind = "inference" if known is not None and known.inference else operation
    return EXCEPTION_EVENTS.get(kind, EXCEPTION_EVENTS["other"])


def exception(metadata: Mapping[str, Any], message: str | None) -> dict[str, Any]:
    """Return the attributes of an exception: type, stack trace, captured message."""
    found = {"exception.type": metadata["error_type"], "exception.stacktrace": metadata["stacktrace"]}
    return found if message is None else {**found, "exception.message": message}


SPAN_KINDS: Mapping[str, tuple[str, str | None]] = {
    "workflow": ("invoke_workflow", AGENT_NAME),
    "chain": ("invoke_workflow", AGENT_NAME),
    "task": ("invoke_workflow", AGENT_NAME),
    "agent": ("invoke_agent", AGENT_NAME),
    "tool": ("execute_tool", TOOL_NAME),
    "retrieval": ("retrieval", None),
}
"""The operation of a span of the application by its kind, and its name."""


def span_kind(kind: str, name: str) -> dict[str, str]:
    """Return the attributes of a span of the application by its kind.

    >>> span_kind("tool", "look_up")
    {'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'look_up'}
    """
    operation, named = SPAN_KINDS[kind]
    return {OPERATION_NAME: operation} if named is None else {OPERATION_NAME: operation, named: short(name)}


def span_name(metadata: Mapping[str, Any]) -> str:
    """Return a span name of operation and model, agent or tool; it contains no ids.

    >>> span_name({"operation": "chat", "model": "gpt-4o-mini"})
    'chat gpt-4o-mini'
    """
    operation = str(metadata.get("operation", ""))
    subject = metadata.get(SUBJECT.get(operation, "model"))
    if operation == "mcp_request":
        operation, subject = str(metadata.get("method")), subject or metadata.get("prompt_name")
    return short(operation if subject is None else f"{operation} {subject}")
