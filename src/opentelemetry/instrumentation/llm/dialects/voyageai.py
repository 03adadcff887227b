"""Voyage AI embeddings and rankings, as returned by its SDK."""

from __future__ import annotations

from ..extraction.paths import as_sequence, copy_fields, fields, get_path
from ..schema.records import Request, Response, Usage
from . import Arguments, Dialect

_REQUEST = fields(
    Request, {"model": "model", "dimensions": "output_dimension", "encoding_formats": "output_dtype", "choice_count": "top_k"}
)
# All tokens are input tokens: the output contains no text.
_USAGE = fields(Usage, {"input_tokens": "total_tokens", "total_tokens": "total_tokens", "input_text_tokens": "text_tokens"})


def _request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _reply(body: object) -> Response:
    record = Response()
    copy_fields(record.usage, body, _USAGE)
    document = next(iter(as_sequence(get_path(body, ("results",)))), None)
    vectors = as_sequence(get_path(body, ("embeddings",))) or as_sequence(get_path(document, ("embeddings",)))
    record.dimensions = len(as_sequence(next(iter(vectors), None))) or None
    return record


counted = Dialect("voyageai", _request, _reply)
