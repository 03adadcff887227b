"""Valid telemetry: one specimen of every operation, metric and event.

`recording` records them, `faults` lists the changes that break them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import SpanKind, Status, StatusCode

from .recording import SECONDS, Note, Reading, Specimen
from .registry import METRICS
from .rules import DETAILS, EVALUATION, EXCEPTION

Attributes = Mapping[str, Any]

FAILURE = Status(StatusCode.ERROR, "no such model")
TEXT = [{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}]
_SERVER = {"server.address": "api.example.com", "server.port": 443}
_REPLY = {"gen_ai.response.id": "r1", "gen_ai.response.model": "large-1", "gen_ai.response.finish_reasons": ["stop"]}
_TOKENS = {"gen_ai.usage.input_tokens": 30, "gen_ai.usage.output_tokens": 12}
_OPENAI = {"openai.api.type": "chat_completions", "openai.response.system_fingerprint": "fp_1"}


def _attributes(operation: str, provider: str | None, *parts: Attributes) -> dict[str, Any]:
    given: dict[str, Any] = {"gen_ai.operation.name": operation}
    if provider:
        given.update({"gen_ai.provider.name": provider, **_SERVER})
    for part in parts:
        given.update(part)
    return given


def _client(name: str, attributes: Attributes, **more: Any) -> Specimen:
    return Specimen(name, SpanKind.CLIENT, attributes, **more)


def _internal(name: str, attributes: Attributes) -> Specimen:
    return Specimen(name, SpanKind.INTERNAL, attributes)


_MODEL = {"gen_ai.request.model": "large"}
_CHAT = _attributes("chat", "mistral_ai", _MODEL, _REPLY, _TOKENS)
_TOOL = {"gen_ai.tool.name": "search", "gen_ai.tool.type": "function"}
_DIMENSIONS = {
    "gen_ai.embeddings.dimension.count": 3,
    "gen_ai.usage.input_tokens": 3,
    "gen_ai.response.model": "large-1",
}
_SKILL = {"gen_ai.skill.name": "pdf"}
_AGENT = {"gen_ai.agent.name": "planner"}
_MCP = {"mcp.method.name": "tools/call", "mcp.protocol.version": "2025-06-18", "network.transport": "pipe"}
_MCP_TOOL = {**_MCP, "gen_ai.tool.name": "search", "gen_ai.operation.name": "execute_tool"}

_DONE: dict[str, Any] = {"gen_ai.response.finish_reasons": ["stop"]}
SPECIMENS: dict[str, Specimen] = {
    "chat": _client("chat large", _CHAT),
    "openai": _client("chat large", {**_CHAT, **_OPENAI, "gen_ai.provider.name": "openai"}),
    "azure": _client(
        "chat large",
        {
            **_CHAT,
            "gen_ai.provider.name": "azure.ai.inference",
            "azure.resource_provider.namespace": "Microsoft.CognitiveServices",
            "server.port": None,
        },
    ),
    "anthropic": _client("chat large", {**_CHAT, "gen_ai.provider.name": "anthropic"}),
    "bedrock": _client("chat large", {**_CHAT, "gen_ai.provider.name": "aws.bedrock", "aws.bedrock.guardrail.id": "g1"}),
    "stream": _client("chat large", {**_CHAT, "gen_ai.request.stream": True, "gen_ai.response.time_to_first_chunk": 0.5}),
    "failed chat": _client("chat large", _attributes("chat", "mistral_ai", _MODEL, {"error.type": "NotFoundError"}), status=FAILURE),
    "late reply": _client("chat large", _CHAT, late=frozenset(_REPLY)),
    "chat in JSON": _client("chat large", {**_CHAT, "gen_ai.input.messages": json.dumps(TEXT)}),
    "local chat": Specimen("chat large", SpanKind.INTERNAL, _CHAT),
    "rich chat": _client(
        "chat large",
        {
            **_CHAT,
            "gen_ai.request.temperature": 1.0,
            "gen_ai.request.choice.count": 2,
            "gen_ai.request.stop_sequences": ["END"],
            "gen_ai.prompt.name": "greeting",
            "gen_ai.prompt.version": "3",
            "gen_ai.prompt.variable.city": "Paris",
            "gen_ai.usage.cache_read.input_tokens": 20,
            "gen_ai.usage.cache_write.input_tokens": 10,
            "gen_ai.usage.reasoning.output_tokens": 12,
            "gen_ai.input.messages": TEXT,
            "ex_llm.cost": 3,
        },
    ),
    "embeddings": _client(
        "embeddings large",
        _attributes("embeddings", "openai", _MODEL, _DIMENSIONS),
    ),
    "retrieval": _client("retrieval docs", _attributes("retrieval", "openai", {"gen_ai.data_source.id": "docs"})),
    "fetch_response": _client(
        "fetch_response",
        _attributes("fetch_response", "openai", _REPLY, {"openai.api.type": "responses", "gen_ai.response.status": "completed"}),
    ),
    "memory": _client("search_memory", _attributes("search_memory", "mistral_ai")),
    "create_agent": _client("create_agent planner", _attributes("create_agent", "mistral_ai", _AGENT)),
    "remote agent": _client("invoke_agent planner", _attributes("invoke_agent", "mistral_ai", _AGENT, _TOKENS, _REPLY)),
    "agent": _internal("invoke_agent", _attributes("invoke_agent", None, _TOKENS, _DONE)),
    "tool": _internal("execute_tool search", _attributes("execute_tool", None, _TOOL)),
    "tool over mcp": _internal("execute_tool search", _attributes("execute_tool", None, _TOOL, _MCP)),
    "failed tool": Specimen(
        "execute_tool search",
        SpanKind.INTERNAL,
        _attributes("execute_tool", None, _TOOL, {"error.type": "E"}),
        status=FAILURE,
    ),
    "skill": _internal("execute_tool search pdf", _attributes("execute_tool", None, _TOOL, _SKILL)),
    "skill resource": _internal(
        "execute_tool search pdf forms.md",
        _attributes("execute_tool", None, _TOOL, _SKILL, {"gen_ai.skill.resource.name": "forms.md"}),
    ),
    "command": _internal("execute_tool search grep", _attributes("execute_tool", None, _TOOL, {"process.executable.name": "grep"})),
    "workflow": _internal(
        "invoke_workflow report",
        _attributes("invoke_workflow", None, _TOKENS, _DONE, {"gen_ai.agent.name": "report"}),
    ),
    "workflow of many names": _internal(
        "invoke_workflow",
        _attributes("invoke_workflow", None, _TOKENS, _DONE, {"gen_ai.agent.name": "r-81"}),
    ),
    "plan": _internal("plan planner", _attributes("plan", None, _AGENT)),
    "mcp client": _client("tools/call search", {**_MCP_TOOL, **_SERVER}),
    "failed mcp": _client("tools/call search", {**_MCP_TOOL, "error.type": "tool_error"}, status=FAILURE),
    "mcp listing": _client("tools/list", {**_MCP, **_SERVER, "mcp.method.name": "tools/list"}),
    "mcp server": Specimen("tools/call search", SpanKind.SERVER, _MCP_TOOL),
    "image": _client("image_generation large", _attributes("image_generation", "openai", _MODEL)),
    "failed image": _client(
        "image_generation large",
        _attributes("image_generation", "openai", _MODEL, {"error.type": "E"}),
        status=FAILURE,
    ),
    "foreign": _client("GET", {"http.request.method": "GET"}),
}

_SERVED = {name: _CHAT[name] for name in (*METRICS["gen_ai.client.inference.duration"].attributes,) if name in _CHAT}
_COUNTED = {**_SERVED, "gen_ai.token.modality": "unknown"}
_PREFIX = "gen_ai.client.inference"

READINGS: dict[str, Reading] = {
    "duration": Reading(f"{_PREFIX}.duration", SECONDS, _SERVED),
    "openai duration": Reading(
        f"{_PREFIX}.duration",
        SECONDS,
        {
            **_SERVED,
            "gen_ai.provider.name": "openai",
            "openai.response.system_fingerprint": "fp_1",
            "openai.response.service_tier": "default",
        },
    ),
    "tool duration": Reading("gen_ai.execute_tool.duration", SECONDS, _TOOL),
    "mcp duration": Reading("mcp.client.operation.duration", SECONDS, _MCP_TOOL),
    "first chunk": Reading(f"{_PREFIX}.time_to_first_chunk", 0.5, _SERVED),
    "next chunk": Reading(f"{_PREFIX}.time_per_output_chunk", 0.1, _SERVED),
    "input": Reading(f"{_PREFIX}.usage.input_tokens", 30, _COUNTED),
    "output": Reading(f"{_PREFIX}.usage.output_tokens", 12, _COUNTED),
    "input histogram": Reading(f"{_PREFIX}.operation.input_tokens", 30, _SERVED),
    "output histogram": Reading(f"{_PREFIX}.operation.output_tokens", 12, _SERVED),
}
OF_A_CHAT = ("duration", "input", "output", "input histogram", "output histogram")
OF_A_STREAM = (*OF_A_CHAT, "first chunk", "next chunk")


def raised() -> ValueError:
    """Give an exception that has a traceback."""
    try:
        raise ValueError("no such model")
    except ValueError as problem:
        return problem


NOTES: dict[str, Note] = {
    "details": Note(DETAILS, {**_CHAT, "gen_ai.input.messages": TEXT}, SeverityNumber.DEBUG),
    "exception": Note(EXCEPTION, {}, SeverityNumber.WARN, exception=raised()),
    "evaluation": Note(
        EVALUATION,
        {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.explanation": "fits"},
        SeverityNumber.INFO,
    ),
    "late evaluation": Note(
        EVALUATION,
        {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.explanation": "fits", "gen_ai.response.id": "r1"},
        place=None,
    ),
    "exception with a body": Note(EXCEPTION, {}, SeverityNumber.WARN, exception=raised(), body="no such model"),
    "of others": Note("acme.feedback", {"gen_ai.response.id": "r1", "acme.stars": 5}),
    "foreign": Note(None, {"code.line.number": 3}, body="cache warmed"),
    "own": Note("ex_llm.cache.hit", {"key": "k"}),
}
