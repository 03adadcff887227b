"""Wire formats of providers, one per module: pure functions and tables of paths.

A dialect MUST NOT import an SDK, MUST NOT change or keep its input, and MUST NOT iterate a value that is not a list,
tuple, dict or text. It need not guard against unexpected shapes: ``extraction.paths`` returns ``None`` for missing
values. If a dialect raises nevertheless, the call ends with an empty record and the application is not affected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..schema.records import Content, Request, Response

_EMPTY: Mapping[str, Any] = {}
Sends = Callable[[Any, str, Any], "bool | None"]


@dataclass(slots=True)
class Arguments:
    """Arguments of a call by wire name or by parameter name.

    ``path`` is the URL path of the request (or the name of the operation), if the function receives it. ``sends``
    takes the HTTP client, method and URL of a request and returns whether the request belongs to this call; ``None``
    if the SDK does not make this known.
    """

    named: Mapping[str, Any]
    path: str = ""
    method: str = "POST"
    query: Mapping[str, Any] = field(default_factory=dict)
    streaming: bool = False
    sends: Sends | None = None


def _no_chunks(draft: Response, chunk: object) -> None:
    """Ignore a chunk: the operation reports no values while it streams."""


def _no_content(arguments: Arguments) -> Content:
    return Content()


def _no_output(body: object) -> list[dict[str, Any]] | None:
    return None


@dataclass(frozen=True, slots=True)
class Dialect:
    """Functions that read one wire format.

    ``request`` reads the arguments of a call, ``response`` a complete response, and ``absorb`` adds one chunk of a
    stream to a draft. ``content`` and ``output`` read message contents in the shapes of the JSON schemas of the
    semantic conventions. They run only if content capture is on; ``absorb`` joins content only if ``draft.content``
    is set.
    """

    name: str
    request: Callable[[Arguments], Request]
    response: Callable[[Any], Response]
    absorb: Callable[[Response, Any], None] = _no_chunks
    content: Callable[[Arguments], Content] = _no_content
    output: Callable[[Any], list[dict[str, Any]] | None] = _no_output
    finish: Callable[[Response], None] = lambda draft: None
    """Complete a draft at the end of its stream, before it is used."""

    @property
    def reads_output(self) -> bool:
        """Return whether contents of a response are read."""
        return self.output is not _no_output

    @property
    def streams(self) -> bool:
        """Return whether chunks of a stream are read."""
        return self.absorb is not _no_chunks
