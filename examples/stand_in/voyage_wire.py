"""Voyage's wire format: embeddings of texts, chunks and images, and rerank."""

from __future__ import annotations

import base64
import struct
from typing import Any

from .exchange import Answer, Event, Format, Json, Refused, Request, Route, Usage, Whole
from .openai_chat import vector
from .words import count, texts_in

ERRORS: dict[str, tuple[int, str]] = {
    "401": (401, "Provided API key is invalid."),
    "429": (429, "You have exceeded your rate limit in Requests Per Minute (RPM)."),
    "500": (500, "An unexpected error has occurred."),
    "context-length": (400, "Request to model failed. The max allowed tokens per submitted batch is 10."),
}


def _embedded(request: Request, text: str, index: int) -> dict[str, Any]:
    numbers = vector(text, request.fields.get("output_dimension") or 8)
    packed = base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    return {"object": "embedding", "embedding": packed if request.fields.get("encoding_format") == "base64" else numbers, "index": index}


def _listed(request: Request, data: list[Json], texts: list[str], **more: int) -> Answer:
    return Whole({"object": "list", "data": data, "model": request.model, "usage": {**more, "total_tokens": count(texts)}})


def embed(request: Request) -> Answer:
    """Answer POST /embeddings."""
    given = request.fields.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise Refused("400", "input: value is not a valid list")
    return _listed(request, [_embedded(request, str(text), index) for index, text in enumerate(texts)], list(map(str, texts)))


def embed_in_context(request: Request) -> Answer:
    """Answer POST /contextualizedembeddings."""
    documents = [[one] if isinstance(one, str) else one for one in request.fields.get("inputs") or []]
    data = [
        {"object": "list", "index": place, "data": [_embedded(request, text, index) for index, text in enumerate(document)]}
        for place, document in enumerate(documents)
    ]
    return _listed(request, data, [text for document in documents for text in document])


def embed_anything(request: Request) -> Answer:
    """Answer POST /multimodalembeddings."""
    inputs = request.fields.get("inputs") or []
    texts = [" ".join(texts_in(one)) for one in inputs]
    pixels = {"text_tokens": count(texts), "image_pixels": 0, "video_pixels": 0}
    return _listed(request, [_embedded(request, text, index) for index, text in enumerate(texts)], texts, **pixels)


def rerank(request: Request) -> Answer:
    """Answer POST /rerank: the documents in the given order."""
    documents = list(map(str, request.fields.get("documents") or []))
    data = [{"index": index, "relevance_score": 1 / (index + 1)} for index in range(len(documents))][: request.fields.get("top_k")]
    return _listed(request, data, [str(request.fields.get("query")), *documents])


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    known = kind if kind.isdigit() else "400"
    status, text = ERRORS.get(kind, (int(known), f"Status {known} was asked for."))
    return Whole({"detail": message or text}, status=status)


def model(request: Request) -> str:
    """Return the model from the body."""
    named = request.fields.get("model")
    return named if isinstance(named, str) else ""


def usage(body: Json) -> Usage | None:
    """Read the tokens of a response; all are input tokens."""
    found = body.get("usage") if isinstance(body, dict) else None
    return (found["total_tokens"], 0) if isinstance(found, dict) else None


def stream_error(_request: Request, _index: int) -> Event:
    """Return an event for a failed stream; this format has no streams."""
    return Event(error("500", "").body)


FORMAT = Format(
    name="voyage",
    mount="/voyage/v1",
    routes=(
        Route("POST", "/embeddings", embed),
        Route("POST", "/contextualizedembeddings", embed_in_context),
        Route("POST", "/multimodalembeddings", embed_anything),
        Route("POST", "/rerank", rerank),
    ),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("data",),
    usages=("usage",),
)
