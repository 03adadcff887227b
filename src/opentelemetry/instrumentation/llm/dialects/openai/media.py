"""OpenAI images, speech, transcriptions, moderations and decisions."""

from __future__ import annotations

from collections.abc import Callable

from ...extraction.message_parts import Message, Part, file_data, message, text_part, uri_part
from ...extraction.paths import as_sequence, as_str, copy_fields, fields, full_text, get_path
from ...schema.records import Content, Request, Response, Usage
from .. import Arguments, Dialect
from .items import decision_content, decision_output
from .usage import decimal, usage

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


def _reply(body: object) -> Response:
    record = Response()
    copy_fields(record, body, _REPLY)
    record.usage = usage(get_path(body, ("usage",)))
    return record


def _image_reply(body: object) -> Response:
    value = _reply(body)
    value.usage.images = len(as_sequence(get_path(body, ("data",)))) or None
    return value


def _transcription_reply(body: object) -> Response:
    value = _reply(body)
    if value.usage == Usage():
        value.usage.seconds = usage(body).seconds
    return value


def _absorb(draft: Response, chunk: object) -> None:
    if (value := get_path(chunk, ("usage",))) is not None:
        draft.usage = usage(value)
    if (as_str(get_path(chunk, ("type",))) or "").endswith((".completed", ".done")):
        copy_fields(draft, chunk, _REPLY)


def _absorb_image(draft: Response, chunk: object) -> None:
    _absorb(draft, chunk)
    if (as_str(get_path(chunk, ("type",))) or "").endswith(".completed"):
        draft.usage.images = (draft.usage.images or 0) + 1


_VIDEO = fields(
    Response, {"response_model": "model", "response_id": "id", "response_status": "status", "size": "size", "failure": "error.code"}
)


def _video(body: object) -> Response:
    """Read a video job, which is billed by the second once it is completed."""
    record = Response()
    copy_fields(record, body, _VIDEO)
    if record.response_status == "completed":
        record.usage.video_seconds = decimal(get_path(body, ("seconds",)))
    return record


def _video_fetch(arguments: Arguments) -> Request:
    return Request(fetched_response_id=as_str(arguments.path.rstrip("/").rpartition("/")[2]))


def _prompt(name: str) -> Callable[[Arguments], Content]:
    def content(arguments: Arguments) -> Content:
        given = arguments.named.get(name)
        parts = [text_part(text) for text in ((given,) if isinstance(given, str) else as_sequence(given)) if isinstance(text, str)]
        return Content(input_messages=[message("user", parts)] if parts else None)

    return content


def _pictures(body: object) -> list[Message] | None:
    """Read the images of a response, with the prompts that the model revised."""
    parts: list[Part] = []
    form = as_str(get_path(body, ("output_format",))) or "png"
    for item in as_sequence(get_path(body, ("data",))):
        if (revised := full_text(get_path(item, ("revised_prompt",)))) is not None:
            parts.append(text_part(revised))
        if (data := full_text(get_path(item, ("b64_json",)))) is not None:
            parts.append(file_data("image", data, f"image/{form}"))
        elif (url := full_text(get_path(item, ("url",)))) is not None:
            parts.append(uri_part("image", url))
    return [message("assistant", parts)] if parts else None


def _transcript(body: object) -> list[Message] | None:
    text = full_text(body) or full_text(get_path(body, ("text",)))
    return None if text is None else [message("assistant", [text_part(text)])]


images = Dialect("images", _image_request, _image_reply, _absorb_image, _prompt("prompt"), _pictures)
speech = Dialect("speech", _speech_request, lambda body: Response(), _absorb, _prompt("input"))
transcription = Dialect("transcription", _request, _transcription_reply, _absorb, _prompt("prompt"), _transcript)
video = Dialect("video", _request, _video)
fetched_video = Dialect("fetched_video", _video_fetch, _video)
moderation = Dialect("moderation", _request, _reply, content=_prompt("input"))
decisions = Dialect("decisions", _request, _reply, content=decision_content, output=decision_output)
plain = Dialect("plain", _request, lambda body: Response())
