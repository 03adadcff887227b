"""How providers speak: one wire shape a module, as pure functions and tables of paths.

A dialect MUST NOT import an SDK, MUST NOT change or keep what it is given, MUST NOT iterate what is not a list, tuple,
dict or text, and need not fear odd shapes: ``reading`` gives ``None`` for what is not there. What it raises all the
same ends the call with an empty reply, never the application's.
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
    """What the application passed, by its names: on the wire, or in the function's signature.

    ``path`` is what the request goes to (or the operation's name), where the function is told so. ``sends`` says of a request,
    by the HTTP client that sends it, method and URL, whether it is of this call; ``None`` where the SDK does not let that be known.
    """

    named: Mapping[str, Any]
    path: str = ""
    method: str = "POST"
    query: Mapping[str, Any] = field(default_factory=dict)
    streaming: bool = False
    sends: Sends | None = None


def _no_chunks(draft: Response, chunk: Any) -> None:
    """Take nothing from a chunk: the operation tells no figures while it streams."""


def _no_content(arguments: Arguments) -> Content:
    return Content()


@dataclass(frozen=True, slots=True)
class Dialect:
    """Read one wire shape.

    ``request`` reads the arguments of a call, ``reply`` a whole answer, and ``absorb`` adds one chunk of a stream to a
    draft. ``content`` and ``output`` read message contents in the shapes of the conventions' JSON schemas; they run
    only where content is captured, and so does the part of ``absorb`` that joins pieces (when ``draft.content`` is set).
    """

    name: str
    request: Callable[[Arguments], Request]
    response: Callable[[Any], Response]
    absorb: Callable[[Response, Any], None] = _no_chunks
    content: Callable[[Arguments], Content] = _no_content
    output: Callable[[Any], list[dict[str, Any]] | None] = lambda answer: None
    finish: Callable[[Response], None] = lambda draft: None
    """Complete a draft when its stream is over, before it is read."""

    @property
    def streams(self) -> bool:
        """Say whether the chunks of a stream tell something."""
        return self.absorb is not _no_chunks
