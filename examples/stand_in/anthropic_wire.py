"""Anthropic's wire format: errors, headers and usage.

``anthropic_messages`` has the responses of its routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import anthropic_messages
from .exchange import Event, Format, Headers, Json, Request, Usage, Whole

MOUNT = r"(?:/anthropic|/inference|/fireworks)?/v1"

_INVALID = "invalid_request_error"
ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, _INVALID, "The request was not understood."),
    "401": (401, "authentication_error", "invalid x-api-key"),
    "402": (402, "billing_error", "The account has no credit left."),
    "403": (403, "permission_error", "Your API key does not have permission to use the specified resource."),
    "404": (404, "not_found_error", "model: does-not-exist"),
    "408": (408, "timeout_error", "The request took too long."),
    "409": (409, "conflict_error", "The resource was changed by another request."),
    "413": (413, "request_too_large", "Request exceeds the maximum size."),
    "422": (422, _INVALID, "The request could not be processed."),
    "429": (429, "rate_limit_error", "This request would exceed your organization's rate limit of 50 requests per minute."),
    "500": (500, "api_error", "Internal server error"),
    "503": (503, "api_error", "Service unavailable"),
    "504": (504, "timeout_error", "The request timed out."),
    "529": (529, "overloaded_error", "Overloaded"),
    "context-length": (400, _INVALID, "prompt is too long: 210000 tokens > 200000 maximum"),
    "content-filter": (400, _INVALID, "Output blocked by content filtering policy"),
}


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, type_, text = ERRORS[kind] if kind in ERRORS else (int(kind), "api_error", f"Status {kind} was asked for.")
    spent = [("anthropic-ratelimit-requests-remaining", "0")] if status == 429 else []
    return Whole({"type": "error", "error": {"type": type_, "message": message or text}}, status=status, headers=spent)


def model(request: Request) -> str:
    """Return the model from the body, or from the path (clouds)."""
    named = request.fields.get("model")
    return named if isinstance(named, str) else request.parameters.get("model", "")


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event; cache reads and writes are input."""
    if not isinstance(body, dict):
        return None
    inner = body.get("message")
    found = body.get("usage") or (inner.get("usage") if isinstance(inner, dict) else None)
    if not isinstance(found, dict) or not isinstance(found.get("input_tokens"), int):
        return None
    requested = sum(found.get(name) or 0 for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"))
    return requested, found.get("output_tokens") or 0


def headers(request: Request, _seconds: float) -> Headers:
    """Return the headers of every response; remaining limits decrease."""
    number = request.memory.count("requests")
    most = {"requests": 50, "input-tokens": 50000, "output-tokens": 8000}
    limits = {kind: (figure, figure - number % 50) for kind, figure in most.items()}
    limited = [
        (f"anthropic-ratelimit-{kind}-{name}", str(figure))
        for kind, figures in limits.items()
        for name, figure in (*zip(("limit", "remaining"), figures, strict=True), ("reset", "2026-01-01T00:00:01Z"))
    ]
    return [("request-id", f"req_{number}"), ("anthropic-organization-id", "stand-in"), *limited]


def stream_error(_request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    return Event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual.

    Unknown events and deltas, null counts, an end that has only the output tokens.
    """
    odd: list[Event] = []
    for event in events:
        data = event.data
        if event.name == "message_start":
            message = {**data["message"], "usage": {**data["message"]["usage"], "cache_creation": None, "service_tier": None}}
            event = replace(event, data={**data, "message": message, "stand_in": True})
        if event.name == "message_delta":
            event = replace(event, data={**data, "usage": {"output_tokens": data["usage"]["output_tokens"], "input_tokens": None}})
        odd.append(event)
        if event.name == "message_start":
            odd.append(Event({"type": "stand_in_unknown"}, "stand_in_unknown"))
    return odd


FORMAT = Format(
    name="anthropic",
    mount=MOUNT,
    routes=anthropic_messages.ROUTES,
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    headers=headers,
    results=("content", "completion"),
    usages=("usage",),
    odd_stream=odd_stream,
)
