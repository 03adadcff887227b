"""OpenAI Responses over a websocket: the events of the HTTP stream, in lanes.

A frame ``response.create`` requests a response. The ``stream_id`` of a frame is its lane; several responses can run
at once. A response that the application steers is followed by one that it did not request.
"""

from __future__ import annotations

from collections.abc import Mapping

from ....calls.declaration import PatchPoint
from ....dialects.openai.responses import responses
from ....extraction.paths import as_str, get_path
from ..protocol import Beginning, Frame, Unread
from ..session import Session

CHAT = PatchPoint("websocket:responses", "chat", responses)
UNREAD = Unread(
    sent=Beginning(r'\s*\{\s*"type"\s*:\s*"response\.(?:steer|cancel)"'),
    chunk=Beginning(r'\s*\{\s*"type"\s*:\s*"response\.[a-z_.]{1,64}\.delta"'),
)
_ENDS = frozenset({"response.completed", "response.failed", "response.incomplete", "response.cancelled"})


class Responses:
    """Read the frames of one socket."""

    def __init__(self, query: Mapping[str, str]) -> None:
        pass

    def sent(self, session: Session, frame: Frame) -> bool:
        """Begin a response."""
        if frame.get("type") != "response.create":
            return False
        inner = frame.get("response")
        named = {**frame, **inner} if isinstance(inner, dict) else frame
        session.ask(CHAT, named, _lane(frame))
        return True

    def received(self, session: Session, frame: Frame) -> bool:
        """Read an event of a response."""
        kind, lane = as_str(frame.get("type")) or "", _lane(frame)
        key, known = as_str(get_path(frame, ("response", "id"))), {"model": get_path(frame, ("response", "model"))}
        if kind in _ENDS and key is not None:
            session.end(CHAT, known, key, frame, lane=lane)
        elif kind == "error":
            session.fail(lane, frame)
        elif kind == "response.created" and key is not None:
            session.started(CHAT, known, key, lane)
            session.chunk(key, frame)
        elif key is not None:
            session.chunk(key, frame)
        elif kind.startswith("response."):
            session.chunk_in(lane, frame)
        else:
            return False
        return True


def _lane(frame: Frame) -> str:
    return as_str(frame.get("stream_id")) or ""
