"""OpenAI Live and live translation: sessions that are billed by their duration.

The seconds of Live are a running sum, so the last one counts. Responses that a Live session delegates arrive as events
inside its events, and are calls of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....calls.declaration import PatchPoint
from ....dialects.openai.realtime import timed_session
from ....extraction.paths import as_str, get_path
from ..protocol import Beginning, Frame, Unread
from ..session import Session
from .realtime import LIVE_OPERATION
from .responses import Responses

LIVE = PatchPoint("websocket:live", LIVE_OPERATION, timed_session)
TRANSLATION = PatchPoint("websocket:translations", "translation", timed_session)
UNREAD = Unread(
    sent=Beginning(r'\s*\{\s*"type"\s*:\s*"session\.input_audio(?:_buffer)?\.append"'),
    chunk=Beginning(r'\s*\{\s*"type"\s*:\s*"session\.[a-z_.]{1,64}\.delta"'),
)
_KEY = "session"


class _Timed:
    _point: PatchPoint
    _begins: str

    def __init__(self, query: Mapping[str, str]) -> None:
        self._model = query.get("model")
        self._id: str | None = None

    def _named(self) -> dict[str, Any]:
        return {"model": self._model, "session_id": self._id}

    def sent(self, session: Session, frame: Frame) -> bool:
        """Note the model of the session."""
        kind = as_str(frame.get("type")) or ""
        if kind in ("session.start", "session.update"):
            self._model = as_str(get_path(frame, ("session", "model"))) or self._model
        return kind.startswith("session.")

    def received(self, session: Session, frame: Frame) -> bool:
        """Begin and end the session, and count its seconds."""
        kind = as_str(frame.get("type")) or ""
        if kind == self._begins:
            self._id = as_str(get_path(frame, ("session", "id"))) or self._id
            self._model = as_str(get_path(frame, ("session", "model"))) or self._model
            session.started(self._point, self._named(), _KEY)
        elif kind == "session.closed":
            session.end(self._point, self._named(), _KEY, frame)
        elif kind.startswith("session."):
            session.chunk(_KEY, frame)
        else:
            return False
        return True


class Live(_Timed):
    """Read the frames of one Live socket."""

    _point, _begins = LIVE, "session.started"

    def __init__(self, query: Mapping[str, str]) -> None:
        super().__init__(query)
        self._delegated = Responses({})

    def received(self, session: Session, frame: Frame) -> bool:
        """Read a session's event, or the event of a response inside it."""
        inner = frame.get("event")
        if frame.get("type") != "response.event" or not isinstance(inner, dict):
            return super().received(session, frame)
        lane = as_str(frame.get("delegation_id")) or "delegated"
        return self._delegated.received(session, {**inner, "stream_id": lane})


class Translation(_Timed):
    """Read the frames of one translation socket. It reports no usage."""

    _point, _begins = TRANSLATION, "session.created"
