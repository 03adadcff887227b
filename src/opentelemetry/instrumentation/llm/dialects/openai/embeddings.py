"""Embeddings of OpenAI and of compatible providers."""

from __future__ import annotations

from ...extraction.paths import as_sequence, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from .usage import usage

_REQUEST = fields(Request, {"model": "model", "dimensions": "dimensions", "encoding_formats": "encoding_format"})
_REPLY = fields(Response, {"response_model": "model", "response_id": "id", "upstream_provider": "provider"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    record = Request()
    copy_fields(record, arguments.named, _REQUEST)
    return record


def response(body: object) -> Response:
    """Read a response: usage, and the length of the first vector."""
    record = Response()
    copy_fields(record, body, _REPLY)
    record.usage = usage(get_path(body, ("usage",)))
    first = next(iter(as_sequence(get_path(body, ("data",)))), None)
    vector = as_sequence(get_path(first, ("embedding",)))
    record.dimensions = len(vector) or None
    return record


embeddings = Dialect("embeddings", request, response)
