"""Voyage's embeddings and rankings as its SDK gives them: vectors, and how many tokens went in."""

from __future__ import annotations

from typing import Any

from ..extraction.paths import dig, fields, fill, items
from ..schema.records import Reply, Request, Usage
from . import Arguments, Dialect

_REQUEST = fields(
    Request, {"model": "model", "dimensions": "output_dimension", "encoding_formats": "output_dtype", "choice_count": "top_k"}
)
# All tokens are of the input: nothing but numbers comes out.
_USAGE = fields(Usage, {"input_tokens": "total_tokens", "total_tokens": "total_tokens", "input_text_tokens": "text_tokens"})


def _request(arguments: Arguments) -> Request:
    asked = Request()
    fill(asked, arguments.named, _REQUEST)
    return asked


def _reply(answer: Any) -> Reply:
    said = Reply()
    fill(said.usage, answer, _USAGE)
    document = next(iter(items(dig(answer, ("results",)))), None)
    vectors = items(dig(answer, ("embeddings",))) or items(dig(document, ("embeddings",)))
    said.dimensions = len(items(next(iter(vectors), None))) or None
    return said


counted = Dialect("voyageai", _request, _reply)
