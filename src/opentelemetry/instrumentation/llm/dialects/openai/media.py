"""OpenAI images, speech, transcriptions, moderations and decisions."""

from __future__ import annotations

from typing import Any

from ...extraction.paths import as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response, Usage
from .. import Arguments, Dialect
from .usage import usage

_REQUEST = fields(Request, {"model": "model", "choice_count": "n", "temperature": "temperature"})
_IMAGE = fields(Request, {"image_size": "size", "image_quality": "quality"})
_REPLY = fields(Response, {"response_model": "model", "response_id": "id"})


def _request(arguments: Arguments) -> Request:
    asked = Request(stream=arguments.streaming or None)
    copy_fields(asked, arguments.named, _REQUEST)
    return asked


def _image_request(arguments: Arguments) -> Request:
    asked = _request(arguments)
    asked.output_type = "image"
    copy_fields(asked, arguments.named, _IMAGE)
    return asked


def _speech_request(arguments: Arguments) -> Request:
    asked = _request(arguments)
    asked.output_type = "speech"
    spoken = arguments.named.get("input")
    if isinstance(spoken, str) and spoken:
        asked.billed = Usage(characters=len(spoken))
    return asked


def _reply(answer: Any) -> Response:
    said = Response()
    copy_fields(said, answer, _REPLY)
    said.usage = usage(get_path(answer, ("usage",)))
    return said


def _image_reply(answer: Any) -> Response:
    said = _reply(answer)
    said.usage.images = len(as_sequence(get_path(answer, ("data",)))) or None
    return said


def _transcription_reply(answer: Any) -> Response:
    said = _reply(answer)
    if said.usage == Usage():
        said.usage.seconds = usage(answer).seconds
    return said


def _absorb(draft: Response, chunk: Any) -> None:
    if (said := get_path(chunk, ("usage",))) is not None:
        draft.usage = usage(said)
    if (as_str(get_path(chunk, ("type",))) or "").endswith((".completed", ".done")):
        copy_fields(draft, chunk, _REPLY)


def _absorb_image(draft: Response, chunk: Any) -> None:
    _absorb(draft, chunk)
    if (as_str(get_path(chunk, ("type",))) or "").endswith(".completed"):
        draft.usage.images = (draft.usage.images or 0) + 1


images = Dialect("images", _image_request, _image_reply, _absorb_image)
speech = Dialect("speech", _speech_request, lambda answer: Response(), _absorb)
transcription = Dialect("transcription", _request, _transcription_reply, _absorb)
moderation = Dialect("moderation", _request, _reply)
decisions = Dialect("decisions", _request, _reply)
plain = Dialect("plain", _request, lambda answer: Response())
