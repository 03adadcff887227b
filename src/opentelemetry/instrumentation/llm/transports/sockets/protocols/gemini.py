"""Gemini Live: turns of the model. They have no id, and their usage may be last.

A turn begins with the application's turn or with the first part of the model. It ends with ``turnComplete``, or with
a tool call; the application's tool response then begins the next generation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....calls.call import CANCELLED, COMPLETE
from ....calls.declaration import PatchPoint
from ....dialects.google.live import live
from ....dialects.google.usage import either
from ....extraction.paths import as_str, get_path
from ..protocol import Beginning, Frame, Unread
from ..session import Session
from .realtime import LIVE_OPERATION

GENERATION = PatchPoint("websocket:gemini_live", LIVE_OPERATION, live)
UNREAD = Unread(
    sent=Beginning(r'\s*\{\s*"realtime_?[iI]nput"\s*:\s*\{\s*"(?:audio|video|media_?[cC]hunks)"'),
    chunk=Beginning(
        r'\s*\{\s*"serverContent"\s*:\s*\{\s*"modelTurn"\s*:\s*\{\s*(?:"role"\s*:\s*"model"\s*,\s*)?"parts"\s*:\s*\[\s*\{\s*"inlineData"\s*:'
    ),
    chunk_end=Beginning(r'[\w+/=-]*"\s*\}\s*\}\s*\]\s*(?:,\s*"role"\s*:\s*"model"\s*)?\}\s*\}\s*\}\s*\Z'),
)


class GeminiLive:
    """Read the frames of one socket."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._setup: dict[str, Any] = {}
        self._turn = 0
        self._complete = self._counted = False
        self._how = COMPLETE

    def sent(self, session: Session, frame: Frame) -> bool:
        """Read the set-up, or begin the generation that a turn requests."""
        if (setup := frame.get("setup")) is not None:
            self._setup = {"model": get_path(setup, ("model",)), "config": either(setup, "generation_config")}
            return True
        content, answered = either(frame, "client_content"), either(frame, "tool_response")
        if answered is not None or (content is not None and either(content, "turn_complete") is not False):
            if self._complete:
                self._finish(session)
            if not session.waits():
                session.ask(GENERATION, self._setup)
        return content is not None or answered is not None or either(frame, "realtime_input") is not None

    def received(self, session: Session, frame: Frame) -> bool:
        """Read a message of the server."""
        content, reported = either(frame, "server_content"), either(frame, "usage_metadata")
        if (done := either(frame, "setup_complete")) is not None:
            self._setup["session_id"] = as_str(either(done, "session_id"))
            return True
        calls = either(frame, "tool_call") is not None
        if either(content, "model_turn") is not None or calls or either(content, "output_transcription") is not None:
            if self._complete:
                self._finish(session)
            if not session.runs(self._key):
                session.started(GENERATION, self._setup, self._key)
                # The application may have sent its turn before it received the id of the session.
                session.note(self._key, {"session_id": self._setup.get("session_id")})
        elif not session.runs(self._key):
            return content is not None or reported is not None
        session.chunk(self._key, frame)
        self._counted = self._counted or reported is not None
        if either(content, "interrupted"):
            self._how = CANCELLED
        self._complete = self._complete or bool(calls or either(content, "turn_complete"))
        if self._complete and self._counted:
            self._finish(session)
        session.reads_all = self._complete  # The next part begins another generation.
        return True

    @property
    def _key(self) -> str:
        return str(self._turn)

    def _finish(self, session: Session) -> None:
        """End the generation that is complete, with or without its usage."""
        if session.runs(self._key):
            session.end(GENERATION, self._setup, self._key, None, self._how)
            self._turn += 1
        self._complete = self._counted = False
        self._how = COMPLETE
