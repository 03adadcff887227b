"""Ollama's own wire format, ``/api``: routes, errors and usage.

Streams are lines of JSON. Streaming is the default.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .exchange import Answer, Event, Format, Json, Refused, Request, Route, Stream, Usage, Whole
from .openai_chat import chosen_tools, limited
from .words import answer_text, count, example_of, pieces, texts_in

CREATED_AT = "2026-01-01T00:00:00.000000Z"
_DURATIONS = {"total_duration": 50_000_000, "load_duration": 5_000_000, "prompt_eval_duration": 10_000_000, "eval_duration": 35_000_000}
ERRORS: dict[str, tuple[int, str]] = {
    "400": (400, "invalid request"),
    "401": (401, "unauthorized"),
    "404": (404, 'model "does-not-exist" not found, try pulling it first'),
    "429": (429, "too many concurrent requests"),
    "500": (500, "llama runner process has terminated: exit status 2"),
    "503": (503, "server busy, please try again.  maximum pending requests exceeded"),
    "context-length": (400, "input length exceeds the context length"),
    "content-filter": (400, "the request was refused"),
}


def chat(request: Request) -> Answer:
    """Answer POST /api/chat."""
    requested = request.fields
    messages = requested.get("messages") or []
    texts = [text for message in messages for text in texts_in(message)]
    last = messages[-1] if messages and isinstance(messages[-1], dict) else {}
    tools = chosen_tools(requested.get("tool_choice"), requested.get("tools") or [], " ".join(texts), last.get("role") == "tool")
    calls = [{"function": {"name": t["function"]["name"], "arguments": example_of(t["function"].get("parameters") or {})}} for t in tools]
    output = [] if calls else _output(request, " ".join(texts))
    rows = [{"message": {"role": "assistant", "content": piece}} for piece in output[0]] if output else []
    rows += [{"message": {"role": "assistant", "content": "", "tool_calls": calls}}] if calls else []
    whole = {"message": {"role": "assistant", "content": "".join(output[0]) if output else "", **({"tool_calls": calls} if calls else {})}}
    return _answer(request, rows, {"message": {"role": "assistant", "content": ""}}, whole, _end(texts, output))


def generate(request: Request) -> Answer:
    """Answer POST /api/generate."""
    texts = texts_in(request.fields.get("prompt"))
    output = _output(request, " ".join(texts))
    return _answer(
        request, [{"response": piece} for piece in output[0]], {"response": ""}, {"response": "".join(output[0])}, _end(texts, output)
    )


def _output(request: Request, prompt: str) -> Any:
    wanted = request.fields.get("format")
    text = (
        json.dumps(example_of(wanted)) if isinstance(wanted, dict) else '{"answer": "canned"}' if wanted else answer_text(request, prompt)
    )
    return limited(pieces(text), (request.fields.get("options") or {}).get("num_predict"))


def _end(texts: list[str], output: Any) -> Json:
    spoken, cut = output or ([], False)
    return {"done": True, "done_reason": "length" if cut else "stop", **_DURATIONS,
            "prompt_eval_count": count(texts), "eval_count": max(1, len(spoken))}  # fmt: skip


def _answer(request: Request, rows: list[Json], last: Json, whole: Json, end: Json) -> Answer:
    frame = {"model": request.model, "created_at": CREATED_AT}
    if request.fields.get("stream") is False:
        return Whole({**frame, **whole, **end})
    events = [Event({**frame, **row, "done": False}) for row in rows] + [Event({**frame, **last, **end})]
    return Stream(events, content_type="application/x-ndjson", frame=lambda event: _line(event.data))


def _line(data: Json) -> bytes:
    return (data if isinstance(data, str) else json.dumps(data)).encode() + b"\n"


def embed(request: Request) -> Answer:
    """Answer POST /api/embed."""
    given = request.fields.get("input")
    texts = [str(text) for text in (given if isinstance(given, list) else [given])]
    vectors = [_vector(text, request.fields.get("dimensions") or 8) for text in texts]
    return Whole({"model": request.model, "embeddings": vectors, "prompt_eval_count": count(texts), "total_duration": 1})


def embeddings(request: Request) -> Answer:
    """Answer POST /api/embeddings; the response has no model and no usage."""
    if not request.model:
        raise Refused("400", "model is required")
    return Whole({"embedding": _vector(str(request.fields.get("prompt")), 8)})


def _vector(text: str, size: int) -> list[float]:
    return [((len(text) * 7 + index) % 16 - 8) / 8 for index in range(size)]


def score(request: Request) -> Answer:
    """Answer POST /v1/systemone: every probability is one half."""
    questions = request.fields.get("questions") or {}
    tokens = count(texts_in(request.fields.get("state")))
    answers = {name: {"type": "noul", "noul": 0.5} for name in questions}
    return Whole({"model": request.model, "answers": answers, "usage": {"input_tokens": tokens, "output_tokens": len(answers)}})


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, text = ERRORS[kind] if kind in ERRORS else (int(kind), f"Status {kind} was asked for.")
    return Whole({"error": message or text}, status=status)


def model(request: Request) -> str:
    """Return the model from the body."""
    named = request.fields.get("model")
    return named if isinstance(named, str) else ""


def usage(body: Json) -> Usage | None:
    """Read the tokens of a response or of the last line of a stream."""
    if not isinstance(body, dict):
        return None
    found = body.get("usage")
    if isinstance(found, dict):
        return found["input_tokens"], found["output_tokens"]
    return (body["prompt_eval_count"], body.get("eval_count") or 0) if isinstance(body.get("prompt_eval_count"), int) else None


def stream_error(_request: Request, _index: int) -> Event:
    """Return the line of a failed stream."""
    return Event({"error": "an error was encountered while running the model: unexpected EOF"})


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual: lines with unknown fields, and unexpected counts."""
    return [Event({**event.data, "stand_in": True, "prompt_eval_count": event.data.get("prompt_eval_count", 0)}) for event in events]


FORMAT = Format(
    name="ollama",
    mount="",
    routes=(
        Route("POST", "/api/chat", chat),
        Route("POST", "/api/generate", generate),
        Route("POST", "/api/embed", embed),
        Route("POST", "/api/embeddings", embeddings),
        Route("POST", "/v1/systemone", score),
    ),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("message", "embeddings", "embedding"),
    usages=("prompt_eval_count", "eval_count"),
    odd_stream=odd_stream,
)
