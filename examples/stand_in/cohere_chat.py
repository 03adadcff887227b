"""Cohere's chats and generations, of both versions of its API.

The billed tokens are the words of the prompt and the response. The total is higher, because Cohere does not bill its preamble.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Stream, Whole
from .openai_chat import DONE, chosen_tools, formatted, limited
from .words import answer_text, cached_tokens, count, example_of, pieces, slices, texts_in

PREAMBLE = 60
_REASONS = {"length": "MAX_TOKENS", "tool_calls": "TOOL_CALL", "stop": "COMPLETE"}


def figures(request: Request, prompt: int, output: int) -> dict[str, Any]:
    """Return the usage of a chat: the billed tokens, and all tokens."""
    counts: dict[str, Any] = {
        "billed_units": {"input_tokens": prompt, "output_tokens": output},
        "tokens": {"input_tokens": prompt + PREAMBLE, "output_tokens": output + 2},
    }
    cached = cached_tokens(request, prompt)
    return {**counts, "cached_tokens": cached} if cached else counts


def meta(version: str, counts: dict[str, Any]) -> Json:
    """Return the part of a response with the API version and the usage."""
    return {"api_version": {"version": version}, **counts}


class _Output:
    """The contents of a chat response for both versions of the API.

    Texts or tool calls, and the usage.
    """

    def __init__(self, request: Request, texts: list[str], tools: list[Json], after_result: bool) -> None:
        requested = request.fields
        prompt = " ".join(texts)
        choice = {"REQUIRED": "required", "NONE": "none"}.get(str(requested.get("tool_choice")))
        self.calls = [
            {"id": request.new_id("call_"), "type": "function",
             "function": {"name": tool["function"]["name"], "arguments": json.dumps(example_of(tool["function"].get("parameters") or {}))}}
            for tool in chosen_tools(choice, tools, prompt, after_result)
        ]  # fmt: skip
        wanted = requested.get("response_format") or {}
        text = formatted(wanted, wanted.get("json_schema") or wanted.get("schema")) or answer_text(request, prompt)
        self.pieces, cut = limited([] if self.calls else pieces(text), requested.get("max_tokens"))
        self.reason = _REASONS["tool_calls" if self.calls else "length" if cut else "stop"]
        spoken = len(self.pieces) + sum(len(slices(call["function"]["arguments"])) for call in self.calls)
        self.counts = figures(request, count(texts), spoken)


def chat(request: Request) -> Answer:
    """Answer POST /v2/chat."""
    messages = request.fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused("400", "invalid request: messages must be at least 1 element long")
    texts = [text for message in messages for text in texts_in(message)]
    output = _Output(request, texts, request.fields.get("tools") or [], messages[-1].get("role") == "tool")
    identity = request.new_id("chat-")
    if request.fields.get("stream"):
        return Stream(list(_events(identity, output)))
    message: dict[str, Any] = {"role": "assistant"}
    if output.calls:
        message |= {"tool_plan": "I will use a tool.", "tool_calls": output.calls}
    else:
        message |= {"content": [{"type": "text", "text": "".join(output.pieces)}]}
    return Whole({"id": identity, "message": message, "finish_reason": output.reason, "usage": output.counts})


def _events(identity: str, output: _Output) -> Iterator[Event]:
    def event(kind: str, index: int | None = None, **message: Any) -> Event:
        place = {} if index is None else {"index": index}
        return Event({"type": kind, **place, **({"delta": {"message": message}} if message else {})}, kind)

    begun = {"role": "assistant", "content": [], "tool_calls": []}
    yield Event({"id": identity, "type": "message-start", "delta": {"message": begun}}, "message-start")
    if output.calls:
        yield from (event("tool-plan-delta", tool_plan=piece) for piece in pieces("I will use a tool."))
    for index, call in enumerate(output.calls):
        function = {**call["function"], "arguments": ""}
        yield event("tool-call-start", index, tool_calls={**call, "function": function})
        for part in slices(call["function"]["arguments"]):
            yield event("tool-call-delta", index, tool_calls={"function": {"arguments": part}})
        yield event("tool-call-end", index)
    if output.pieces:
        yield event("content-start", 0, content={"type": "text", "text": ""})
        yield from (event("content-delta", 0, content={"text": piece}) for piece in output.pieces)
        yield event("content-end", 0)
    yield Event({"type": "message-end", "delta": {"finish_reason": output.reason, "usage": output.counts}}, "message-end")
    yield DONE


def old_chat(request: Request) -> Answer:
    """Answer POST /v1/chat."""
    requested = request.fields
    if not isinstance(requested.get("message"), str):
        raise Refused("400", "invalid request: message must be at least 1 token long or tool results must be specified.")
    history = [turn.get("message") or "" for turn in requested.get("chat_history") or []]
    tools = [{"type": "function", "function": {"name": tool.get("name"), "parameters": {}}} for tool in requested.get("tools") or []]
    output = _Output(request, [*history, requested["message"]], tools, bool(requested.get("tool_results")))
    body: dict[str, Any] = {
        "response_id": request.new_id("response-"), "generation_id": request.new_id("generation-"), "text": "".join(output.pieces),
        "chat_history": [], "finish_reason": "COMPLETE" if output.calls else output.reason, "meta": meta("1", output.counts),
        "tool_calls": [{"name": call["function"]["name"], "parameters": json.loads(call["function"]["arguments"])} for call in output.calls],
    }  # fmt: skip
    if not requested.get("stream"):
        return Whole(body)
    first = {"event_type": "stream-start", "generation_id": body["generation_id"], "is_finished": False}
    last = {"event_type": "stream-end", "finish_reason": body["finish_reason"], "is_finished": True, "response": body}
    return _lines(first, _generated(output.pieces), last)


def generate(request: Request) -> Answer:
    """Answer POST /v1/generate."""
    requested = request.fields
    prompt = str(requested.get("prompt") or "")
    output, cut = limited(pieces(answer_text(request, prompt)), requested.get("max_tokens"))
    number = int(requested.get("num_generations") or 1)
    reason = _REASONS["length" if cut else "stop"]
    generations = [
        {"id": request.new_id("generation-"), "text": "".join(output), "index": i, "finish_reason": reason} for i in range(number)
    ]
    counts = {"billed_units": {"input_tokens": count([prompt]), "output_tokens": len(output) * number}}
    body = {"id": request.new_id("generate-"), "prompt": prompt, "generations": generations, "meta": meta("1", counts)}
    if not requested.get("stream"):
        return Whole(body)
    return _lines(None, _generated(output), {"event_type": "stream-end", "finish_reason": reason, "is_finished": True, "response": body})


def _generated(output: list[str]) -> list[Json]:
    return [{"event_type": "text-generation", "is_finished": False, "text": piece} for piece in output]


def _lines(first: Json, middle: list[Json], last: Json) -> Stream:
    events = [Event(data) for data in ([first] if first else []) + middle + [last]]
    return Stream(events, content_type="application/stream+json", frame=lambda event: _line(event.data))


def _line(data: Json) -> bytes:
    return (data if isinstance(data, str) else json.dumps(data)).encode() + b"\n"
