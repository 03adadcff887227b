"""Dialects of SDKs that have a separate function for streams."""

from __future__ import annotations

from dataclasses import replace

from ..schema.records import Request
from . import Arguments, Dialect


def streamed(dialect: Dialect) -> Dialect:
    """Return ``dialect`` for a function that always streams."""

    def request(arguments: Arguments) -> Request:
        record = dialect.request(arguments)
        record.stream = True
        return record

    return replace(dialect, request=request)
