"""OpenAI Realtime, also at Azure and xAI: responses of a voice session.

The application requests a response, or the server creates one when the user stops speaking. The transcription of the
user's speech is a call of its own, because another model makes it at another price.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....calls.call import CANCELLED, CLOSED_EARLY, COMPLETE
from ....calls.declaration import PatchPoint
from ....dialects.openai.realtime import realtime, realtime_transcription
from ....extraction.paths import as_int, as_str, get_path
from ..generation import Moment
from ..protocol import Beginning, Frame, Unread
from ..session import Session

LIVE_OPERATION = "generate_content"
"""The operation of live generations until the conventions define one."""
GENERATION = PatchPoint("websocket:realtime", LIVE_OPERATION, realtime)
TRANSCRIPTION = PatchPoint("websocket:realtime", "transcription", realtime_transcription)
UNREAD = Unread(
    sent=Beginning(r'\s*\{\s*"type"\s*:\s*"input_audio_buffer\.append"'),
    chunk=Beginning(r'\s*\{\s*"type"\s*:\s*"response\.[a-z_.]{1,64}\.delta"'),
    owner=Beginning(r'[^{]{0,8}\{[^{}]{0,256}?"response_id"\s*:\s*"([\w-]{1,128})"'),
)
_TRANSCRIBED = "conversation.item.input_audio_transcription."
_STOPPED = frozenset({"input_audio_buffer.speech_stopped", "input_audio_buffer.committed"})
_MODELS = (("audio", "input", "transcription", "model"), ("input_audio_transcription", "model"))
_REFUSES_NOTHING = frozenset({"response_cancel_not_active"})
_MOST_SPOKEN = 32
_HOW = {"turn_detected": CANCELLED, "client_cancelled": CLOSED_EARLY}


class Realtime:
    """Read the frames of one socket."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._model = query.get("model") or query.get("deployment")
        self._id: str | None = None
        self._transcribes: str | None = None
        self._spoken: dict[str, Moment] = {}

    def sent(self, session: Session, frame: Frame) -> bool:
        """Begin a response, or note the settings of the session."""
        kind = as_str(frame.get("type")) or ""
        if kind == "response.create":
            inner = frame.get("response")
            named = {**self._named(), **inner} if isinstance(inner, dict) else self._named()
            session.ask(GENERATION, named, frame_id=as_str(frame.get("event_id")))
        elif kind == "session.update":
            self._settings(frame.get("session"))
        elif kind == "input_audio_buffer.commit":
            session.since = Moment.now()
        else:
            return kind.startswith(("conversation.item.", "input_audio_buffer.", "response."))
        return True

    def received(self, session: Session, frame: Frame) -> bool:
        """Read an event of the server."""
        kind = as_str(frame.get("type")) or ""
        body: Any = frame.get("response")
        key = as_str(get_path(body, ("id",)))
        if kind == "response.created" and key is not None:
            session.started(GENERATION, self._named(), key)
            session.note(key, {"response": {**self._named(), **body}})
        elif kind == "response.done" and key is not None:
            self._done(session, key, body)
        elif kind.endswith(".delta") and (key := as_str(frame.get("response_id"))) is not None:
            session.chunk(key, frame)
        elif kind in _STOPPED:
            session.since = session.since or Moment.now()
            if kind.endswith("committed"):
                self._committed(frame)
        elif kind in ("session.created", "session.updated"):
            self._id = as_str(get_path(frame, ("session", "id"))) or self._id
            self._settings(frame.get("session"))
        elif kind in (_TRANSCRIBED + "completed", _TRANSCRIBED + "failed"):
            self._transcribed(session, frame)
        elif kind == "error":
            self._error(session, frame)
        else:
            return kind.startswith(("response.", "conversation.", "rate_limits.", "input_audio_buffer."))
        return True

    def _named(self) -> dict[str, Any]:
        return {"model": self._model, "session_id": self._id}

    def _settings(self, settings: object) -> None:
        self._model = as_str(get_path(settings, ("model",))) or self._model
        found = (as_str(get_path(settings, path)) for path in _MODELS)
        self._transcribes = next((model for model in found if model is not None), self._transcribes)

    def _done(self, session: Session, key: str, body: Any) -> None:
        reason = as_str(get_path(body, ("status_details", "reason"))) or ""
        cancelled = get_path(body, ("status",)) == "cancelled"
        frame = {"type": "response.done", "response": {**self._named(), **body}}
        session.end(GENERATION, self._named(), key, frame, _HOW.get(reason, CANCELLED) if cancelled else COMPLETE)

    def _committed(self, frame: Frame) -> None:
        """Note when an item of the user's speech was complete."""
        self._spoken[as_str(frame.get("item_id")) or ""] = Moment.now()
        if len(self._spoken) > _MOST_SPOKEN:
            self._spoken.pop(next(iter(self._spoken)))

    def _transcribed(self, session: Session, frame: Frame) -> None:
        item = as_str(frame.get("item_id")) or ""
        # The time at which the user stopped speaking stays that of the response.
        since, session.since = session.since, self._spoken.pop(item, None)
        key = f"{item} {as_int(frame.get('content_index')) or 0}"
        session.end(TRANSCRIPTION, {**self._named(), "model": self._transcribes}, key, frame, lane="transcription")
        session.since = since

    def _error(self, session: Session, frame: Frame) -> None:
        """End a requested response that has not begun; other errors end nothing."""
        if as_str(get_path(frame, ("error", "code"))) not in _REFUSES_NOTHING:
            session.refuse(frame, frame_id=as_str(get_path(frame, ("error", "event_id"))))
