"""The text completions that Anthropic had before messages: a prompt, and a text that goes on from it; nothing is counted."""

from __future__ import annotations

from typing import Any

from ...extraction.finish_reasons import finish_reason
from ...extraction.message_parts import Message, Pieces, message, text_part
from ...extraction.paths import dig, fields, fill, full_text
from ...schema.records import Content, Reply, Request
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
_REPLY = fields(Reply, {"response_model": "model", "response_id": "id", "failure": "error.type"})


def _request(arguments: Arguments) -> Request:
    asked = Request(stream=arguments.streaming or None)
    fill(asked, arguments.named, _REQUEST)
    return asked


def _read_into(draft: Reply, answer: Any) -> None:
    fill(draft, answer, _REPLY)
    reason = finish_reason(dig(answer, ("stop_reason",)))
    if reason is not None:
        draft.finish_reasons = [reason]


def _reply(answer: Any) -> Reply:
    said = Reply()
    _read_into(said, answer)
    return said


def _absorb(draft: Reply, chunk: Any) -> None:
    _read_into(draft, chunk)
    if draft.content is not None:
        draft.scratch = draft.scratch or {"pieces": Pieces()}
        draft.scratch["pieces"].add(0, text_part(""), full_text(dig(chunk, ("completion",))))


def _finish(draft: Reply) -> None:
    if draft.content is not None and draft.scratch:
        draft.content.output_messages = [message("assistant", draft.scratch["pieces"].parts())]


def _content(arguments: Arguments) -> Content:
    prompt = full_text(arguments.named.get("prompt"))
    return Content(input_messages=None if prompt is None else [message("user", [text_part(prompt)])])


def _output(answer: Any) -> list[Message] | None:
    said = full_text(dig(answer, ("completion",)))
    return None if said is None else [message("assistant", [text_part(said)])]


prompt_completions = Dialect("prompt_completions", _request, _reply, _absorb, _content, _output, _finish)
