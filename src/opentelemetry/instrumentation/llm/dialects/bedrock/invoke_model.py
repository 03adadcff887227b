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
_BESIDE = {
    "inputTokenCount": "x-amzn-bedrock-input-token-count",
    "outputTokenCount": "x-amzn-bedrock-output-token-count",
    "cacheReadInputTokenCount": "x-amzn-bedrock-cache-read-input-token-count",
    "cacheWriteInputTokenCount": "x-amzn-bedrock-cache-write-input-token-count",
}
_METRICS = "amazon-bedrock-invocationMetrics"


def _speaks(document: Mapping[str, Any]) -> Dialect:
    """Return the dialect of a response body, or of the first event of a stream."""
    if "choices" in document:
        return chat_completions
    if document.get("type") in _MESSAGES:
        return messages
    return converse if "output" in document or not STREAM_EVENTS.isdisjoint(document) else text_families


def _asks(body: Mapping[str, Any]) -> Dialect:
    """Return the dialect of a request body.

    Amazon's content blocks have no ``type``; Anthropic's bodies contain ``anthropic_version``.
    """
    if "anthropic_version" in body and "messages" in body:
        return messages
    said = as_sequence(get_path(next(iter(as_sequence(body.get("messages"))), None), ("content",)))
    if said and not any(get_path(block, ("type",)) for block in said):
        return converse
    return chat_completions if "messages" in body else text_families


def _content(arguments: Arguments) -> Content:
    body = get_path(arguments.named, ("body",))
    return _asks(body).content(Arguments(body)) if isinstance(body, Mapping) else Content()


def _output(answer: Any) -> list[dict[str, Any]] | None:
    document = get_path(answer, ("body",))
    return _speaks(document).output(document) if isinstance(document, Mapping) else None


def _complete(usage: Usage, beside: Usage) -> None:
    """Add Bedrock's own counts if the body of the model has none."""
    for name, parts in (("input_tokens", ("cache_read_tokens", "cache_write_tokens")), ("output_tokens", ())):
        if getattr(usage, name) is None:
            for field in (name, *parts):
                setattr(usage, field, getattr(beside, field))


def _beside(answer: Any) -> Usage:
    headers = get_path(answer, ("ResponseMetadata", "HTTPHeaders"))
    said = {name: digits(get_path(headers, (header,))) for name, header in _BESIDE.items()}
    return counted({name: count for name, count in said.items() if count is not None})


def _with_headers(said: Response, answer: Any) -> Response:
    copy_fields(said, answer, _TIER)
    _complete(said.usage, _beside(answer))
    return said


def _reply(answer: Any) -> Response:
    document = get_path(answer, ("body",))
    return _with_headers(_speaks(document).response(document) if isinstance(document, Mapping) else Response(), answer)


def _absorb(draft: Response, chunk: Any) -> None:
    document = parsed(get_path(chunk, ("chunk", "bytes")))
    if not isinstance(document, Mapping):
        return
    own = draft.scratch or {"speaks": _speaks(document), "inner": None, "metrics": None}
    draft.scratch = own["inner"]
    try:
        own["speaks"].absorb(draft, document)
    finally:
        own["inner"], draft.scratch = draft.scratch, own
    own["metrics"] = document.get(_METRICS, own["metrics"])


def _finish(draft: Response) -> None:
    own = draft.scratch
    if own is None:
        return
    draft.scratch = own["inner"]
    own["speaks"].finish(draft)
    _complete(draft.usage, counted(own["metrics"]))


def _vector(document: Any) -> Any:
    """Find the first vector: directly, in a list, in a list by type, or under a key."""
    found = get_path(document, ("embedding",)) or get_path(document, ("embeddings",)) or get_path(document, ("data",))
    while isinstance(found, (Mapping, list)) and found and not isinstance(found, str):
        first = next(iter(found.values() if isinstance(found, Mapping) else found))
        if isinstance(first, (int, float)):
            return found
        found = get_path(first, ("embedding",)) if isinstance(first, Mapping) and "embedding" in first else first
    return None


def _embeddings_reply(answer: Any) -> Response:
    said, document = Response(), get_path(answer, ("body",))
    copy_fields(said, document, _ID)
    copy_fields(said.usage, document, _INPUT)
    said.dimensions = len(as_sequence(_vector(document))) or None
    return _with_headers(said, answer)


def _image_reply(answer: Any) -> Response:
    said, document = Response(), get_path(answer, ("body",))
    made = as_sequence(get_path(document, ("images",))) or as_sequence(get_path(document, ("artifacts",)))
    said.usage.images = sum(image is not None for image in made) or None
    return _with_headers(said, answer)


def _rerank_reply(answer: Any) -> Response:
    said = Response()
    copy_fields(said, get_path(answer, ("body",)), _ID)
    return _with_headers(said, answer)


invoke_model = Dialect("invoke_model", request, _reply, _absorb, _content, _output, _finish)
invoked_embeddings = Dialect("invoked_embeddings", request, _embeddings_reply)
invoked_images = Dialect("invoked_images", image_request, _image_reply)
invoked_rerank = Dialect("invoked_rerank", request, _rerank_reply)
