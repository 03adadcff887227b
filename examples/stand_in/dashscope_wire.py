"""Alibaba's wire format: routes, errors and usage.

Each event of a stream has an id, a name and a status.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from . import openai_chat
from .exchange import Answer, Event, Format, Json, Refused, Request, Route, Stream, Usage, Whole
from .words import count, texts_in

ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, "InvalidParameter", "Required parameter(s) missing or invalid."),
    "401": (401, "InvalidApiKey", "Invalid API-key provided."),
    "403": (403, "AccessDenied", "Access denied."),
    "404": (404, "ModelNotFound", "Model can not be found."),
    "429": (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    "500": (500, "InternalError", "An internal error has occured, please try again later."),
    "503": (503, "ModelServingError", "Too many requests. Your requests are being throttled due to system capacity limits."),
    "context-length": (400, "InvalidParameter", "Range of input length should be [1, 10]"),
    "content-filter": (400, "DataInspectionFailed", "Input data may contain inappropriate content."),
}
_TOTAL = "total_tokens"


def _requested(request: Request) -> Request:
    """Return the request in the form of OpenAI's chat."""
    given, settings = request.fields.get("input") or {}, request.fields.get("parameters") or {}
    messages = given.get("messages") or [{"role": "user", "content": given.get("prompt") or ""}]
    streams = request.header("x-dashscope-sse") == "enable"
    requested = replace(request)
    requested.__dict__["fields"] = {**settings, "messages": messages, "stream": streams, "stream_options": {"include_usage": True}}
    return requested


def _usage(produced: Json, spoken: int | None = None) -> dict[str, Any]:
    output = produced["completion_tokens"] if spoken is None else spoken
    counted = {"input_tokens": produced["prompt_tokens"], "output_tokens": output, _TOTAL: produced["prompt_tokens"] + output}
    return {**counted, "prompt_tokens_details": {"cached_tokens": produced["prompt_tokens_details"]["cached_tokens"]}}


def generate(request: Request) -> Answer:
    """Answer a generation from texts, as a message if requested, else as a text."""
    requested = _requested(request)
    as_message = requested.fields.get("result_format") == "message"
    return _generated(requested, lambda choice: choice if as_message else _as_text(choice), as_message)


def converse(request: Request) -> Answer:
    """Answer a generation from texts and media, whose contents are lists."""

    def parts(choice: Json) -> Json:
        message = choice["message"]
        return {**choice, "message": {**message, "content": [{"text": message["content"]}] if message["content"] else []}}

    return _generated(_requested(request), parts, True)


def _as_text(choice: Json) -> Json:
    return {"text": choice["message"]["content"], "finish_reason": choice["finish_reason"]}


def _generated(requested: Request, shaped: Any, as_message: bool) -> Answer:
    answer, request_id = openai_chat.chat(requested), requested.new_id("request-")

    def enveloped(choices: list[Json], usage: Json) -> Json:
        output = {"choices": [shaped(choice) for choice in choices]} if as_message else shaped(choices[0])
        return {"output": output, "usage": usage, "request_id": request_id}

    if isinstance(answer, Whole):
        body = answer.body
        kept = ("index", "finish_reason", "message")
        choices = [{key: value for key, value in choice.items() if key in kept} for choice in body["choices"]]
        for choice in choices:
            choice["message"] = {**choice["message"], "content": choice["message"]["content"] or ""}
        return Whole(enveloped(choices, _usage(body["usage"])))
    *pieces, counted, _ = answer.events
    return Stream(_events([piece.data["choices"] for piece in pieces], counted.data["usage"], enveloped), frame=_framed)


def _events(pieces: list[list[Json]], usage: Json, enveloped: Any) -> list[Event]:
    events = []
    for spoken, choices in enumerate(pieces):
        produced = [
            {
                "index": c["index"],
                "finish_reason": c["finish_reason"] or "null",
                "message": {
                    "role": "assistant",
                    "content": c["delta"].get("content") or "",
                    **({"tool_calls": c["delta"]["tool_calls"]} if c["delta"].get("tool_calls") else {}),
                },
            }
            for c in choices
        ]
        last = spoken == len(pieces) - 1
        events.append(Event(enveloped(produced, _usage(usage, None if last else spoken)), "result"))
    return events


def _framed(event: Event) -> bytes:
    status = 500 if event.name == "error" else 200
    data = event.data if isinstance(event.data, str) else json.dumps(event.data)
    return f"id:1\nevent:{event.name or 'result'}\n:HTTP_STATUS/{status}\ndata:{data}\n\n".encode()


def embed(request: Request) -> Answer:
    """Answer embeddings of texts, or of parts of several modalities."""
    given = request.fields.get("input") or {}
    texts = given.get("texts") or [text for part in given.get("contents") or [] for text in texts_in(part)]
    if not isinstance(texts, list) or not texts:
        raise Refused("400")
    size = (request.fields.get("parameters") or {}).get("dimension") or 8
    rows = [{"embedding": openai_chat.vector(str(text), size), "text_index": index} for index, text in enumerate(texts)]
    return Whole({"output": {"embeddings": rows}, "usage": {_TOTAL: count(map(str, texts))}, "request_id": request.new_id("request-")})


def rerank(request: Request) -> Answer:
    """Answer a rerank request: the documents in the given order."""
    given = request.fields.get("input") or {}
    documents = given.get("documents") or []
    rows = [{"index": index, "relevance_score": 1 / (index + 1)} for index, _ in enumerate(documents)]
    usage = {_TOTAL: count([str(given.get("query")), *map(str, documents)])}
    return Whole({"output": {"results": rows}, "usage": usage, "request_id": request.new_id("request-")})


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, code, text = ERRORS[kind] if kind in ERRORS else (int(kind), "Unknown", f"Status {kind} was asked for.")
    return Whole({"code": code, "message": message or text, "request_id": "request-0"}, status=status)


def model(request: Request) -> str:
    """Return the model from the body."""
    named = request.fields.get("model")
    return named if isinstance(named, str) else ""


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event; a total alone is the input."""
    found = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return None
    return (found.get("input_tokens", found.get(_TOTAL)), found.get("output_tokens", 0)) if _TOTAL in found else None


def stream_error(_request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    return Event(error("500", "").body, "error")


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual: outputs with unknown fields."""
    return [replace(event, data={**event.data, "output": {**event.data["output"], "stand_in": True}}) for event in events]


FORMAT = Format(
    name="dashscope",
    mount=r"/dashscope/api/v1/services",
    routes=(
        Route("POST", "/aigc/text-generation/generation", generate),
        Route("POST", "/aigc/multimodal-generation/generation", converse),
        Route("POST", "/embeddings/text-embedding/text-embedding", embed),
        Route("POST", "/embeddings/multimodal-embedding/multimodal-embedding", embed),
        Route("POST", "/rerank/text-rerank/text-rerank", rerank),
    ),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("choices", "embeddings", "results"),
    usages=("usage",),
    odd_stream=odd_stream,
)
