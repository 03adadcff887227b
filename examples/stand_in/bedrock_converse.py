"""Amazon Bedrock's converse, token counts and guardrails."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Route, Stream, Whole
from .openai_chat import chosen_tools, limited
from .words import answer_text, cached_tokens, count, example_of, pieces, reasoning_tokens, slices, texts_in

_THOUGHT = "The stand-in thinks nothing at all."
_SIGNATURE = "c3RhbmQtaW4="
_WRITTEN = {"5m": 1, "1h": 2}


def converse(request: Request) -> Answer:
    """Answer POST /model/{model}/converse."""
    return Whole(answered(request))


def converse_stream(request: Request) -> Answer:
    """Answer POST /model/{model}/converse-stream."""
    return Stream([Event(data, name) for event in events(answered(request)) for name, data in event.items()])


def answered(request: Request) -> dict[str, Any]:
    """Return the whole response to a request."""
    requested = request.fields
    messages = requested.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("400", "Value null at 'messages' failed to satisfy constraint: Member must not be null")
    texts = _texts(requested)
    blocks, stop, spoken = _blocks(request, requested, " ".join(texts), messages[-1])
    return {
        "metrics": {"latencyMs": 7}, "output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": stop,
        "usage": counted(request, count(texts), spoken),
    }  # fmt: skip


def _texts(requested: Json) -> list[str]:
    return texts_in(requested.get("system")) + [text for message in requested.get("messages") or [] for text in texts_in(message)]


def _blocks(request: Request, requested: Json, prompt: str, last: Json) -> tuple[list[Json], str, int]:
    """Return the content, its finish reason, and its number of tokens."""
    calls = _tool_calls(request, requested.get("toolConfig") or {}, prompt, last)
    inference = requested.get("inferenceConfig") or {}
    limit = inference.get("maxTokens") or inference.get("max_new_tokens")
    output, cut = limited([] if calls else pieces(answer_text(request, prompt)), limit)
    thought = {"reasoningContent": {"reasoningText": {"text": _THOUGHT, "signature": _SIGNATURE}}}
    spoken = len(output) + sum(len(slices(json.dumps(call["toolUse"]["input"]))) for call in calls)
    blocks = [*([thought] if reasoning_tokens(request) else []), *([{"text": "".join(output)}] if output else []), *calls]
    return blocks, "tool_use" if calls else "max_tokens" if cut else "end_turn", spoken


def _tool_calls(request: Request, config: Json, prompt: str, last: Json) -> list[Json]:
    specs = [tool["toolSpec"] for tool in config.get("tools") or [] if "toolSpec" in tool]
    tools = [{"type": "function", "name": spec["name"], "schema": (spec.get("inputSchema") or {}).get("json") or {}} for spec in specs]
    choice = config.get("toolChoice") or {}
    wanted: Any = {"name": choice["tool"]["name"]} if "tool" in choice else "required" if "any" in choice else "auto"
    answered = any("toolResult" in block for block in last.get("content") or [])
    return [
        {"toolUse": {"toolUseId": request.new_id("tooluse_"), "name": tool["name"], "input": example_of(tool["schema"])}}
        for tool in chosen_tools(wanted, tools, prompt, answered)
    ]


def counted(request: Request, prompt: int, spoken: int) -> dict[str, Any]:
    """Return the usage.

    For a model named ``cached``, half of the prompt is read from the cache; for one named ``written``, three tokens are written.
    """
    read, output = cached_tokens(request, prompt), spoken + reasoning_tokens(request)
    written = _WRITTEN if "written" in request.model else {}
    stored = sum(written.values())
    usage = {
        "inputTokens": prompt - read, "outputTokens": output, "totalTokens": prompt + stored + output,
        "cacheReadInputTokens": read, "cacheWriteInputTokens": stored,
    }  # fmt: skip
    details = [{"ttl": ttl, "inputTokens": tokens} for ttl, tokens in written.items()]
    return usage | ({"cacheDetails": details} if details else {})


def events(answer: Json) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream for this response, with their names."""
    yield {"messageStart": {"role": "assistant"}}
    for index, block in enumerate(answer["output"]["message"]["content"]):
        if "toolUse" in block:
            yield {"contentBlockStart": {"start": {"toolUse": {**block["toolUse"], "input": None}}, "contentBlockIndex": index}}
        for delta in _deltas(block):
            yield {"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}}
        yield {"contentBlockStop": {"contentBlockIndex": index}}
    yield {"messageStop": {"stopReason": answer["stopReason"]}}
    yield {"metadata": {"usage": answer["usage"], "metrics": answer["metrics"]}}


def _deltas(block: Json) -> list[Json]:
    if "toolUse" in block:
        return [{"toolUse": {"input": part}} for part in slices(json.dumps(block["toolUse"]["input"]))]
    if "text" in block:
        return [{"text": piece} for piece in pieces(block["text"])]
    thought = block["reasoningContent"]["reasoningText"]
    reported = [{"reasoningContent": {"text": piece}} for piece in pieces(thought["text"])]
    return [*reported, {"reasoningContent": {"signature": thought["signature"]}}]


def count_tokens(request: Request) -> Answer:
    """Answer POST /model/{model}/count-tokens, for a conversation or a body."""
    requested = request.fields.get("input") or {}
    body = (requested.get("invokeModel") or {}).get("body")
    return Whole({"inputTokens": count(_texts(requested.get("converse") or (json.loads(base64.b64decode(body)) if body else {})))})


def apply_guardrail(request: Request) -> Answer:
    """Answer POST /guardrail/{guardrail}/version/{version}/apply: no finding."""
    units = ("topicPolicyUnits", "contentPolicyUnits", "wordPolicyUnits", "sensitiveInformationPolicyUnits",
             "sensitiveInformationPolicyFreeUnits", "contextualGroundingPolicyUnits")  # fmt: skip
    return Whole({"usage": dict.fromkeys(units, 1), "action": "NONE", "outputs": [], "assessments": []})


def invoke_guardrail_checks(_request: Request) -> Answer:
    """Answer POST /guardrail-checks/invoke: no finding."""
    return Whole({"results": {}, "usage": {}})


ROUTES = (
    Route("POST", "/model/{model}/converse", converse),
    Route("POST", "/model/{model}/converse-stream", converse_stream),
    Route("POST", "/model/{model}/count-tokens", count_tokens),
    Route("POST", "/guardrail/{guardrail}/version/{version}/apply", apply_guardrail),
    Route("POST", "/guardrail-checks/invoke", invoke_guardrail_checks),
)
