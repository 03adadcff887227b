"""Alibaba DashScope: chats, embeddings and rankings, in an envelope.

The envelope contains ``output``, ``usage`` and the failure, if any.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from ..extraction.message_parts import message, text_part
from ..extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, full_text, get_path
from ..schema.records import Content, Request, Response, Usage
from . import Arguments, Dialect
from .openai import chat_completions
from .openai.content import chat_content, chat_output
from .openai.embeddings import embeddings as openai_embeddings
from .openai.usage import usage

_ENVELOPE = fields(Response, {"response_id": "request_id", "failure": "code"})
_RERANK = fields(Request, {"model": "model", "choice_count": "top_n"})
_FINE = 200
_CHOICES_KEY = "choices"
"""Key of the choices of a stream; the chat dialect uses indexes as keys."""


def _usage(body: object) -> Usage:
    """Read the usage; the SDK inserts zeros for missing counts."""
    usage_block = get_path(body, ("usage",))
    counted = usage(usage_block)
    if counted.total_tokens is None and not counted.input_tokens and not counted.output_tokens:
        return Usage(characters=as_int(get_path(usage_block, ("characters",))) or None)
    return counted


def _input_only(body: object) -> Usage:
    """Read the usage of an operation that has only input tokens."""
    counted = _usage(body)
    counted.input_tokens = counted.total_tokens if counted.input_tokens is None else counted.input_tokens
    return counted


def _enveloped(body: object) -> Response:
    record = Response()
    copy_fields(record, body, _ENVELOPE)
    status = as_int(get_path(body, ("status_code",)))
    if record.failure is None and status is not None and status != _FINE:
        record.failure = str(status)
    return record


def _choices(body: object) -> list[dict[str, Any]]:
    """Return the choices as chat completions, or the text as one choice.

    The client of SDK release 2 returns choices without the ``output`` envelope, and stream choices as deltas.
    """
    output = body if get_path(body, ("output",)) is None else get_path(body, ("output",))
    found = [choice for choice in as_sequence(get_path(output, ("choices",))) if choice is not None]
    found = found or ([output] if get_path(output, ("finish_reason",)) is not None else [])
    return [
        {
            "index": as_int(get_path(choice, ("index",))) or place,
            "finish_reason": None if (reason := as_str(get_path(choice, ("finish_reason",)))) == "null" else reason,
            "message": get_path(choice, ("delta",)) if get_path(choice, ("message",)) is None else get_path(choice, ("message",)),
            "text": get_path(choice, ("text",)),
        }
        for place, choice in enumerate(found)
    ]


def _reply(body: object) -> Response:
    record = _enveloped(body)
    record.finish_reasons = chat_completions.response({"choices": _choices(body)}).finish_reasons
    record.response_model = as_str(get_path(body, ("model",)))
    record.usage = _usage(body)
    return record


def _absorb(draft: Response, chunk: object) -> None:
    envelope, counted, choices = _enveloped(chunk), _usage(chunk), _choices(chunk)
    chat_completions.absorb(draft, {"choices": choices, "id": envelope.response_id})
    draft.failure = envelope.failure or draft.failure
    draft.usage = counted if counted != Usage() else draft.usage
    if draft.content is not None:
        draft.kept = {} if draft.kept is None else draft.kept
        choices_by_index = draft.kept.setdefault(_CHOICES_KEY, {})
        for choice in choices:
            choices_by_index.setdefault(choice["index"], []).append(choice)


def _finish(draft: Response) -> None:
    choices_by_index = (draft.kept or {}).get(_CHOICES_KEY)
    draft.kept = None
    chat_completions.finish(draft)
    if draft.content is not None and choices_by_index:
        draft.content.output_messages = chat_output({"choices": [_joined(choices_by_index[index]) for index in sorted(choices_by_index)]})


def _joined(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Join the texts of a stream, which may be deltas or cumulative.

    No field shows which of the two a stream uses, so the texts are compared.
    """
    collected = [choice["message"] for choice in choices]
    calls: dict[int, list[Any]] = {}
    for item in collected:
        for place, call in enumerate(as_sequence(get_path(item, ("tool_calls",)))):
            number = as_int(get_path(call, ("index",)))
            calls.setdefault(place if number is None else number, []).append(call)
    content = [
        _text_of(get_path(item, ("content",))) if item is not None else _text_of(choice["text"])
        for item, choice in zip(collected, choices, strict=True)
    ]
    thought = [_text_of(get_path(item, ("reasoning_content",))) for item in collected]
    return {
        "message": {
            "role": "assistant",
            "content": _sum(content),
            "reasoning_content": _sum(thought),
            "tool_calls": [_call(calls[number]) for number in sorted(calls)],
        }
    }


def _call(pieces: list[Any]) -> dict[str, Any]:
    arguments = [_text_of(get_path(piece, ("function", "arguments"))) for piece in pieces]
    first = pieces[0]
    return {"id": get_path(first, ("id",)), "function": {"name": get_path(first, ("function", "name")), "arguments": _sum(arguments)}}


def _text_of(content: object) -> str:
    return content if isinstance(content, str) else "".join(full_text(get_path(part, ("text",))) or "" for part in as_sequence(content))


def _sum(pieces: list[str]) -> str:
    whole_again = all(later.startswith(earlier) for earlier, later in pairwise(pieces))
    return pieces[-1] if whole_again and pieces else "".join(pieces)


def _content(arguments: Arguments) -> Content:
    record = chat_content(arguments)
    prompt = arguments.named.get("prompt")
    if isinstance(prompt, str) and prompt:
        record.input_messages = [*(record.input_messages or ()), message("user", [text_part(prompt)])]
    return record


def _request(arguments: Arguments) -> Request:
    record = chat_completions.request(arguments)
    record.api_type = None
    return record


def _embedded(body: object) -> Response:
    record = _enveloped(body)
    first = next(iter(as_sequence(get_path(body, ("output", "embeddings")) or get_path(body, ("embeddings",)))), None)
    record.dimensions = len(as_sequence(get_path(first, ("embedding",)))) or None
    record.usage = _input_only(body)
    return record


def _ranked(body: object) -> Response:
    record = _enveloped(body)
    record.usage = _input_only(body)
    return record


def _rank_request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, _RERANK)
    return record


chat = Dialect("dashscope", _request, _reply, _absorb, _content, lambda body: chat_output({"choices": _choices(body)}), _finish)
embeddings = replace(openai_embeddings, name="dashscope_embeddings", response=_embedded)
rerank = Dialect("dashscope_rerank", _rank_request, _ranked)
