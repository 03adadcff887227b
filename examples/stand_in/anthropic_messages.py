"""Anthropic's messages, token counts, batches, and older text completions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Route, Stream, Whole
from .openai_chat import chosen_tools, limited
from .words import answer_text, cached_tokens, count, example_of, pieces, reasoning_tokens, response_model, slices, texts_in

_MODELS = "/projects/{project}/locations/{location}/publishers/anthropic/models/"
_THOUGHT = "The stand-in thinks nothing at all."
_SIGNATURE = "c3RhbmQtaW4="
_WRITTEN = {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}
_BATCH: dict[str, Any] = {
    "type": "message_batch", "processing_status": "in_progress", "created_at": "2026-01-01T00:00:00Z",
    "expires_at": "2026-01-02T00:00:00Z", "ended_at": None, "archived_at": None, "cancel_initiated_at": None, "results_url": None,
    "request_counts": {"processing": 1, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
}  # fmt: skip


def create(request: Request) -> Answer:
    """Answer a message for Anthropic's client, or for a cloud's client.

    A cloud's client has the model in the path.
    """
    requested = request.fields
    messages = requested.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("400", "messages: Field required")
    texts = _texts(requested)
    blocks, stop, spoken = _blocks(request, requested, " ".join(texts), messages[-1])
    frame = {
        "model": response_model(request), "id": request.new_id("msg_"), "type": "message", "role": "assistant",
        "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": _usage(request, count(texts), spoken, blocks),
    }  # fmt: skip
    return Stream(list(_events(frame))) if requested.get("stream") else Whole(frame)


def _texts(requested: Json) -> list[str]:
    return texts_in(requested.get("system")) + [text for message in requested.get("messages") or [] for text in texts_in(message)]


def _blocks(request: Request, requested: Json, prompt: str, last: Json) -> tuple[list[Json], str, int]:
    """Return the content, its finish reason, and its number of tokens."""
    searched = _searched(request, requested, prompt)
    calls = _tool_calls(request, requested, prompt, last)
    schema = ((requested.get("output_config") or {}).get("format") or requested.get("output_format") or {}).get("schema")
    output = [] if calls else pieces(json.dumps(example_of(schema)) if schema else answer_text(request, prompt))
    output, cut = limited(output, requested.get("max_tokens"))
    thinking = [{"type": "thinking", "thinking": _THOUGHT, "signature": _SIGNATURE}] if reasoning_tokens(request) else []
    texts = [{"type": "text", "text": "".join(output)}] if output else []
    spoken = len(output) + sum(len(slices(json.dumps(call["input"]))) for call in calls)
    return [*thinking, *searched, *texts, *calls], "tool_use" if calls else "max_tokens" if cut else "end_turn", spoken


def _tool_calls(request: Request, requested: Json, prompt: str, last: Json) -> list[Json]:
    own = [tool for tool in requested.get("tools") or [] if tool.get("type") in (None, "custom")]
    tools = [{"type": "function", "name": tool["name"], "schema": tool.get("input_schema") or {}} for tool in own]
    choice = requested.get("tool_choice") or {}
    wanted = {"any": "required", "tool": {"name": choice.get("name")}, "none": "none"}.get(choice.get("type"), "auto")
    answered = isinstance(last.get("content"), list) and any(part.get("type") == "tool_result" for part in last["content"])
    return [
        {"type": "tool_use", "id": request.new_id("toolu_"), "name": tool["name"], "input": example_of(tool["schema"])}
        for tool in chosen_tools(wanted, tools, prompt, answered)
    ]


def _searched(request: Request, requested: Json, prompt: str) -> list[Json]:
    """Return the content of a web search, if tool and prompt request it."""
    tools = [str(tool.get("type")) for tool in requested.get("tools") or []]
    if "search the web" not in prompt or not any(tool.startswith("web_search_") for tool in tools):
        return []
    identity = request.new_id("srvtoolu_")
    found = {"type": "web_search_result", "title": "A canned page", "url": "https://stand-in.example/", "page_age": None,
             "encrypted_content": _SIGNATURE}  # fmt: skip
    return [
        {"type": "server_tool_use", "id": identity, "name": "web_search", "input": {"query": "canned"}},
        {"type": "web_search_tool_result", "tool_use_id": identity, "content": [found]},
    ]


def _usage(request: Request, prompt: int, spoken: int, blocks: list[Json]) -> dict[str, Any]:
    """Return the usage.

    For a model named ``cached``, half of the prompt is read from the cache; for one named ``written``, three tokens are written.
    """
    read, thought = cached_tokens(request, prompt), reasoning_tokens(request)
    written = _WRITTEN if "written" in request.model else dict.fromkeys(_WRITTEN, 0)
    searches = sum(block["type"] == "server_tool_use" for block in blocks)
    usage = {
        "input_tokens": max(0, prompt - read), "cache_read_input_tokens": read, "cache_creation_input_tokens": sum(written.values()),
        "cache_creation": written, "output_tokens": spoken + thought, "service_tier": "standard",
    }  # fmt: skip
    usage |= {"output_tokens_details": {"thinking_tokens": thought}} if thought else {}
    return usage | ({"server_tool_use": {"web_search_requests": searches, "web_fetch_requests": 0}} if searches else {})


def _event(type_: str, **fields: Any) -> Event:
    return Event({"type": type_, **fields}, type_)


_DELTAS: dict[str, Callable[[Json], list[Json]]] = {
    "text": lambda block: [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])],
    "thinking": lambda block: [
        *({"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])),
        {"type": "signature_delta", "signature": block["signature"]},
    ],
    "tool_use": lambda block: [{"type": "input_json_delta", "partial_json": part} for part in slices(json.dumps(block["input"]))],
}
_EMPTY: dict[str, Json] = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}
_DELTAS["server_tool_use"], _EMPTY["server_tool_use"] = _DELTAS["tool_use"], _EMPTY["tool_use"]


def _events(message: Json) -> Iterator[Event]:
    usage = message["usage"]
    # The start event has one output token; the end event has all output tokens, including that token.
    begun = {key: value for key, value in usage.items() if key not in ("output_tokens_details", "server_tool_use")} | {"output_tokens": 1}
    yield _event("message_start", message={**message, "content": [], "stop_reason": None, "usage": begun})
    for index, block in enumerate(message["content"]):
        yield _event("content_block_start", index=index, content_block={**block, **_EMPTY.get(block["type"], {})})
        if index == 0:
            yield _event("ping")
        for delta in _DELTAS.get(block["type"], lambda _block: [])(block):
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    counted = {key: value for key, value in usage.items() if key not in ("cache_creation", "service_tier")}
    yield _event("message_delta", delta={"stop_reason": message["stop_reason"], "stop_sequence": None}, usage=counted)
    yield _event("message_stop")


def count_tokens(request: Request) -> Answer:
    """Answer POST /messages/count_tokens."""
    return Whole({"input_tokens": count(_texts(request.fields))})


def complete(request: Request) -> Answer:
    """Answer POST /complete."""
    requested = request.fields
    output, cut = limited(pieces(answer_text(request, str(requested.get("prompt")))), requested.get("max_tokens_to_sample"))
    stop = "max_tokens" if cut else "stop_sequence"
    frame = {"type": "completion", "id": request.new_id("compl_"), "model": response_model(request), "log_id": "compl_log"}
    if not requested.get("stream"):
        return Whole({**frame, "completion": "".join(output), "stop_reason": stop, "stop": None if cut else "\n\nHuman:"})
    ends = [{"completion": piece, "stop_reason": None} for piece in output] + [{"completion": "", "stop_reason": stop}]
    return Stream([Event({**frame, **end}, "completion") for end in ends])


def _batch(changes: Json, request: Request) -> Answer:
    return Whole({"id": request.parameters.get("id") or request.new_id("msgbatch_"), **_BATCH, **changes})


def _ended(request: Request) -> Answer:
    address = f"/v1/messages/batches/{request.parameters['id']}/results"
    return _batch({"processing_status": "ended", "results_url": address}, request)


def _batches(_request: Request) -> Answer:
    return Whole({"data": [{"id": "msgbatch_1", **_BATCH}], "first_id": "msgbatch_1", "last_id": "msgbatch_1", "has_more": False})


def _results(_request: Request) -> Answer:
    row = {"custom_id": "first", "result": {"type": "canceled"}}
    return Whole(json.dumps(row).encode() + b"\n", content_type="application/x-jsonl")


ROUTES = (
    Route("POST", "/messages", create),
    Route("POST", "/messages/count_tokens", count_tokens),
    Route("POST", "/messages/batches", partial(_batch, {})),
    Route("GET", "/messages/batches", _batches),
    Route("GET", "/messages/batches/{id}", _ended),
    Route("GET", "/messages/batches/{id}/results", _results),
    Route("POST", "/messages/batches/{id}/cancel", partial(_batch, {"processing_status": "canceling"})),
    Route("DELETE", "/messages/batches/{id}", partial(_batch, {"type": "message_batch_deleted"})),
    Route("POST", "/complete", complete),
    Route("POST", _MODELS + "count-tokens:rawPredict", count_tokens),
    Route("POST", _MODELS + "{model}:rawPredict", create),
    Route("POST", _MODELS + "{model}:streamRawPredict", create),
)
