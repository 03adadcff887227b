"""Mistral's wire format below ``/mistral/v1``.

Differences to OpenAI, conversations, errors and headers. The last chunk of every stream has the usage, also if it was not requested.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import openai_chat, openai_responses, openai_wire
from .exchange import Answer, Event, Format, Headers, Json, Refused, Request, Route, Stream, Whole
from .openai_media import SECONDS, SPEECH
from .words import CREATED, TEXT, answer_text, count, pieces, response_model, texts_in

MOUNT = r"/mistral/v1"
CONNECTOR_TOKENS = 40
_INVALID = "invalid_request_error"
ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, _INVALID, "The request was not understood."),
    "401": (401, "unauthorized", "Unauthorized"),
    "402": (402, "payment_required", "The account has no credit left."),
    "403": (403, "forbidden", "Access to this model is not allowed."),
    "404": (404, "invalid_model", "Invalid model: does-not-exist"),
    "429": (429, "rate_limited", "Rate limit exceeded"),
    "500": (500, "internal_server_error", "Service unavailable."),
    "503": (503, "service_unavailable", "Service tier capacity exceeded for this model."),
    "context-length": (400, _INVALID, "Prompt contains 20 tokens and 0 draft tokens, too large for model with 10 maximum context length"),
    "content-filter": (403, "content_policy_violation", "The request was refused by a guardrail."),
}


def chat(request: Request) -> Answer:
    """Answer POST /chat/completions and /agents/completions."""
    requested = request.fields
    if requested.get("tool_choice") == "any":
        requested["tool_choice"] = "required"
    if not requested.get("stream"):
        return openai_chat.chat(request)
    requested["stream_options"] = {"include_usage": True}
    answer = openai_chat.chat(request)
    return _usage_in_the_last(answer) if isinstance(answer, Stream) else answer


def _usage_in_the_last(stream: Stream) -> Stream:
    *events, last, counted, done = stream.events
    plain = [replace(event, data={key: value for key, value in event.data.items() if key != "usage"}) for event in (*events, last)]
    return stream.with_events([*_whole_calls(plain[:-1]), replace(last, data={**plain[-1].data, "usage": counted.data["usage"]}), done])


def _whole_calls(events: list[Event]) -> Iterator[Event]:
    """Send each tool call in one chunk."""
    calls: dict[int, Json] = {}
    for event in events:
        pieces_of_calls = event.data["choices"][0]["delta"].get("tool_calls") or []
        for piece in pieces_of_calls:
            call = calls.setdefault(piece["index"], piece)
            if call is not piece:
                call["function"]["arguments"] += piece["function"]["arguments"]
        if not pieces_of_calls:
            yield event
    if calls:
        choice = {"index": 0, "delta": {"tool_calls": list(calls.values())}, "finish_reason": None}
        yield Event({**events[-1].data, "choices": [choice]})


def fill_in(request: Request) -> Answer:
    """Answer POST /fim/completions like a chat with the text before the gap."""
    requested = request.fields
    requested["messages"] = [{"role": "user", "content": f"{requested.get('prompt') or ''} {requested.get('suffix') or ''}"}]
    return chat(request)


def raw_predict(request: Request) -> Answer:
    """Answer ``:rawPredict`` and ``:streamRawPredict`` at Google: chat or FIM."""
    return fill_in(request) if "prompt" in request.fields else chat(request)


def embeddings(request: Request) -> Answer:
    """Answer POST /embeddings; the response has an id."""
    request.fields["dimensions"] = request.fields.get("output_dimension")
    answer = openai_chat.embeddings(request)
    if not isinstance(answer, Whole):
        return answer
    usage = {**answer.body["usage"], "completion_tokens": 0}
    return replace(answer, body={"id": request.new_id("emb-"), **answer.body, "usage": usage})


def conversation(request: Request) -> Answer:
    """Answer POST /conversations, and POST below one conversation."""
    requested = request.fields
    inputs = requested.get("inputs")
    if inputs is None:
        raise Refused("400", "inputs: Field required")
    identity = request.parameters.get("id") or request.new_id("conv_")
    texts = texts_in(inputs)
    output = pieces(answer_text(request, " ".join(texts)))
    searched = any(isinstance(tool, dict) and tool.get("type") == "web_search" for tool in requested.get("tools") or [])
    connected = CONNECTOR_TOKENS if searched else 0
    usage: dict[str, Any] = {"prompt_tokens": count(texts), "completion_tokens": len(output)}
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"] + connected
    usage |= {"connector_tokens": connected, "connectors": {"web_search": 1}} if connected else {}
    model = response_model(request) if request.model else "mistral-small-2026"
    who = {"agent_id": requested.get("agent_id"), "model": model}
    entry = {"object": "entry", "type": "message.output", "id": request.new_id("msg_"), "role": "assistant", **who}
    if requested.get("stream"):
        return Stream(list(_conversation_events(identity, entry, output, usage)))
    outputs = [{**entry, "content": "".join(output)}]
    return Whole({"object": "conversation.response", "conversation_id": identity, "outputs": outputs, "usage": usage})


def _conversation_events(identity: str, entry: Json, output: list[str], usage: Json) -> Iterator[Event]:
    def event(kind: str, **data: Any) -> Event:
        return Event({"type": kind, **data}, kind)

    yield event("conversation.response.started", conversation_id=identity)
    about = {key: value for key, value in entry.items() if key not in ("object", "type")}
    yield from (event("message.output.delta", **about, content=piece, output_index=0, content_index=0) for piece in output)
    yield event("conversation.response.done", usage=usage)


def classified(request: Request) -> Answer:
    """Answer POST /moderations and /classifications, also for chats."""
    given = request.fields.get("input")
    rows = given if isinstance(given, list) else [given]
    if request.path.endswith("/moderations"):
        results: list[Json] = [{"categories": {"violence": False}, "category_scores": {"violence": 0.01}} for _ in rows]
    else:
        results = [{"canned": {"scores": {"yes": 0.5, "no": 0.5}}} for _ in rows]
    return Whole({"id": request.new_id("mod-"), "model": response_model(request), "results": results})


def transcription(request: Request) -> Answer:
    """Answer POST /audio/transcriptions."""
    spoken = len(pieces(TEXT))
    usage = {"prompt_audio_seconds": int(SECONDS), "prompt_tokens": 4, "completion_tokens": spoken, "total_tokens": 4 + spoken}
    body = {"model": response_model(request), "text": TEXT, "language": "en", "segments": [], "usage": usage}
    if str(request.fields.get("stream")).lower() != "true":
        return Whole(body)
    deltas = [Event({"type": "transcription.text.delta", "text": piece}, "transcription.text.delta") for piece in pieces(TEXT)]
    return Stream([*deltas, Event({"type": "transcription.done", **body}, "transcription.done")])


def speech(request: Request) -> Answer:
    """Answer POST /audio/speech."""
    sound = base64.b64encode(SPEECH).decode()
    if not request.fields.get("stream"):
        return Whole({"audio_data": sound})
    tokens = count(texts_in(request.fields.get("input")))
    usage = {"prompt_tokens": tokens, "completion_tokens": 2, "total_tokens": tokens + 2}
    first, last = {"type": "speech.audio.delta", "audio_data": sound}, {"type": "speech.audio.done", "usage": usage}
    return Stream([Event(data, str(data["type"])) for data in (first, first, last)])


def batch(request: Request) -> Answer:
    """Answer POST /batch/jobs."""
    own = {key: request.fields.get(key) for key in ("input_files", "endpoint", "model")}
    figures = dict.fromkeys(("total_requests", "completed_requests", "succeeded_requests", "failed_requests"), 0)
    return Whole({"id": request.new_id("batch-"), "object": "batch", **own, "input_files": own["input_files"] or [], "errors": [],
                  "status": "QUEUED", "created_at": CREATED, **figures})  # fmt: skip


def stored_batch(request: Request) -> Answer:
    """Answer GET /batch/jobs/{id}."""
    figures = dict.fromkeys(("total_requests", "completed_requests", "succeeded_requests", "failed_requests"), 0)
    return Whole({"id": request.parameters["id"], "object": "batch", "input_files": [], "endpoint": "/v1/chat/completions", "errors": [],
                  "model": "mistral-small", "status": "QUEUED", "created_at": CREATED, **figures})  # fmt: skip


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status.

    Validation errors have a different structure.
    """
    if kind == "422":
        return Whole({"detail": [{"type": "missing", "loc": ["body", "model"], "msg": message or "Field required"}]}, status=422)
    status, type_, text = ERRORS[kind] if kind in ERRORS else (int(kind), "api_error", f"Status {kind} was asked for.")
    spent = [("x-ratelimit-remaining-req-minute", "0")] if status == 429 else []
    return Whole({"object": "error", "message": message or text, "type": type_, "param": None, "code": str(1000 + status)}, status, spent)


def headers(request: Request, _seconds: float) -> Headers:
    """Return the headers of every response; remaining limits decrease."""
    number = request.memory.count("requests")
    return [
        ("mistral-correlation-id", f"stand-in-{number}"),
        ("x-ratelimit-limit-req-minute", "360"),
        ("x-ratelimit-remaining-req-minute", str(360 - number % 360)),
        ("x-ratelimit-limit-tokens-minute", "500000"),
        ("x-ratelimit-remaining-tokens-minute", str(500000 - 100 * (number % 5000))),
    ]


def stream_error(request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    if "/conversations" in request.path:
        data = {"type": "conversation.response.error", "message": "Service unavailable.", "code": 3000}
        return Event(data, "conversation.response.error")
    return Event({"object": "error", "message": "Service unavailable.", "type": "internal_server_error", "param": None, "code": "3000"})


FORMAT: Format = replace(
    openai_wire.FORMAT,
    name="mistral",
    mount=MOUNT,
    routes=(
        Route("POST", "/chat/completions", chat),
        Route("POST", "/agents/completions", chat),
        Route("POST", "/models/chat/completions", chat),
        Route("POST", "/projects/{project}/locations/{region}/publishers/mistralai/models/{model}", raw_predict),
        Route("POST", "/fim/completions", fill_in),
        Route("POST", "/embeddings", embeddings),
        Route("POST", "/conversations", conversation),
        Route("POST", "/conversations/{id}", conversation),
        Route("POST", "/conversations/{id}/restart", conversation),
        *(Route("POST", path, classified) for path in ("/moderations", "/chat/moderations", "/classifications", "/chat/classifications")),
        Route("POST", "/audio/transcriptions", transcription),
        Route("POST", "/audio/speech", speech),
        Route("POST", "/batch/jobs", batch),
        Route("GET", "/batch/jobs/{id}", stored_batch),
        *openai_responses.ROUTES,
    ),
    error=error,
    headers=headers,
    stream_error=stream_error,
    results=("choices", "outputs", "output", "data", "results"),
)
