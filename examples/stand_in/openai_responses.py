"""OpenAI's responses: whole, streamed with all events, background, fetched again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .exchange import Answer, Event, Json, Refused, Request, Route, Stream, Whole
from .openai_chat import chosen_tools, formatted, limited
from .words import CREATED, answer_text, cached_tokens, count, example_of, pieces, reasoning_tokens, response_model, slices, texts_in

_ECHOED: dict[str, Any] = {
    "background": False, "instructions": None, "max_output_tokens": None, "max_tool_calls": None, "parallel_tool_calls": True,
    "previous_response_id": None, "prompt_cache_key": None, "reasoning": {"effort": None, "summary": None}, "safety_identifier": None,
    "store": True, "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_logprobs": 0,
    "top_p": 1.0, "truncation": "disabled", "user": None, "metadata": {},
}  # fmt: skip


def create(request: Request) -> Answer:
    """Answer POST /responses."""
    requested = request.fields
    if not requested.get("input") and not requested.get("prompt"):
        raise Refused("400", "Missing required parameter: 'input'.")
    response = build(request, requested, request.new_id("resp_"))
    request.memory.remember(response["id"], {**requested, "model": request.model})
    if requested.get("stream"):
        return Stream(list(events(response)))
    return Whole(_queued(response) if requested.get("background") else response)


def build(request: Request, requested: Json, identity: str) -> dict[str, Any]:
    """Return the finished response."""
    texts = texts_in(requested.get("instructions")) + texts_in(requested.get("input"))
    number = identity.rpartition("_")[2]
    items = _tool_items(requested, " ".join(texts), number)
    status, cut = "completed", False
    if not items:
        format = (requested.get("text") or {}).get("format") or {}
        output = pieces(formatted(format, format.get("schema")) or answer_text(request, " ".join(texts)))
        output, cut = limited(
            output, len(output) // 2 if request.scenario("incomplete-response") is not None else requested.get("max_output_tokens")
        )
        status = "incomplete" if cut else "completed"
        items = [_message(f"msg_{number}", "".join(output), status)]
    spoken = sum(len(list(_pieces_of(item))) for item in items)
    if reasoning_tokens(request):
        items = [{"id": f"rs_{number}", "type": "reasoning", "summary": []}, *items]
    failed = request.scenario("failed-response") is not None
    echoed = {key: requested[key] if requested.get(key) is not None else default for key, default in _ECHOED.items()}
    return {
        "id": identity,
        "object": "response",
        "created_at": CREATED,
        "completed_at": CREATED + 1,
        "status": "failed" if failed else status,
        "error": {"code": "server_error", "message": "The stand-in was asked to fail."} if failed else None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": response_model(request),
        "output": [] if failed else items,
        "usage": None if failed else _usage(request, count(texts), spoken),
        "service_tier": "default",
        **echoed,
    }


def _usage(request: Request, prompt: int, spoken: int) -> Json:
    reasoning = reasoning_tokens(request)
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached_tokens(request, prompt), "cache_write_tokens": 0},
        "output_tokens": spoken + reasoning,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": prompt + spoken + reasoning,
    }


def _message(identity: str, text: str, status: str) -> Json:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": identity, "type": "message", "role": "assistant", "status": status, "content": [part]}


def _tool_items(requested: Json, prompt: str, number: str) -> list[Json]:
    given = requested.get("input")
    last = given[-1] if isinstance(given, list) and given and isinstance(given[-1], dict) else {}
    tools = chosen_tools(requested.get("tool_choice"), requested.get("tools") or [], prompt, last.get("type") == "function_call_output")
    return [
        {"id": f"fc_{number}_{index}", "type": "function_call", "status": "completed", "call_id": f"call_{number}_{index}",
         "name": tool["name"], "arguments": json.dumps(example_of(tool.get("parameters") or {}))}
        for index, tool in enumerate(tools)
    ]  # fmt: skip


def _pieces_of(item: Json) -> list[str]:
    if item["type"] == "function_call":
        return slices(item["arguments"])
    return pieces(item["content"][0]["text"]) if item["type"] == "message" else []


def _queued(response: Json) -> Json:
    return {**response, "status": "queued", "output": [], "usage": None, "completed_at": None, "incomplete_details": None, "error": None}


def events(response: Json) -> Iterator[Event]:
    """Yield the events of this response."""
    begun = {**_queued(response), "status": "in_progress"}
    reported: list[Json] = [{"type": "response.created", "response": _queued(response) if response["background"] else begun}]
    if response["background"]:
        reported.append({"type": "response.queued", "response": _queued(response)})
    reported.append({"type": "response.in_progress", "response": begun})
    for index, item in enumerate(response["output"]):
        reported += [{"output_index": index, **event} for event in _ITEM_EVENTS[item["type"]](item)]
    reported.append({"type": f"response.{response['status']}", "response": response})
    for number, event in enumerate(reported):
        yield Event({"type": event["type"], "sequence_number": number, **event}, event["type"])


def _message_events(item: Json) -> Iterator[Json]:
    part = item["content"][0]
    place = {"item_id": item["id"], "content_index": 0}
    yield {"type": "response.output_item.added", "item": {**item, "status": "in_progress", "content": []}}
    yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
    for piece in _pieces_of(item):
        yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **place, "part": part}
    yield {"type": "response.output_item.done", "item": item}


def _call_events(item: Json) -> Iterator[Json]:
    place = {"item_id": item["id"]}
    yield {"type": "response.output_item.added", "item": {**item, "status": "in_progress", "arguments": ""}}
    for piece in _pieces_of(item):
        yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
    yield {"type": "response.function_call_arguments.done", **place, "name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.output_item.done", "item": item}


def _reasoning_events(item: Json) -> Iterator[Json]:
    yield {"type": "response.output_item.added", "item": item}
    yield {"type": "response.output_item.done", "item": item}


_ITEM_EVENTS = {"message": _message_events, "function_call": _call_events, "reasoning": _reasoning_events}


def _recalled(request: Request) -> dict[str, Any]:
    identity = request.parameters["response_id"]
    requested = request.memory.recall(identity) or {"model": "gpt-stand-in", "input": "forgotten"}
    request.model = requested["model"]
    return build(request, requested, identity)


def retrieve(request: Request) -> Answer:
    """Answer GET /responses/{id}.

    With ``?stream=true`` it is a stream from the event after ``starting_after``.
    """
    response = _recalled(request)
    if request.query.get("stream") != "true":
        return Whole(response)
    after = int(request.query.get("starting_after", "-1"))
    return Stream([event for event in events(response) if event.data["sequence_number"] > after])


def cancel(request: Request) -> Answer:
    """Answer POST /responses/{id}/cancel."""
    return Whole({**_queued(_recalled(request)), "status": "cancelled"})


def input_items(request: Request) -> Answer:
    """Answer GET /responses/{id}/input_items."""
    requested = request.memory.recall(request.parameters["response_id"]) or {}
    content = [{"type": "input_text", "text": text} for text in texts_in(requested.get("input"))]
    item = {"id": "msg_in_1", "type": "message", "role": "user", "status": "completed", "content": content}
    return Whole({"object": "list", "data": [item], "first_id": item["id"], "last_id": item["id"], "has_more": False})


def count_input(request: Request) -> Answer:
    """Answer POST /responses/input_tokens."""
    texts = texts_in(request.fields.get("instructions")) + texts_in(request.fields.get("input"))
    return Whole({"object": "response.input_tokens", "input_tokens": count(texts)})


def compact(request: Request) -> Answer:
    """Answer POST /responses/compact."""
    texts = texts_in(request.fields.get("instructions")) + texts_in(request.fields.get("input"))
    item = {"id": request.new_id("cmp_"), "type": "compaction", "encrypted_content": "c3RhbmQtaW4="}
    return Whole({"id": request.new_id("resp_"), "object": "response.compaction", "created_at": CREATED, "output": [item],
                  "usage": _usage(request, count(texts), 4)})  # fmt: skip


def delete(request: Request) -> Answer:
    """Answer DELETE /responses/{id}."""
    return Whole({"id": request.parameters["response_id"], "object": "response", "deleted": True})


ROUTES = (
    Route("POST", "/responses", create),
    Route("POST", "/responses/input_tokens", count_input),
    Route("POST", "/responses/compact", compact),
    Route("GET", "/responses/{response_id}", retrieve),
    Route("DELETE", "/responses/{response_id}", delete),
    Route("POST", "/responses/{response_id}/cancel", cancel),
    Route("GET", "/responses/{response_id}/input_items", input_items),
)
