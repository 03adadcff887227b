"""Cohere chat, generate, embed, rerank and classify, in API versions 1 and 2.

Usage contains tokens of the model (``tokens``) and billed tokens (``billed_units``). Billed tokens are recorded, as
the semantic conventions require. ``cached_tokens`` are part of ``tokens``.
"""

from __future__ import annotations

from typing import Any

from ...extraction.finish_reasons import aligned, finish_reason
from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response, Usage
from .. import Arguments, Dialect
from ..streamed import streamed
from . import content

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "p",
        "top_k": "k",
        "max_tokens": "max_tokens",
        "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty",
        "stop_sequences": ("stop_sequences", "end_sequences"),
        "seed": "seed",
        "choice_count": "num_generations",
        "conversation_id": "conversation_id",
        "dimensions": "output_dimension",
        "encoding_formats": "embedding_types",
    },
)
_REPLY = fields(Response, {"response_id": ("response_id", "generation_id", "id")})
_USAGE = fields(
    Usage,
    {
        "input_tokens": ("billed_units.input_tokens", "tokens.input_tokens"),
        "output_tokens": ("billed_units.output_tokens", "tokens.output_tokens"),
        "cache_read_tokens": "cached_tokens",
        "input_text_tokens": "billed_units.text_tokens",
        "input_image_tokens": "billed_units.image_tokens",
        "search_units": "billed_units.search_units",
    },
)
_BITS = {"binary": 8, "ubinary": 8}
"""Dimensions per number in a packed vector."""


def request(arguments: Arguments) -> Request:
    """Read the arguments of any function of Cohere; the names are shared."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    record.output_type = OUTPUT_TYPES.get(as_str(get_path(arguments.named, ("response_format", "type"))) or "")
    return record


def _usage(usage_block: object) -> Usage:
    counted = Usage()
    copy_fields(counted, usage_block, _USAGE)
    if (counted.input_text_tokens or 0) + (counted.input_image_tokens or 0) > (counted.input_tokens or 0):
        # If a part is larger than the total, it was not counted in the total.
        counted.input_text_tokens = counted.input_image_tokens = None
    return counted


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _REPLY)
    for place in ("usage", "meta"):
        if (value := get_path(body, (place,))) is not None:
            draft.usage = _usage(value)
    has_error = any(as_str(get_path(body, (name,))) is not None for name in ("error", "err"))
    if has_error or as_str(get_path(body, ("finish_reason",))) == "ERROR":
        draft.failure = "error"
    generations = as_sequence(get_path(body, ("generations",)))
    reason = finish_reason(get_path(body, ("finish_reason",)))
    if generations:
        draft.finish_reasons = aligned(get_path(item, ("finish_reason",)) or reason for item in generations)
    elif reason is not None:
        draft.finish_reasons = [reason]


def _inside(body: object) -> Any:
    """Return the data inside the result of ``with_raw_response``."""
    return getattr(body, "_data", body)


def response(body: object) -> Response:
    """Read a complete response."""
    record = Response()
    _read_into(record, _inside(body))
    return record


def embedded(body: object) -> Response:
    """Read a response with vectors: one list, or one list per requested type."""
    record = response(body)
    vectors = get_path(_inside(body), ("embeddings",))
    for kind in ("float_", "float", "int8", "uint8", "binary", "ubinary"):
        found = as_sequence(vectors) or as_sequence(get_path(vectors, (kind,)))
        if found:
            record.dimensions = len(as_sequence(found[0])) * _BITS.get(kind, 1) or None
            break
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one event: the first has the id, the last everything else."""
    kind = as_str(get_path(chunk, ("type",))) or as_str(get_path(chunk, ("event_type",)))
    if kind == "message-end":
        _read_into(draft, get_path(chunk, ("delta",)))
    elif kind in ("stream-end", "stream-error"):
        _read_into(draft, chunk)
        _read_into(draft, get_path(chunk, ("response",)))
    elif draft.response_id is None:
        copy_fields(draft, chunk, _REPLY)
    if draft.content is not None:
        content.keep(draft, kind or "", chunk)


def finish(draft: Response) -> None:
    """Set ``error`` on a stream without an end event; build the message."""
    if draft.response_id is not None and draft.finish_reasons is None:
        draft.finish_reasons = ["error"]
    content.join(draft)


def _absorb_vector(draft: Response, chunk: object) -> None:
    vector = as_sequence(get_path(chunk, ("embedding",)))
    draft.dimensions = draft.dimensions or len(vector) * _BITS.get(as_str(get_path(chunk, ("embedding_type",))) or "", 1) or None


def _output(body: object) -> list[dict[str, Any]] | None:
    return content.output(_inside(body))


chat = Dialect("cohere_chat", request, response, absorb, content.content, _output, finish)
chat_stream = streamed(chat)
embed = Dialect("cohere_embed", request, embedded, _absorb_vector)
rerank = Dialect("cohere_rerank", request, response)
