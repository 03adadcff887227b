"""The embeddings shape of OpenAI and of those who speak like it."""

from __future__ import annotations

from typing import Any

from ...extraction.paths import dig, fields, fill, items
from ...schema.records import Reply, Request
from .. import Arguments, Dialect
from .usage import usage

_REQUEST = fields(Request, {"model": "model", "dimensions": "dimensions", "encoding_formats": "encoding_format"})
_REPLY = fields(Reply, {"response_model": "model", "response_id": "id", "upstream_provider": "provider"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    asked = Request()
    fill(asked, arguments.named, _REQUEST)
    return asked


def reply(answer: Any) -> Reply:
    """Read an answer: its usage, and how long the first vector is."""
    said = Reply()
    fill(said, answer, _REPLY)
    said.usage = usage(dig(answer, ("usage",)))
    first = next(iter(items(dig(answer, ("data",)))), None)
    vector = items(dig(first, ("embedding",)))
    said.dimensions = len(vector) or None
    return said


embeddings = Dialect("embeddings", request, reply)
