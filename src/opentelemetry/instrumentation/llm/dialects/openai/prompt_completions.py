"""Anthropic's legacy text completions, which report no usage."""

from __future__ import annotations

from ...extraction.finish_reasons import finish_reason
from ...extraction.message_parts import Message, Pieces, message, text_part
from ...extraction.paths import copy_fields, fields, full_text, get_path
from ...schema.records import Content, Request, Response
from .. import Arguments, Dialect

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": "max_tokens_to_sample",
        "stop_sequences": "stop_sequences",
    },
)
_REPLY = fields(Response, {"response_model": "model", "response_id": "id", "failure": "error.type"})


def _request(arguments: Arguments) -> Request:
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _REPLY)
    reason = finish_reason(get_path(body, ("stop_reason",)))
    if reason is not None:
        draft.finish_reasons = [reason]


def _reply(body: object) -> Response:
    record = Response()
    _read_into(record, body)
    return record


def _absorb(draft: Response, chunk: object) -> None:
    _read_into(draft, chunk)
    if draft.content is not None:
        draft.scratch = draft.scratch or {"pieces": Pieces()}
        draft.scratch["pieces"].add(0, text_part(""), full_text(get_path(chunk, ("completion",))))


def _finish(draft: Response) -> None:
    if draft.content is not None and draft.scratch:
        draft.content.output_messages = [message("assistant", draft.scratch["pieces"].parts())]


def _content(arguments: Arguments) -> Content:
    prompt = full_text(arguments.named.get("prompt"))
    return Content(input_messages=None if prompt is None else [message("user", [text_part(prompt)])])


def _output(body: object) -> list[Message] | None:
    value = full_text(get_path(body, ("completion",)))
    return None if value is None else [message("assistant", [text_part(value)])]


prompt_completions = Dialect("prompt_completions", _request, _reply, _absorb, _content, _output, _finish)
