"""Hugging Face's wire formats below ``/huggingface``.

A text generation server, other tasks, and chats like OpenAI's. Chats are at ``/huggingface/v1``. Each task has a separate path that
ends with the name of the model, like an endpoint.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from . import openai_chat, openai_wire
from .exchange import Answer, Event, Format, Headers, Json, Request, Route, Stream, Whole
from .openai_media import PNG, SPEECH
from .words import TEXT, answer_text, count, pieces

MOUNT = r"/huggingface(?:/v1)?"
ERRORS: dict[str, tuple[int, str, str | None]] = {
    "400": (400, "The request was not understood.", None),
    "401": (401, "Invalid username or password.", None),
    "404": (404, "Model does-not-exist does not exist", None),
    "422": (422, "Input validation error: `inputs` must be given.", "validation"),
    "424": (424, "Request failed during generation.", "generation"),
    "429": (429, "You have reached the limit of requests.", None),
    "500": (500, "Internal Server Error", None),
    "503": (503, "Model is overloaded", "overloaded"),
    "context-length": (422, "Input validation error: `inputs` must have less than 10 tokens. Given: 20", "validation"),
    "content-filter": (400, "The request was refused.", None),
}


def generate(request: Request) -> Answer:
    """Answer a text generation, whole or token by token.

    Only the details have token counts.
    """
    requested, parameters = request.fields, request.fields.get("parameters") or {}
    prompt = str(requested.get("inputs") or "")
    output, cut = openai_chat.limited(pieces(answer_text(request, prompt)), parameters.get("max_new_tokens"))
    text = "".join(output)
    details: dict[str, Any] = {"finish_reason": "length" if cut else "eos_token", "generated_tokens": len(output), "seed": None}
    if not requested.get("stream"):
        shown = {"details": {**details, "prefill": [], "tokens": []}} if parameters.get("details") else {}
        return Whole([{"generated_text": text, **shown}])
    last = {"generated_text": text, "details": {**details, "input_length": count([prompt])}}
    return Stream([
        Event({"index": index + 1, "token": {"id": index, "text": piece, "logprob": -0.1, "special": False},
               **(last if index == len(output) - 1 else {"generated_text": None, "details": None})})
        for index, piece in enumerate(output)
    ])  # fmt: skip


def vectors(request: Request) -> Answer:
    """Answer a feature extraction."""
    given = request.fields.get("inputs")
    texts = given if isinstance(given, list) else [given]
    return Whole([[((len(str(text)) * 7 + index) % 16 - 8) / 8 for index in range(8)] for text in texts])


def picture(_request: Request) -> Answer:
    """Answer a text or an image with an image."""
    return Whole(base64.b64decode(PNG), content_type="image/png")


def sound(_request: Request) -> Answer:
    """Answer a text with audio."""
    return Whole(SPEECH, content_type="audio/flac")


def transcribed(_request: Request) -> Answer:
    """Answer audio with its text."""
    return Whole({"text": TEXT})


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, text, type_ = ERRORS[kind] if kind in ERRORS else (int(kind), f"Status {kind} was asked for.", None)
    return Whole({"error": message or text, **({"error_type": type_} if type_ else {})}, status=status)


def model(request: Request) -> str:
    """Return the model from the end of the path, or from the body."""
    named = request.fields.get("model")
    return request.parameters.get("model") or (named if isinstance(named, str) else "")


def headers(request: Request, _seconds: float) -> Headers:
    """Return the headers of every response."""
    return [("x-request-id", f"req_{request.memory.count('requests')}"), ("x-compute-type", "stand-in")]


def stream_error(_request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    return Event({"error": "Request failed during generation: out of memory", "error_type": "generation"})


def usage(body: Json) -> tuple[int, int] | None:
    """Read the tokens of a chat, or of the details of a generation's last token."""
    details = body.get("details") if isinstance(body, dict) else None
    if isinstance(details, dict) and "input_length" in details:
        return details["input_length"], details["generated_tokens"]
    return openai_wire.usage(body)


FORMAT: Format = replace(
    openai_wire.FORMAT,
    name="huggingface",
    mount=MOUNT,
    routes=(
        Route("POST", "/chat/completions", openai_chat.chat),
        Route("POST", "/generate/{model}", generate),
        Route("POST", "/embed/{model}", vectors),
        Route("POST", "/draw/{model}", picture),
        Route("POST", "/speak/{model}", sound),
        Route("POST", "/listen/{model}", transcribed),
    ),
    model=model,
    error=error,
    usage=usage,
    headers=headers,
    stream_error=stream_error,
    results=("choices", "generated_text"),
    usages=("usage", "details"),
)
