"""Azure's inference endpoints, where they differ from OpenAI.

Errors, headers and image embeddings below ``/azure-inference/models``.
"""

from __future__ import annotations

from dataclasses import replace

from . import openai_chat, openai_wire
from .exchange import Answer, Format, Headers, Request, Route, Whole

MOUNT = r"/azure-inference(?:/models)?"
ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, "BadRequest", "The request was not understood."),
    "401": (401, "unauthorized", "Access denied due to invalid subscription key or wrong API endpoint."),
    "403": (403, "Forbidden", "The principal lacks the required data action."),
    "404": (404, "unknown_model", "Unknown model: does-not-exist"),
    "422": (422, "parameter_not_supported", "One of the parameters contains invalid values."),
    "429": (429, "RateLimitReached", "Rate limit of 10 per 60s exceeded for UserByModelByMinute. Please wait 20 seconds before retrying."),
    "500": (500, "InternalServerError", "Internal server error."),
    "503": (503, "ServiceUnavailable", "The service is temporarily unable to process your request."),
    "context-length": (413, "tokens_limit_reached", "Request body too large for the model. Max size: 10 tokens."),
    "content-filter": (400, "content_filter", "The response was filtered due to the prompt triggering the content management policy."),
}


def image_embeddings(request: Request) -> Answer:
    """Answer POST /images/embeddings: a vector for the text of each image."""
    given = request.fields.get("input") or []
    request.fields["input"] = [str(item.get("text") or "a picture") for item in given if isinstance(item, dict)]
    return openai_chat.embeddings(request)


def error(kind: str, message: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, code, text = ERRORS[kind] if kind in ERRORS else (int(kind), "Unknown", f"Status {kind} was asked for.")
    spent = [("x-ratelimit-remaining-requests", "0")] if status == 429 else []
    return Whole({"error": {"code": code, "message": message or text, "details": text}}, status=status, headers=spent)


def headers(request: Request, _seconds: float) -> Headers:
    """Return the headers of every response; remaining limits decrease."""
    number = request.memory.count("requests")
    return [
        ("x-ms-region", "Stand In"),
        ("apim-request-id", f"req_{number}"),
        ("x-ratelimit-limit-requests", "1000"),
        ("x-ratelimit-limit-tokens", "100000"),
        ("x-ratelimit-remaining-requests", str(1000 - number % 1000)),
        ("x-ratelimit-remaining-tokens", str(100000 - 100 * (number % 1000))),
    ]


FORMAT: Format = replace(
    openai_wire.FORMAT,
    name="azure_inference",
    mount=MOUNT,
    routes=(
        Route("POST", "/chat/completions", openai_chat.chat),
        Route("POST", "/embeddings", openai_chat.embeddings),
        Route("POST", "/images/embeddings", image_embeddings),
    ),
    error=error,
    headers=headers,
)
