"""Describe protocols over websockets: a row of data, and a reader of frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from .session import Session

Frame = Mapping[str, Any]


class SocketProtocol(Protocol):
    """Read the frames of one socket, and start and end generations in its session.

    Both methods return whether the frame is one of this protocol. A socket that never has such a frame is not
    observed any more. They never keep a frame.
    """

    def sent(self, session: Session, frame: Frame) -> bool:
        """Read a frame that the application is about to send."""

    def received(self, session: Session, frame: Frame) -> bool:
        """Read a frame of the provider, before the application receives it."""


class Beginning:
    """Match the beginning of a frame, text or bytes, without reading the rest.

    >>> deltas = Beginning(r'{"type":"[a-z.]+delta"')
    >>> bool(deltas.match('{"type":"a.delta"')), bool(deltas.match(b'{"type":"a.delta"')), bool(deltas.match('{"type":"a.done"'))
    (True, True, False)
    """

    __slots__ = ("_bytes", "_text")

    def __init__(self, pattern: str) -> None:
        self._text = re.compile(pattern)
        self._bytes = re.compile(pattern.encode())

    def match(self, data: str | bytes) -> Any:
        """Return a match object or ``None``."""
        return self._text.match(data) if isinstance(data, str) else self._bytes.match(data)


class Unread(NamedTuple):
    """Frames that are not parsed, because they hold only a part of the contents.

    ``sent`` and ``chunk`` match their beginnings. ``chunk_end`` matches the end of a chunk, in protocols where a frame
    of audio can hold more than audio. The groups of ``owner`` are the id of the generation that a chunk belongs to; it
    is used only if several generations run.
    """

    sent: Beginning
    chunk: Beginning
    chunk_end: Beginning | None = None
    owner: Beginning | None = None


class SocketApi(NamedTuple):
    """One API over websockets, as data.

    ``endings`` are the ends of the path of its handshake. ``provider`` is the provider behind a host that is in no
    table, ``sdk`` the name with which the setting ``disabled_providers`` disables it.
    """

    name: str
    endings: tuple[str, ...]
    protocol: Callable[[Mapping[str, str]], SocketProtocol]
    """Make the reader of a socket from the parameters of the handshake."""
    unread: Unread
    provider: str
    sdk: str
