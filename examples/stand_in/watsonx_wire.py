"""watsonx's wire format: chats, text generation, embeddings and rerank."""

from __future__ import annotations

from typing import Any

from . import openai_chat, openai_wire
from .exchange import Answer, Event, Format, Json, Request, Route, Stream, Usage, Whole
from .openai_chat import limited, vector
from .words import answer_text, count, pieces, response_model

ERRORS: dict[str, tuple[int, str, str]] = {
    "401": (401, "authentication_token_not_valid", "Failed to authenticate the request due to invalid token."),
    "404": (404, "model_not_supported", "The model is not supported for this environment."),
    "429": (429, "rate_limit_reached_requests", "The request could not be completed due to server being at capacity."),
    "500": (500, "service_unavailable", "An unexpected error has occurred."),
    "context-length": (400, "invalid_input_argument", "The number of input tokens cannot exceed the total tokens limit of 10."),
    "content-filter": (400, "invalid_request_entity", "The content of the request was refused by a content filter."),
}


def chat(request: Request) -> Answer:
    """Answer POST /text/chat and /text/chat_stream; streams always have usage."""
    streams = request.path.endswith("_stream")
    request.fields.update(stream=streams, stream_options={"include_usage": True})
    answer = openai_chat.chat(request)
    if not isinstance(answer, Stream):
        return Whole({**answer.body, "model_id": request.model})
    # The stream has no final marker.
    return answer.with_events([event for event in answer.events if isinstance(event.data, dict)])


def _settings(request: Request) -> dict[str, Any]:
    given = request.fields.get("parameters")
    return given if isinstance(given, dict) else {}


def text(request: Request) -> Answer:
    """Answer POST /text/generation and /text/generation_stream.

    Counts of a stream are cumulative.
    """
    prompt = str(request.fields.get("input"))
    output, cut = limited(pieces(answer_text(request, prompt)), _settings(request).get("max_new_tokens"))
    end, requested = "max_tokens" if cut else "eos_token", count([prompt])
    if not request.path.endswith("_stream"):
        return Whole(_result(request, "".join(output), requested, len(output), end))
    last = len(output) - 1
    events = [_result(request, piece, 0 if n else requested, n + 1, end if n == last else "not_finished") for n, piece in enumerate(output)]
    return Stream([Event(event, "message") for event in events])


def _result(request: Request, output: str, requested: int, spoken: int, end: str) -> Json:
    result = {"generated_text": output, "generated_token_count": spoken, "input_token_count": requested, "stop_reason": end}
    return {"model_id": response_model(request), "created_at": "2026-01-01T00:00:00.000Z", "results": [result]}


def embed(request: Request) -> Answer:
    """Answer POST /text/embeddings."""
    texts = list(map(str, request.fields.get("inputs") or []))
    return Whole(
        {
            "model_id": response_model(request),
            "results": [{"embedding": vector(text, 8)} for text in texts],
            "input_token_count": count(texts),
        }
    )


def rerank(request: Request) -> Answer:
    """Answer POST /text/rerank: the documents in the order in which they came."""
    texts = [str(one.get("text")) for one in request.fields.get("inputs") or []]
    results = [{"index": index, "score": 1 / (index + 1)} for index in range(len(texts))]
    return Whole(
        {"model_id": response_model(request), "results": results, "input_token_count": count([str(request.fields.get("query")), *texts])}
    )


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, code, output = ERRORS.get(kind, (int(kind) if kind.isdigit() else 400, "unknown", f"Status {kind} was asked for."))
    return Whole({"errors": [{"code": code, "message": message or output}], "trace": "stand-in", "status_code": status}, status=status)


def model(request: Request) -> str:
    """Return the model from the body."""
    return str(request.fields.get("model_id") or "")


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("input_token_count"), int):
        return (body["input_token_count"], 0)
    for result in body.get("results") or []:
        if isinstance(result, dict) and result.get("input_token_count"):
            return (result["input_token_count"], result["generated_token_count"])
    return openai_wire.usage(body)


def stream_error(_request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    return Event(error("500", "").body, "error")


FORMAT = Format(
    name="watsonx",
    mount="/ml/v1",
    routes=(
        Route("POST", "/text/chat", chat),
        Route("POST", "/text/chat_stream", chat),
        Route("POST", "/text/generation", text),
        Route("POST", "/text/generation_stream", text),
        Route("POST", "/text/embeddings", embed),
        Route("POST", "/text/rerank", rerank),
        Route("POST", "/deployments/{model}/text/chat", chat),
        Route("POST", "/deployments/{model}/text/chat_stream", chat),
        Route("POST", "/deployments/{model}/text/generation", text),
        Route("POST", "/deployments/{model}/text/generation_stream", text),
    ),
    model=lambda request: model(request) or request.parameters.get("model", ""),
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("choices", "results"),
    usages=("usage",),
)
