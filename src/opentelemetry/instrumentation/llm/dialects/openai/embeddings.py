"""Embeddings of OpenAI and of compatible providers."""

from __future__ import annotations

from typing import Any

from ...extraction.paths import as_sequence, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from .usage import usage

_REQUEST = fields(Request, {"model": "model", "dimensions": "dimensions", "encoding_formats": "encoding_format"})
_REPLY = fields(Response, {"response_model": "model", "response_id": "id", "upstream_provider": "provider"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    asked = Request()
    copy_fields(asked, arguments.named, _REQUEST)
    return asked


def response(answer: Any) -> Response:
    """Read a response: usage, and the length of the first vector."""
    said = Response()
    copy_fields(said, answer, _REPLY)
    said.usage = usage(get_path(answer, ("usage",)))
    first = next(iter(as_sequence(get_path(answer, ("data",)))), None)
    vector = as_sequence(get_path(first, ("embedding",)))
    said.dimensions = len(vector) or None
    return said


embeddings = Dialect("embeddings", request, response)
