"""Responses of Bedrock InvokeModel, whose format depends on the model family.

Names of inference profiles and imported models do not show the family, so the shape of the body selects the format.
Formats of Anthropic, OpenAI and Amazon have dialects of their own; older formats are in ``invoke_model_text``,
requests in ``invoke_model_request``. Counts that a body lacks are in Bedrock's response headers and in the last
stream event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...extraction.paths import as_sequence, copy_fields, digits, fields, get_path
from ...schema.records import Content, Response, Usage
from .. import Arguments, Dialect
from ..anthropic.messages import messages
from ..openai.chat_completions import chat_completions
from .converse import STREAM_EVENTS, converse
from .converse import usage as counted
from .invoke_model_request import image_request, parsed, request
from .invoke_model_text import text_families

_TIER = fields(Response, {"service_tier": "serviceTier", "latency": "performanceConfigLatency"})
_ID = fields(Response, {"response_id": "id"})
_INPUT = fields(Usage, {"input_tokens": ("inputTextTokenCount", "inputTokenCount")})

_MESSAGES = frozenset(
    {"message", "message_start", "message_delta", "message_stop", "content_block_start", "content_block_delta", "content_block_stop",
     "ping", "error"}
)  # fmt: skip
_COUNT_HEADERS = {
    "inputTokenCount": "x-amzn-bedrock-input-token-count",
    "outputTokenCount": "x-amzn-bedrock-output-token-count",
    "cacheReadInputTokenCount": "x-amzn-bedrock-cache-read-input-token-count",
    "cacheWriteInputTokenCount": "x-amzn-bedrock-cache-write-input-token-count",
}
_METRICS = "amazon-bedrock-invocationMetrics"


def _response_dialect(document: Mapping[str, object]) -> Dialect:
    """Return the dialect of a response body, or of the first event of a stream."""
    if "choices" in document:
        return chat_completions
    if document.get("type") in _MESSAGES:
        return messages
    return converse if "output" in document or not STREAM_EVENTS.isdisjoint(document) else text_families


def _request_dialect(body: Mapping[str, object]) -> Dialect:
    """Return the dialect of a request body.

    Amazon's content blocks have no ``type``; Anthropic's bodies contain ``anthropic_version``.
    """
    if "anthropic_version" in body and "messages" in body:
        return messages
    value = as_sequence(get_path(next(iter(as_sequence(body.get("messages"))), None), ("content",)))
    if value and not any(get_path(block, ("type",)) for block in value):
        return converse
    return chat_completions if "messages" in body else text_families


def _content(arguments: Arguments) -> Content:
    body = get_path(arguments.named, ("body",))
    return _request_dialect(body).content(Arguments(body)) if isinstance(body, Mapping) else Content()


def _output(body: object) -> list[dict[str, Any]] | None:
    document = get_path(body, ("body",))
    return _response_dialect(document).output(document) if isinstance(document, Mapping) else None


def _complete(usage: Usage, beside: Usage) -> None:
    """Add Bedrock's own counts if the body of the model has none."""
    for name, parts in (("input_tokens", ("cache_read_tokens", "cache_write_tokens")), ("output_tokens", ())):
        if getattr(usage, name) is None:
            for field in (name, *parts):
                setattr(usage, field, getattr(beside, field))


def _header_usage(body: object) -> Usage:
    headers = get_path(body, ("ResponseMetadata", "HTTPHeaders"))
    found = {name: digits(get_path(headers, (header,))) for name, header in _COUNT_HEADERS.items()}
    return counted({name: count for name, count in found.items() if count is not None})


def _with_headers(record: Response, body: object) -> Response:
    copy_fields(record, body, _TIER)
    _complete(record.usage, _header_usage(body))
    return record


def _reply(body: object) -> Response:
    document = get_path(body, ("body",))
    return _with_headers(_response_dialect(document).response(document) if isinstance(document, Mapping) else Response(), body)


def _absorb(draft: Response, chunk: object) -> None:
    document = parsed(get_path(chunk, ("chunk", "bytes")))
    if not isinstance(document, Mapping):
        return
    own = draft.scratch or {"dialect": _response_dialect(document), "inner": None, "metrics": None}
    draft.scratch = own["inner"]
    try:
        own["dialect"].absorb(draft, document)
    finally:
        own["inner"], draft.scratch = draft.scratch, own
    own["metrics"] = document.get(_METRICS, own["metrics"])


def _finish(draft: Response) -> None:
    own = draft.scratch
    if own is None:
        return
    draft.scratch = own["inner"]
    own["dialect"].finish(draft)
    _complete(draft.usage, counted(own["metrics"]))


def _vector(document: object) -> Any:
    """Find the first vector: directly, in a list, in a list by type, or under a key."""
    found = get_path(document, ("embedding",)) or get_path(document, ("embeddings",)) or get_path(document, ("data",))
    while isinstance(found, (Mapping, list)) and found and not isinstance(found, str):
        first = next(iter(found.values() if isinstance(found, Mapping) else found))
        if isinstance(first, (int, float)):
            return found
        found = get_path(first, ("embedding",)) if isinstance(first, Mapping) and "embedding" in first else first
    return None


def _embeddings_reply(body: object) -> Response:
    record, document = Response(), get_path(body, ("body",))
    copy_fields(record, document, _ID)
    copy_fields(record.usage, document, _INPUT)
    record.dimensions = len(as_sequence(_vector(document))) or None
    return _with_headers(record, body)


def _image_reply(body: object) -> Response:
    record, document = Response(), get_path(body, ("body",))
    made = as_sequence(get_path(document, ("images",))) or as_sequence(get_path(document, ("artifacts",)))
    record.usage.images = sum(image is not None for image in made) or None
    return _with_headers(record, body)


def _rerank_reply(body: object) -> Response:
    record = Response()
    copy_fields(record, get_path(body, ("body",)), _ID)
    return _with_headers(record, body)


invoke_model = Dialect("invoke_model", request, _reply, _absorb, _content, _output, _finish)
invoked_embeddings = Dialect("invoked_embeddings", request, _embeddings_reply)
invoked_images = Dialect("invoked_images", image_request, _image_reply)
invoked_rerank = Dialect("invoked_rerank", request, _rerank_reply)
