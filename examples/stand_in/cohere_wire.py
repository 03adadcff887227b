"""Cohere's wire format below ``/cohere``, both versions.

Routes, errors, headers and usage; ``cohere_chat`` has the chats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .cohere_chat import chat, generate, meta, old_chat
from .exchange import Answer, Event, Format, Headers, Json, Refused, Request, Route, Usage, Whole
from .words import TEXT, count, pieces, texts_in

MOUNT = "/cohere"

ERRORS: dict[str, tuple[int, str]] = {
    "400": (400, "invalid request: the request was not understood"),
    "401": (401, "invalid api token"),
    "402": (402, "Please add or update your payment method."),
    "403": (403, "this API key cannot use the model"),
    "404": (404, "model not found, make sure the correct model ID was used and that you have access to the model"),
    "422": (422, "invalid type: parameter could not be processed"),
    "429": (429, "You are using a Trial key, which is limited to 20 API calls / minute."),
    "500": (500, "internal server error, this has been reported to our developers."),
    "503": (503, "the server is overloaded or not ready yet"),
    "context-length": (400, "too many tokens: total number of tokens in the prompt cannot exceed 10"),
    "content-filter": (498, "blocked output: please try again or update the prompt"),
}


def embed(version: str) -> Callable[[Request], Answer]:
    """Return the response to POST /v1/embed or /v2/embed."""

    def answer(request: Request) -> Answer:
        requested = request.fields
        texts = [str(text) for text in requested.get("texts") or []]
        if not texts and not requested.get("images") and not requested.get("inputs"):
            raise Refused("400", "invalid request: valid texts, images or inputs must be provided")
        size = requested.get("output_dimension") or 8
        kinds = requested.get("embedding_types")
        rows = [[((len(text) * 7 + index) % 16 - 8) / 8 for index in range(size)] for text in texts or [""]]
        vectors: Any = {kind: _packed(kind, rows) for kind in kinds} if kinds else rows
        figures = {"billed_units": {"input_tokens": count(texts), "image_tokens": 0}}
        return Whole({
            "id": request.new_id("embed-"), "texts": texts, "embeddings": vectors, "meta": meta(version, figures),
            "response_type": "embeddings_by_type" if kinds else "embeddings_floats",
        })  # fmt: skip

    return answer


def _packed(kind: str, rows: list[list[float]]) -> Json:
    if kind in ("int8", "uint8"):
        return [[int(value * 8) + (8 if kind == "uint8" else 0) for value in row] for row in rows]
    return [[0] * (len(row) // 8) for row in rows] if kind in ("binary", "ubinary") else rows


def rerank(version: str) -> Callable[[Request], Answer]:
    """Return the response to POST /v1/rerank or /v2/rerank, in the given order."""

    def answer(request: Request) -> Answer:
        documents = request.fields.get("documents")
        if not isinstance(documents, list):
            raise Refused("400", "invalid request: list of documents must not be empty")
        results = [{"index": index, "relevance_score": 1 / (index + 1)} for index in range(len(documents))]
        counted = meta(version, {"billed_units": {"search_units": 1}})
        return Whole({"id": request.new_id("rerank-"), "results": results[: request.fields.get("top_n")], "meta": counted})

    return answer


def classify(request: Request) -> Answer:
    """Answer POST /v1/classify: every input has the label of the first example."""
    inputs = request.fields.get("inputs") or []
    label = next((example.get("label") for example in request.fields.get("examples") or []), "canned")
    rows = [
        {"id": request.new_id("class-"), "input": text, "prediction": label, "predictions": [label], "confidence": 1.0,
         "confidences": [1.0], "labels": {label: {"confidence": 1.0}}, "classification_type": "single-label"}
        for text in inputs
    ]  # fmt: skip
    counted = meta("1", {"billed_units": {"classifications": len(inputs)}})
    return Whole({"id": request.new_id("classify-"), "classifications": rows, "meta": counted})


def summarize(request: Request) -> Answer:
    """Answer POST /v1/summarize."""
    figures = {"billed_units": {"input_tokens": count(texts_in(request.fields.get("text"))), "output_tokens": len(pieces(TEXT))}}
    return Whole({"id": request.new_id("summary-"), "summary": TEXT, "meta": meta("1", figures)})


def transcription(request: Request) -> Answer:
    """Answer POST /v2/audio/transcriptions."""
    return Whole({"text": TEXT})


def embed_job(request: Request) -> Answer:
    """Answer POST /v1/embed-jobs."""
    return Whole({"job_id": request.new_id("job-"), "meta": meta("1", {})})


def batch(request: Request) -> Answer:
    """Answer POST /v2/batches."""
    own = {key: request.fields.get(key) or "canned" for key in ("name", "input_dataset_id", "model")}
    return Whole({"batch": {"id": request.new_id("batch-"), **own, "status": "BATCH_STATUS_QUEUED"}})


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, text = ERRORS[kind] if kind in ERRORS else (int(kind), f"Status {kind} was asked for.")
    spent = [("x-trial-endpoint-call-remaining", "0")] if status == 429 else []
    return Whole({"id": "stand-in", "message": message or text}, status=status, headers=spent)


def model(request: Request) -> str:
    """Return the model from the body."""
    named = request.fields.get("model")
    return named if isinstance(named, str) else ""


def usage(body: Json) -> Usage | None:
    """Read the billed tokens of a body or an event."""
    if not isinstance(body, dict):
        return None
    for inner in (body, body.get("delta"), body.get("response")):
        for place in ("usage", "meta"):
            found = inner.get(place) if isinstance(inner, dict) else None
            charged = found.get("billed_units") if isinstance(found, dict) else None
            if isinstance(charged, dict) and "input_tokens" in charged:
                return charged["input_tokens"], charged.get("output_tokens") or 0
    return None


def headers(_request: Request, _seconds: float) -> Headers:
    """Return constant headers, because the SDK's errors repeat them."""
    return [
        ("x-debug-trace-id", "trace-stand-in"),
        ("x-trial-endpoint-call-limit", "20"),
        ("x-trial-endpoint-call-remaining", "19"),
        ("x-endpoint-monthly-call-limit", "1000"),
    ]


def stream_error(request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    if "/v2/" in request.path:
        return Event({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "internal server error"}}, "message-end")
    return Event({"event_type": "stream-end", "finish_reason": "ERROR", "is_finished": True, "response": {"text": ""}})


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual: unknown events, and deltas without contents."""
    odd = list(events[:1])
    if events and isinstance(events[0].data, dict) and "type" in events[0].data:
        odd.append(Event({"type": "stand-in-unknown"}, "stand-in-unknown"))
        odd.append(Event({"type": "content-delta", "index": None, "delta": None}, "content-delta"))
    return [*odd, *events[1:]]


FORMAT = Format(
    name="cohere",
    mount=MOUNT,
    routes=(
        Route("POST", "/v2/chat", chat),
        Route("POST", "/v2/embed", embed("2")),
        Route("POST", "/v2/rerank", rerank("2")),
        Route("POST", "/v2/audio/transcriptions", transcription),
        Route("POST", "/v2/batches", batch),
        Route("POST", "/v1/chat", old_chat),
        Route("POST", "/v1/generate", generate),
        Route("POST", "/v1/embed", embed("1")),
        Route("POST", "/v1/rerank", rerank("1")),
        Route("POST", "/v1/classify", classify),
        Route("POST", "/v1/summarize", summarize),
        Route("POST", "/v1/embed-jobs", embed_job),
    ),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    headers=headers,
    results=("message", "generations", "embeddings", "results", "classifications"),
    usages=("usage", "meta"),
    odd_stream=odd_stream,
)
