"""Mistral's transcription while the user speaks: one session, one transcription."""

from __future__ import annotations

from ...extraction.errors_in_response import complete
from ...extraction.paths import as_float, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from ..openai.usage import usage

_REQUEST = fields(Request, {"model": "model", "conversation_id": "session_id"})


def request(arguments: Arguments) -> Request:
    """Read the session."""
    record = Request(stream=True)
    copy_fields(record, arguments.named, _REQUEST)
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one event: the last one has the usage, an error event the failure."""
    kind = get_path(chunk, ("type",))
    if kind == "transcription.done":
        draft.response_model = as_str(get_path(chunk, ("model",)))
        draft.usage = usage(get_path(chunk, ("usage",)))
        if (seconds := as_float(get_path(chunk, ("usage", "prompt_audio_seconds")))) is not None:
            draft.usage.seconds = seconds
    elif kind == "error":
        draft.failure = as_str(get_path(chunk, ("error", "code"))) or "error"
        complete(draft, chunk)


realtime_transcription = Dialect("mistral_realtime", request, lambda body: Response(), absorb)
