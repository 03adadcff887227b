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
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _image_request(arguments: Arguments) -> Request:
    record = _request(arguments)
    record.output_type = "image"
    copy_fields(record, arguments.named, _IMAGE)
    return record


def _speech_request(arguments: Arguments) -> Request:
    record = _request(arguments)
    record.output_type = "speech"
    spoken = arguments.named.get("input")
    if isinstance(spoken, str) and spoken:
        record.billed = Usage(characters=len(spoken))
    return record


def _reply(body: Any) -> Response:
    record = Response()
    copy_fields(record, body, _REPLY)
    record.usage = usage(get_path(body, ("usage",)))
    return record


def _image_reply(body: Any) -> Response:
    value = _reply(body)
    value.usage.images = len(as_sequence(get_path(body, ("data",)))) or None
    return value


def _transcription_reply(body: Any) -> Response:
    value = _reply(body)
    if value.usage == Usage():
        value.usage.seconds = usage(body).seconds
    return value


def _absorb(draft: Response, chunk: Any) -> None:
    if (value := get_path(chunk, ("usage",))) is not None:
        draft.usage = usage(value)
    if (as_str(get_path(chunk, ("type",))) or "").endswith((".completed", ".done")):
        copy_fields(draft, chunk, _REPLY)


def _absorb_image(draft: Response, chunk: Any) -> None:
    _absorb(draft, chunk)
    if (as_str(get_path(chunk, ("type",))) or "").endswith(".completed"):
        draft.usage.images = (draft.usage.images or 0) + 1


images = Dialect("images", _image_request, _image_reply, _absorb_image)
speech = Dialect("speech", _speech_request, lambda body: Response(), _absorb)
transcription = Dialect("transcription", _request, _transcription_reply, _absorb)
moderation = Dialect("moderation", _request, _reply)
decisions = Dialect("decisions", _request, _reply)
plain = Dialect("plain", _request, lambda body: Response())
