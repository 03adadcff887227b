"""Gemini's wire format, on its own API and on Vertex AI.

Routes, errors and usage; ``gemini_interactions`` has the interactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import gemini_generate, gemini_interactions, gemini_resources
from .exchange import Event, Format, Json, Request, Usage, Whole

MOUNT = r"/v\d\w*(?:/projects/[^/]+/locations/[^/]+)?(?:/publishers/[^/]+)?"
_RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0s"}
_QUOTA = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaValue": "15"}],
}


def _because(reason: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


ERRORS: dict[str, tuple[int, str, str, list[Json]]] = {
    "400": (400, "INVALID_ARGUMENT", "Request contains an invalid argument.", []),
    "401": (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", [_because("CREDENTIALS_MISSING")]),
    "403": (403, "PERMISSION_DENIED", "The caller does not have permission.", [_because("SERVICE_DISABLED")]),
    "404": (404, "NOT_FOUND", "The model is not found, or is not supported for this method.", []),
    "408": (408, "DEADLINE_EXCEEDED", "The request took too long.", []),
    "409": (409, "ABORTED", "The operation was aborted.", []),
    "413": (413, "INVALID_ARGUMENT", "Request payload size exceeds the limit.", []),
    "429": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota. Please retry in 0s.", [_QUOTA, _RETRY]),
    "500": (500, "INTERNAL", "An internal error has occurred.", []),
    "502": (502, "UNAVAILABLE", "Bad gateway.", []),
    "503": (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", []),
    "504": (504, "DEADLINE_EXCEEDED", "The request timed out. Please try again.", []),
    "context-length": (400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed (10).", []),
    "content-filter": (400, "INVALID_ARGUMENT", "The prompt could not be submitted: it contains content that violates a policy.", []),
}


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, word, text, details = ERRORS[kind] if kind in ERRORS else (int(kind), "UNKNOWN", f"Status {kind} was asked for.", [])
    output = {"code": status, "message": message or text, "status": word}
    return Whole({"error": {**output, "details": details} if details else output}, status=status)


def model(request: Request) -> str:
    """Return the model from the path, or the model or agent from the body."""
    named = request.parameters.get("model") or request.fields.get("model") or request.fields.get("agent")
    return str(named).rpartition("models/")[2] if named else ""


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event; thoughts are part of the output."""
    if not isinstance(body, dict):
        return None
    inner = body.get("interaction")
    found = body.get("usageMetadata") or body.get("usage") or (inner.get("usage") if isinstance(inner, dict) else None)
    if not isinstance(found, dict):
        return None
    prompt, spoken, thought = (
        found.get(old, found.get(new))
        for old, new in (
            ("promptTokenCount", "total_input_tokens"),
            ("candidatesTokenCount", "total_output_tokens"),
            ("thoughtsTokenCount", "total_thought_tokens"),
        )
    )
    counted = [figure if isinstance(figure, int) else 0 for figure in (prompt, spoken, thought)]
    return (counted[0], counted[1] + counted[2]) if isinstance(prompt, int) else None


def stream_error(request: Request, index: int) -> Event:
    """Return the event of a failed stream."""
    if "/interactions" in request.path:
        return Event({"event_type": "error", "error": {"code": "internal", "message": "An internal error has occurred."}}, "error")
    return Event(error("500", "").body)


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual.

    Unknown fields, chunks without candidates, a candidate without content.
    """
    odd: list[Event] = []
    for index, event in enumerate(events):
        data = event.data
        if isinstance(data, dict) and "candidates" in data:
            data = {**data, "somethingNew": {"index": index}}
            if index == 1:
                odd.append(Event({**data, "candidates": []}))
                odd.append(Event({**data, "candidates": [{"index": 0}]}))
        odd.append(replace(event, data=data))
        if isinstance(data, dict) and "event_type" in data and index == 1:
            odd.append(Event({"event_type": "stand_in.unknown", "something_new": None}, "stand_in.unknown"))
    return odd


FORMAT = Format(
    name="gemini",
    mount=MOUNT,
    routes=(*gemini_generate.ROUTES, *gemini_interactions.ROUTES, *gemini_resources.ROUTES),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    results=("candidates", "embeddings", "predictions", "steps"),
    usages=("usageMetadata", "usage"),
    odd_stream=odd_stream,
)
