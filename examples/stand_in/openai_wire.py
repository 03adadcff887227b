"""OpenAI's wire format: routes, errors, headers and usage.

The ``openai_*`` modules have the responses of its routes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from . import openai_chat, openai_media, openai_resources, openai_responses
from .exchange import Event, Format, Headers, Json, Request, Usage, Whole

MOUNT = r"(?:(?:/openai|/api|/inference)?/v\d\w*(?:/openai)?|/openai/deployments/(?P<deployment>[^/]+)|/openai)?"

_INVALID = "invalid_request_error"
ERRORS: dict[str, tuple[int, str, str | None, str]] = {
    "400": (400, _INVALID, None, "The request was not understood."),
    "401": (401, _INVALID, "invalid_api_key", "Incorrect API key provided."),
    "402": (402, "insufficient_quota", "insufficient_quota", "The account has no credit left."),
    "403": (403, _INVALID, "unsupported_country_region_territory", "Country, region, or territory not supported."),
    "404": (404, _INVALID, "model_not_found", "The model does not exist or you do not have access to it."),
    "408": (408, "timeout", "timeout", "The request took too long."),
    "409": (409, _INVALID, "conflict", "The resource was changed by another request."),
    "413": (413, _INVALID, None, "The request is too large."),
    "422": (422, _INVALID, None, "The request could not be processed."),
    "429": (429, "tokens", "rate_limit_exceeded", "Rate limit reached for tokens per min. Please try again in 20ms."),
    "500": (500, "server_error", None, "The server had an error while processing your request."),
    "502": (502, "server_error", None, "Bad gateway."),
    "503": (503, "server_error", None, "The server is overloaded or not ready yet."),
    "504": (504, "server_error", None, "Gateway timeout."),
    "529": (529, "overloaded_error", None, "Overloaded."),
    "context-length": (
        400,
        _INVALID,
        "context_length_exceeded",
        "This model's maximum context length is 10 tokens, your messages resulted in more.",
    ),
    "content-filter": (
        400,
        _INVALID,
        "content_filter",
        "The response was filtered due to the prompt triggering the content management policy.",
    ),
}


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, type_, code, text = ERRORS[kind] if kind in ERRORS else (int(kind), "api_error", None, f"Status {kind} was asked for.")
    param = "messages" if kind == "context-length" else None
    spent = [("x-ratelimit-remaining-tokens", "0")] if status == 429 else []
    return Whole({"error": {"message": message or text, "type": type_, "param": param, "code": code}}, status=status, headers=spent)


def model(request: Request) -> str:
    """Return the model from the body, or from the path (deployment, model)."""
    named = request.fields.get("model")
    return named if isinstance(named, str) else request.parameters.get("deployment", "")


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event, with either pair of names."""
    if not isinstance(body, dict):
        return None
    inner = body.get("response")
    found = body.get("usage") or (inner.get("usage") if isinstance(inner, dict) else None)
    if not isinstance(found, dict):
        return None
    figures = [found.get(old, found.get(new)) for old, new in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"))]
    return (figures[0] or 0, figures[1] or 0) if any(isinstance(figure, int) for figure in figures) else None


def headers(request: Request, seconds: float) -> Headers:
    """Return the headers of every response; remaining limits decrease."""
    number = request.memory.count("requests")
    return [
        ("x-request-id", f"req_{number}"),
        ("openai-processing-ms", str(int(seconds * 1000))),
        ("openai-organization", "stand-in"),
        ("openai-version", "2020-10-01"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-limit-tokens", "2000000"),
        ("x-ratelimit-remaining-requests", str(10000 - number % 10000)),
        ("x-ratelimit-remaining-tokens", str(2000000 - 100 * (number % 20000))),
        ("x-ratelimit-reset-requests", "6ms"),
        ("x-ratelimit-reset-tokens", "3ms"),
    ]


def stream_error(request: Request, index: int) -> Event:
    """Return the event of a failed stream."""
    details = {"message": "The server had an error while streaming.", "type": "server_error", "param": None, "code": "server_error"}
    if "/responses" not in request.path:
        return Event({"error": details})
    return Event({**details, "type": "error", "sequence_number": index, "error": details}, "error")


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual.

    Unknown events, a first chunk without fields, empty choices, null deltas, usage in every chunk.
    """
    odd: list[Event] = [Event({"type": "stand_in.unknown", "object": "stand_in.unknown"})]
    for index, event in enumerate(events):
        data = event.data
        if isinstance(data, dict) and "choices" in data:
            figures = {"prompt_tokens": 1, "completion_tokens": index + 1, "total_tokens": index + 2}
            data = {**data, "usage": data.get("usage") or figures}
            if index == 0:
                data = {key: value for key, value in data.items() if key not in ("id", "model", "choices", "created")}
            if index == 1:
                odd.append(Event({**data, "choices": []}))
                odd.append(Event({**data, "choices": [{"index": 0, "delta": None, "finish_reason": None}]}))
        odd.append(replace(event, data=data))
        if isinstance(data, dict) and "type" in data and index == 1:
            odd.append(Event({"type": "response.stand_in.unknown", "sequence_number": None}, "response.stand_in.unknown"))
    return odd


FORMAT = Format(
    name="openai",
    mount=MOUNT,
    routes=(*openai_chat.ROUTES, *openai_responses.ROUTES, *openai_media.ROUTES, *openai_resources.ROUTES),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    headers=headers,
    results=("choices", "output", "data"),
    usages=("usage",),
    odd_stream=odd_stream,
)
