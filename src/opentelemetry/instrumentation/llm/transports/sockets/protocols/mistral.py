"""Mistral's realtime transcription: one transcription in each session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....calls.declaration import PatchPoint
from ....dialects.mistral.realtime import realtime_transcription
from ....extraction.paths import as_str, get_path
from ..protocol import Beginning, Frame, Unread
from ..session import Session

TRANSCRIPTION = PatchPoint("websocket:mistral", "transcription", realtime_transcription)
UNREAD = Unread(sent=Beginning(r"\s*\{"), chunk=Beginning(r'\s*\{\s*"type"\s*:\s*"transcription\.[a-z_.]{1,64}\.delta"'))
_KEY = "transcription"


class MistralTranscription:
    """Read the frames of one socket; those of the application hold only audio."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._named: dict[str, Any] = {"model": query.get("model")}

    def sent(self, session: Session, frame: Frame) -> bool:
        """Ignore the frame."""
        return False

    def received(self, session: Session, frame: Frame) -> bool:
        """Begin and end the transcription."""
        kind = as_str(frame.get("type")) or ""
        if kind == "session.created":
            about = frame.get("session")
            self._named = {"model": as_str(get_path(about, ("model",))), "session_id": as_str(get_path(about, ("request_id",)))}
            session.started(TRANSCRIPTION, self._named, _KEY)
        elif kind == "transcription.done":
            session.end(TRANSCRIPTION, self._named, _KEY, frame)
        elif kind == "error":
            session.fail("", frame)
        else:
            return kind.startswith(("transcription.", "session."))
        return True
