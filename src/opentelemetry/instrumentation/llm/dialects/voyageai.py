"""Voyage AI embeddings and rankings, as returned by its SDK."""

from __future__ import annotations

from typing import Any

from ..extraction.paths import as_sequence, copy_fields, fields, get_path
from ..schema.records import Request, Response, Usage
from . import Arguments, Dialect

_REQUEST = fields(
    Request, {"model": "model", "dimensions": "output_dimension", "encoding_formats": "output_dtype", "choice_count": "top_k"}
)
# All tokens are input tokens: the output contains no text.
_USAGE = fields(Usage, {"input_tokens": "total_tokens", "total_tokens": "total_tokens", "input_text_tokens": "text_tokens"})


def _request(arguments: Arguments) -> Request:
    asked = Request()
    copy_fields(asked, arguments.named, _REQUEST)
    return asked


def _reply(answer: Any) -> Response:
    said = Response()
    copy_fields(said.usage, answer, _USAGE)
    document = next(iter(as_sequence(get_path(answer, ("results",)))), None)
    vectors = as_sequence(get_path(answer, ("embeddings",))) or as_sequence(get_path(document, ("embeddings",)))
    said.dimensions = len(as_sequence(next(iter(vectors), None))) or None
    return said


counted = Dialect("voyageai", _request, _reply)
