"""Amazon Bedrock's wire format: event streams, errors, headers and usage.

``bedrock_converse`` (one format for all models, and guardrails) and ``bedrock_models`` (a format for each family of models)
have the responses of its routes.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace

from . import bedrock_agents, bedrock_converse, bedrock_models
from .exchange import Answer, Event, Format, Headers, Json, Request, Route, Usage, Whole

_VALIDATION = "ValidationException"
ERRORS: dict[str, tuple[int, str, str]] = {
    "400": (400, _VALIDATION, "The request was not understood."),
    "401": (401, "UnrecognizedClientException", "The security token included in the request is invalid."),
    "403": (403, "AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "404": (404, "ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier."),
    "408": (408, "ModelTimeoutException", "The model took too long."),
    "409": (409, "ConflictException", "The resource was changed by another request."),
    "422": (422, _VALIDATION, "The request could not be processed."),
    "424": (424, "ModelErrorException", "The model failed on this request."),
    "429": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "500": (500, "InternalServerException", "The server had an error while processing your request."),
    "503": (503, "ServiceUnavailableException", "The service is not able to answer now."),
    "context-length": (400, _VALIDATION, "Input is too long for requested model."),
    "content-filter": (400, _VALIDATION, "The request was blocked by a content filter."),
}
_TEXT = 7
_COUNTS = (
    ("inputTokens", "outputTokens"), ("inputTokenCount", "outputTokenCount"), ("input_tokens", "output_tokens"),
    ("prompt_tokens", "completion_tokens"), ("inputTextTokenCount", "totalOutputTextTokenCount"),
    ("prompt_token_count", "generation_token_count"),
)  # fmt: skip
_CACHED = (
    "cacheReadInputTokens", "cacheWriteInputTokens", "cacheReadInputTokenCount", "cacheWriteInputTokenCount",
    "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """Return one message of an AWS event stream.

    It has the lengths and their checksum, the headers, the payload, and the checksum of all.

    >>> message({}, b"").hex()
    '000000100000000005c248eb7d98c8ff'
    """
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    reported = b"".join(bytes([len(name)]) + name + struct.pack(">BH", _TEXT, len(value)) + value for name, value in encoded)
    prelude = struct.pack(">II", len(reported) + len(payload) + 16, len(reported))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + reported + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def frame(event: Event) -> bytes:
    """Frame one event.

    A part of a model's own response is sent in base64; an exception is marked in the headers.
    """
    payload = event.data if isinstance(event.data, str) else json.dumps(event.data)
    if event.name == "chunk":
        payload = json.dumps({"bytes": base64.b64encode(payload.encode()).decode(), "p": "abcdefgh"})
    kind = "exception" if event.name.endswith("Exception") else "event"
    headers = {f":{kind}-type": event.name, ":content-type": "application/json", ":message-type": kind}
    return message(headers, payload.encode())


def error(kind: str, text: str) -> Whole:
    """Return the error response for a row of ``ERRORS`` or for a status."""
    status, code, usual = ERRORS[kind] if kind in ERRORS else (int(kind), "InternalServerException", f"Status {kind} was asked for.")
    return Whole({"message": text or usual}, status=status, headers=[("x-amzn-errortype", f"{code}:http://internal.amazon.com/coral/")])


def model(request: Request) -> str:
    """Return the model from the path."""
    return request.parameters.get("model", "")


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event, with the names of any family.

    Cache reads and writes are input tokens.
    """
    if not isinstance(body, dict):
        return None
    inner = [body.get(name) for name in ("amazon-bedrock-invocationMetrics", "metadata", "message")]
    places = [body.get("usage"), *inner, *(part.get("usage") for part in inner if isinstance(part, dict)), body]
    for place in places:
        for names in _COUNTS if isinstance(place, dict) else ():
            requested, output = (place.get(name) for name in names)
            if isinstance(requested, int):
                cached = (place.get(name) for name in _CACHED)
                return requested + sum(count for count in cached if isinstance(count, int)), output if isinstance(output, int) else 0
    return None


def headers(request: Request, _seconds: float) -> Headers:
    """Return the headers of every response."""
    return [("x-amzn-requestid", f"00000000-0000-4000-8000-{request.memory.count('requests'):012d}")]


def stream_error(_request: Request, _index: int) -> Event:
    """Return the event of a failed stream."""
    return Event({"message": "The server had an error while streaming."}, "internalServerException")


def odd_stream(events: Sequence[Event]) -> Sequence[Event]:
    """Make a stream unusual: unknown events and fields, and counts sent twice."""
    odd = [Event({"standIn": True}, "standInUnknown" if events and events[0].name != "chunk" else "chunk")]
    for event in events:
        odd.append(replace(event, data={**event.data, "standIn": None}) if isinstance(event.data, dict) else event)
    return [*odd, odd[-1]]


def _framed(answer: Answer) -> Answer:
    if isinstance(answer, Whole):
        return answer
    return replace(answer, content_type="application/vnd.amazon.eventstream", frame=frame)


def _route(route: Route) -> Route:
    return replace(route, answer=lambda request: _framed(route.answer(request)))


FORMAT = Format(
    name="bedrock",
    mount="",
    routes=tuple(_route(route) for route in (*bedrock_converse.ROUTES, *bedrock_models.ROUTES, *bedrock_agents.ROUTES)),
    model=model,
    error=error,
    usage=usage,
    stream_error=stream_error,
    headers=headers,
    results=("output", "content", "choices", "results", "outputs", "generations", "completions", "embeddings", "images"),
    usages=("usage", "amazon-bedrock-invocationMetrics"),
    odd_stream=odd_stream,
)
