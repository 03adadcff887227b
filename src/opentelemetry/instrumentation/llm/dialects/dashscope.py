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
_SAID = "said"
"""Key of the choices of a stream; the chat dialect uses indexes as keys."""


def _usage(answer: Any) -> Usage:
    """Read the usage; the SDK inserts zeros for missing counts."""
    said = get_path(answer, ("usage",))
    counted = usage(said)
    if counted.total_tokens is None and not counted.input_tokens and not counted.output_tokens:
        return Usage(characters=as_int(get_path(said, ("characters",))) or None)
    return counted


def _input_only(answer: Any) -> Usage:
    """Read the usage of an operation that has only input tokens."""
    counted = _usage(answer)
    counted.input_tokens = counted.total_tokens if counted.input_tokens is None else counted.input_tokens
    return counted


def _enveloped(answer: Any) -> Response:
    said = Response()
    copy_fields(said, answer, _ENVELOPE)
    status = as_int(get_path(answer, ("status_code",)))
    if said.failure is None and status is not None and status != _FINE:
        said.failure = str(status)
    return said


def _choices(answer: Any) -> list[dict[str, Any]]:
    """Return the choices as chat completions, or the text as one choice.

    The client of SDK release 2 returns choices without the ``output`` envelope, and stream choices as deltas.
    """
    output = answer if get_path(answer, ("output",)) is None else get_path(answer, ("output",))
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


def _reply(answer: Any) -> Response:
    said = _enveloped(answer)
    said.finish_reasons = chat_completions.response({"choices": _choices(answer)}).finish_reasons
    said.response_model = as_str(get_path(answer, ("model",)))
    said.usage = _usage(answer)
    return said


def _absorb(draft: Response, chunk: Any) -> None:
    envelope, counted, choices = _enveloped(chunk), _usage(chunk), _choices(chunk)
    chat_completions.absorb(draft, {"choices": choices, "id": envelope.response_id})
    draft.failure = envelope.failure or draft.failure
    draft.usage = counted if counted != Usage() else draft.usage
    if draft.content is not None:
        draft.kept = {} if draft.kept is None else draft.kept
        said = draft.kept.setdefault(_SAID, {})
        for choice in choices:
            said.setdefault(choice["index"], []).append(choice)


def _finish(draft: Response) -> None:
    said = (draft.kept or {}).get(_SAID)
    draft.kept = None
    chat_completions.finish(draft)
    if draft.content is not None and said:
        draft.content.output_messages = chat_output({"choices": [_joined(said[index]) for index in sorted(said)]})


def _joined(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Join the texts of a stream, which may be deltas or cumulative.

    No field shows which of the two a stream uses, so the texts are compared.
    """
    said = [choice["message"] for choice in choices]
    calls: dict[int, list[Any]] = {}
    for one in said:
        for place, call in enumerate(as_sequence(get_path(one, ("tool_calls",)))):
            number = as_int(get_path(call, ("index",)))
            calls.setdefault(place if number is None else number, []).append(call)
    content = [
        _spoken(get_path(one, ("content",))) if one is not None else _spoken(choice["text"])
        for one, choice in zip(said, choices, strict=True)
    ]
    thought = [_spoken(get_path(one, ("reasoning_content",))) for one in said]
    return {
        "message": {
            "role": "assistant",
            "content": _sum(content),
            "reasoning_content": _sum(thought),
            "tool_calls": [_call(calls[number]) for number in sorted(calls)],
        }
    }


def _call(pieces: list[Any]) -> dict[str, Any]:
    arguments = [_spoken(get_path(piece, ("function", "arguments"))) for piece in pieces]
    first = pieces[0]
    return {"id": get_path(first, ("id",)), "function": {"name": get_path(first, ("function", "name")), "arguments": _sum(arguments)}}


def _spoken(content: Any) -> str:
    return content if isinstance(content, str) else "".join(full_text(get_path(part, ("text",))) or "" for part in as_sequence(content))


def _sum(pieces: list[str]) -> str:
    whole_again = all(later.startswith(earlier) for earlier, later in pairwise(pieces))
    return pieces[-1] if whole_again and pieces else "".join(pieces)


def _content(arguments: Arguments) -> Content:
    asked = chat_content(arguments)
    prompt = arguments.named.get("prompt")
    if isinstance(prompt, str) and prompt:
        asked.input_messages = [*(asked.input_messages or ()), message("user", [text_part(prompt)])]
    return asked


def _request(arguments: Arguments) -> Request:
    asked = chat_completions.request(arguments)
    asked.api_type = None
    return asked


def _embedded(answer: Any) -> Response:
    said = _enveloped(answer)
    first = next(iter(as_sequence(get_path(answer, ("output", "embeddings")) or get_path(answer, ("embeddings",)))), None)
    said.dimensions = len(as_sequence(get_path(first, ("embedding",)))) or None
    said.usage = _input_only(answer)
    return said


def _ranked(answer: Any) -> Response:
    said = _enveloped(answer)
    said.usage = _input_only(answer)
    return said


def _rank_request(arguments: Arguments) -> Request:
    asked = Request()
    copy_fields(asked, arguments.named, _RERANK)
    return asked


chat = Dialect("dashscope", _request, _reply, _absorb, _content, lambda answer: chat_output({"choices": _choices(answer)}), _finish)
embeddings = replace(openai_embeddings, name="dashscope_embeddings", response=_embedded)
rerank = Dialect("dashscope_rerank", _rank_request, _ranked)
