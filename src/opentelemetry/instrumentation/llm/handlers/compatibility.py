"""Write the names that other tools read, beside the names of the conventions.

The setting ``compatibility`` asks for each set. Nothing here runs without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..schema import semconv

_MOST = 128
"""Maximum number of messages that become attributes of their own."""
_OLD_SYSTEMS = {
    "x_ai": "xai", "gcp.gemini": "gemini", "gcp.vertex_ai": "vertex_ai", "azure.ai.openai": "az.ai.openai", "azure.ai.inference": "az.ai.inference",
}  # fmt: skip
_KINDS = {
    "chat": "LLM", "generate_content": "LLM", "text_completion": "LLM", "embeddings": "EMBEDDING", "rerank": "RERANKER", "retrieval": "RETRIEVER",
    "execute_tool": "TOOL", "invoke_agent": "AGENT", "invoke_workflow": "CHAIN",
}  # fmt: skip
_COUNTS = {
    semconv.USAGE["input_tokens"]: "llm.token_count.prompt",
    semconv.USAGE["output_tokens"]: "llm.token_count.completion",
    semconv.USAGE["cache_read_tokens"]: "llm.token_count.prompt_details.cache_read",
    semconv.USAGE["cache_write_tokens"]: "llm.token_count.prompt_details.cache_write",
    semconv.USAGE["reasoning_tokens"]: "llm.token_count.completion_details.reasoning",
    semconv.AGENT_NAME: "agent.name",
    semconv.TOOL_NAME: "tool.name",
    semconv.PROVIDER_NAME: "llm.provider",
}
_PARAMETERS = (
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "frequency_penalty",
    "presence_penalty",
    "stop_sequences",
    "seed",
    "choice_count",
)
_VALUES: Mapping[str, tuple[str, str | None]] = {
    "input_messages": ("input", "llm.input_messages"),
    "output_messages": ("output", "llm.output_messages"),
    "tool_arguments": ("input", None),
    "tool_result": ("output", None),
    "query": ("input", None),
    "documents": ("output", None),
}

Attributes = Mapping[str, Any]
"""Attributes of a span by the names of the conventions, contents included."""


def _older(known: Attributes) -> dict[str, Any]:
    """Return the names of conventions 1.37 that have other names now."""
    found: dict[str, Any] = {}
    if (provider := known.get(semconv.PROVIDER_NAME)) is not None:
        found["gen_ai.system"] = _OLD_SYSTEMS.get(provider, provider)
    if (written := known.get(semconv.USAGE["cache_write_tokens"])) is not None:
        found["gen_ai.usage.cache_creation.input_tokens"] = written
    return found


def _cost(known: Attributes) -> dict[str, Any]:
    """Return the cost in dollars, by the names that several back ends read."""
    cents = known.get(semconv.OURS["cost_cents"])
    return {} if cents is None else {"gen_ai.usage.cost": cents / 100, "llm.cost.total": cents / 100}


def _openinference(known: Attributes) -> dict[str, Any]:
    """Return the attributes of OpenInference."""
    kind = _KINDS.get(known.get(semconv.OPERATION_NAME, ""), "CHAIN")
    found: dict[str, Any] = {"openinference.span.kind": kind}
    found |= {name: known[key] for key, name in _COUNTS.items() if key in known}
    if (model := known.get(semconv.RESPONSE_MODEL) or known.get(semconv.REQUEST_MODEL)) is not None:
        found["embedding.model_name" if kind == "EMBEDDING" else "llm.model_name"] = model
    counts = [known[semconv.USAGE[key]] for key in ("input_tokens", "output_tokens") if semconv.USAGE[key] in known]
    if counts:
        found["llm.token_count.total"] = sum(counts)
    requested = {name: known[semconv.REQUEST[name]] for name in _PARAMETERS if semconv.REQUEST[name] in known}
    if requested:
        found["llm.invocation_parameters"] = json.dumps(requested)
    for field, (side, messages) in _VALUES.items():
        if (value := known.get(semconv.CONTENT[field])) is not None:
            found |= _value(side, value)
            found |= {} if messages is None else _messages(messages, value)
    return found


def _value(side: str, value: Any) -> dict[str, Any]:
    is_text = isinstance(value, str)
    text = value if is_text else json.dumps(value, ensure_ascii=False)
    return {f"{side}.value": text, f"{side}.mime_type": "text/plain" if is_text else "application/json"}


def _messages(prefix: str, value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for place, message in enumerate(value[:_MOST] if isinstance(value, list) else ()):
        here = f"{prefix}.{place}.message"
        found[f"{here}.role"] = message.get("role", "user")
        parts = message.get("parts") or ()
        texts = [part["content"] for part in parts if part.get("type") == "text" and isinstance(part.get("content"), str)]
        texts += [str(part.get("response")) for part in parts if part.get("type") == "tool_call_response"]
        if texts:
            found[f"{here}.content"] = "\n".join(texts)
        for number, call in enumerate(part for part in parts if part.get("type") == "tool_call"):
            there = f"{here}.tool_calls.{number}.tool_call"
            found[f"{there}.function.name"] = call.get("name", "")
            found[f"{there}.function.arguments"] = json.dumps(call.get("arguments"), ensure_ascii=False)
            if call.get("id") is not None:
                found[f"{there}.id"] = call["id"]
    return found


SETS: Mapping[str, Callable[[Attributes], dict[str, Any]]] = {"1.37": _older, "cost": _cost, "openinference": _openinference}


def added(names: tuple[str, ...], known: Attributes) -> dict[str, Any]:
    """Return the attributes of every requested set.

    >>> added(("1.37",), {"gen_ai.provider.name": "openai", "gen_ai.usage.cache_write.input_tokens": 7})
    {'gen_ai.system': 'openai', 'gen_ai.usage.cache_creation.input_tokens': 7}
    """
    found: dict[str, Any] = {}
    for name in names:
        found |= SETS[name](known)
    return found
