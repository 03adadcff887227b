"""Cohere's chats and generations, of both versions of its API.

The billed tokens are the words of the prompt and the response. The total is higher, because Cohere does not bill its preamble.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Stream, Whole
from .openai_chat import DONE, chosen_tools, formatted, limited
from .words import answer_text, cached_tokens, count, fill, pieces, slices, texts_in

PREAMBLE = 60
_REASONS = {"length": "MAX_TOKENS", "tool_calls": "TOOL_CALL", "stop": "COMPLETE"}


def figures(request: Request, prompt: int, said: int) -> dict[str, Any]:
    """Return the usage of a chat: the billed tokens, and all tokens."""
    counts: dict[str, Any] = {
        "billed_units": {"input_tokens": prompt, "output_tokens": said},
        "tokens": {"input_tokens": prompt + PREAMBLE, "output_tokens": said + 2},
    }
    cached = cached_tokens(request, prompt)
    return {**counts, "cached_tokens": cached} if cached else counts


def meta(version: str, counts: dict[str, Any]) -> Json:
    """Return the part of a response with the API version and the usage."""
    return {"api_version": {"version": version}, **counts}


class _Said:
    """The contents of a chat response for both versions of the API.

    Texts or tool calls, and the usage.
    """

    def __init__(self, request: Request, texts: list[str], tools: list[Json], after_result: bool) -> None:
        asked = request.fields
        prompt = " ".join(texts)
        choice = {"REQUIRED": "required", "NONE": "none"}.get(str(asked.get("tool_choice")))
        self.calls = [
            {"id": request.new_id("call_"), "type": "function",
             "function": {"name": tool["function"]["name"], "arguments": json.dumps(fill(tool["function"].get("parameters") or {}))}}
            for tool in chosen_tools(choice, tools, prompt, after_result)
        ]  # fmt: skip
        wanted = asked.get("response_format") or {}
        text = formatted(wanted, wanted.get("json_schema") or wanted.get("schema")) or answer_text(request, prompt)
        self.pieces, cut = limited([] if self.calls else pieces(text), asked.get("max_tokens"))
        self.reason = _REASONS["tool_calls" if self.calls else "length" if cut else "stop"]
        spoken = len(self.pieces) + sum(len(slices(call["function"]["arguments"])) for call in self.calls)
        self.counts = figures(request, count(texts), spoken)


def chat(request: Request) -> Answer:
    """Answer POST /v2/chat."""
    messages = request.fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("400", "invalid request: messages must be at least 1 element long")
    texts = [text for message in messages for text in texts_in(message)]
    said = _Said(request, texts, request.fields.get("tools") or [], messages[-1].get("role") == "tool")
    identity = request.new_id("chat-")
    if request.fields.get("stream"):
        return Stream(list(_events(identity, said)))
    message: dict[str, Any] = {"role": "assistant"}
    if said.calls:
        message |= {"tool_plan": "I will use a tool.", "tool_calls": said.calls}
    else:
        message |= {"content": [{"type": "text", "text": "".join(said.pieces)}]}
    return Whole({"id": identity, "message": message, "finish_reason": said.reason, "usage": said.counts})


def _events(identity: str, said: _Said) -> Iterator[Event]:
    def event(kind: str, index: int | None = None, **message: Any) -> Event:
        place = {} if index is None else {"index": index}
        return Event({"type": kind, **place, **({"delta": {"message": message}} if message else {})}, kind)

    begun = {"role": "assistant", "content": [], "tool_calls": []}
    yield Event({"id": identity, "type": "message-start", "delta": {"message": begun}}, "message-start")
    if said.calls:
        yield from (event("tool-plan-delta", tool_plan=piece) for piece in pieces("I will use a tool."))
    for index, call in enumerate(said.calls):
        function = {**call["function"], "arguments": ""}
        yield event("tool-call-start", index, tool_calls={**call, "function": function})
        for part in slices(call["function"]["arguments"]):
            yield event("tool-call-delta", index, tool_calls={"function": {"arguments": part}})
        yield event("tool-call-end", index)
    if said.pieces:
        yield event("content-start", 0, content={"type": "text", "text": ""})
        yield from (event("content-delta", 0, content={"text": piece}) for piece in said.pieces)
        yield event("content-end", 0)
    yield Event({"type": "message-end", "delta": {"finish_reason": said.reason, "usage": said.counts}}, "message-end")
    yield DONE


def old_chat(request: Request) -> Answer:
    """Answer POST /v1/chat."""
    asked = request.fields
    if not isinstance(asked.get("message"), str):
        raise Refused("400", "invalid request: message must be at least 1 token long or tool results must be specified.")
    history = [turn.get("message") or "" for turn in asked.get("chat_history") or []]
    tools = [{"type": "function", "function": {"name": tool.get("name"), "parameters": {}}} for tool in asked.get("tools") or []]
    said = _Said(request, [*history, asked["message"]], tools, bool(asked.get("tool_results")))
    body: dict[str, Any] = {
        "response_id": request.new_id("response-"), "generation_id": request.new_id("generation-"), "text": "".join(said.pieces),
        "chat_history": [], "finish_reason": "COMPLETE" if said.calls else said.reason, "meta": meta("1", said.counts),
        "tool_calls": [{"name": call["function"]["name"], "parameters": json.loads(call["function"]["arguments"])} for call in said.calls],
    }  # fmt: skip
    if not asked.get("stream"):
        return Whole(body)
    first = {"event_type": "stream-start", "generation_id": body["generation_id"], "is_finished": False}
    last = {"event_type": "stream-end", "finish_reason": body["finish_reason"], "is_finished": True, "response": body}
    return _lines(first, _generated(said.pieces), last)


def generate(request: Request) -> Answer:
    """Answer POST /v1/generate."""
    asked = request.fields
    prompt = str(asked.get("prompt") or "")
    said, cut = limited(pieces(answer_text(request, prompt)), asked.get("max_tokens"))
    number = int(asked.get("num_generations") or 1)
    reason = _REASONS["length" if cut else "stop"]
    generations = [{"id": request.new_id("generation-"), "text": "".join(said), "index": i, "finish_reason": reason} for i in range(number)]
    counts = {"billed_units": {"input_tokens": count([prompt]), "output_tokens": len(said) * number}}
    body = {"id": request.new_id("generate-"), "prompt": prompt, "generations": generations, "meta": meta("1", counts)}
    if not asked.get("stream"):
        return Whole(body)
    return _lines(None, _generated(said), {"event_type": "stream-end", "finish_reason": reason, "is_finished": True, "response": body})


def _generated(said: list[str]) -> list[Json]:
    return [{"event_type": "text-generation", "is_finished": False, "text": piece} for piece in said]


def _lines(first: Json, middle: list[Json], last: Json) -> Stream:
    events = [Event(data) for data in ([first] if first else []) + middle + [last]]
    return Stream(events, content_type="application/stream+json", frame=lambda event: _line(event.data))


def _line(data: Json) -> bytes:
    return (data if isinstance(data, str) else json.dumps(data)).encode() + b"\n"
