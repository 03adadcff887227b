"""Aleph Alpha: multimodal completions, and streams with a final summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..extraction.finish_reasons import aligned, finish_reason
from ..extraction.message_parts import Message, Part, Pieces, message, text_part
from ..extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, full_text, get_path
from ..schema.records import Content, Request, Response
from . import Arguments, Dialect
from .openai import chat_completions

_REQUEST = fields(
    Request,
    {
        "model": "model", "max_tokens": "maximum_tokens", "temperature": "temperature", "top_k": "top_k", "top_p": "top_p",
        "choice_count": "n", "stop_sequences": "stop_sequences", "frequency_penalty": "frequency_penalty",
        "presence_penalty": "presence_penalty", "dimensions": "compress_to_size",
    },
)  # fmt: skip
_REPLY = fields(Response, {"response_model": "model_version"})
_WORDS = {"maximum_tokens": "length", "end_of_text": "stop", "stop_sequence_reached": "stop"}


def _request(arguments: Arguments) -> Request:
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    return record


def _reason(choice: object) -> str | None:
    word = as_str(get_path(choice, ("finish_reason",)))
    return _WORDS.get(word or "") or finish_reason(word)


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _REPLY)
    prompt_tokens, generated = as_int(get_path(body, ("num_tokens_prompt_total",))), as_int(get_path(body, ("num_tokens_generated",)))
    draft.usage.input_tokens = draft.usage.input_tokens if prompt_tokens is None else prompt_tokens
    draft.usage.output_tokens = draft.usage.output_tokens if generated is None else generated


def _reply(body: object) -> Response:
    record = Response()
    _read_into(record, body)
    record.finish_reasons = aligned([_reason(item) for item in as_sequence(get_path(body, ("completions",)))])
    record.dimensions = len(_vector(get_path(body, ("embedding",)) or get_path(body, ("embeddings",)))) or None
    return record


def _vector(value: object) -> Sequence[Any]:
    """Return one vector, from a list or from a table of layers and poolings."""
    while isinstance(value, dict):
        value = next(iter(value.values()), None)
    return as_sequence(next(iter(as_sequence(value)), None)) or as_sequence(value)


def _absorb(draft: Response, chunk: object) -> None:
    _read_into(draft, chunk)
    kept = draft.scratch = draft.scratch or {"reasons": {}, "pieces": {}}
    index = as_int(get_path(chunk, ("index",)))
    if index is None:
        return
    if (reason := _reason(chunk)) is not None:
        kept["reasons"][index] = reason
    if draft.content is not None:
        kept["pieces"].setdefault(index, Pieces()).add(0, text_part(""), full_text(get_path(chunk, ("completion",))))


def _finish(draft: Response) -> None:
    kept = draft.scratch or {"reasons": {}, "pieces": {}}
    draft.finish_reasons = [kept["reasons"][index] for index in sorted(kept["reasons"])] or None
    if draft.content is not None and kept["pieces"]:
        draft.content.output_messages = [message("assistant", kept["pieces"][index].parts()) for index in sorted(kept["pieces"])]


def _prompt(value: object) -> list[Part]:
    """Read the texts of a prompt; images and token ids are ignored."""
    return [
        text_part(found) for item in as_sequence(get_path(value, ("items",))) if (found := full_text(get_path(item, ("text",)))) is not None
    ]


def _content(arguments: Arguments) -> Content:
    parts = _prompt(arguments.named.get("prompt"))
    return Content(input_messages=[message("user", parts)] if parts else None)


def _output(body: object) -> list[Message] | None:
    collected = [full_text(get_path(item, ("completion",))) for item in as_sequence(get_path(body, ("completions",)))]
    return [message("assistant", [text_part(item)]) for item in collected if item is not None] or None


def _as_on_the_wire(item: object) -> dict[str, Any]:
    """Return the wire form of a streamed item.

    An item is a text, a tool call, a finish reason or usage.
    """
    if get_path(item, ("total_tokens",)) is not None:
        return {"usage": item}
    delta: dict[str, Any] = {"role": get_path(item, ("role",)), "content": get_path(item, ("content",))}
    if get_path(item, ("function",)) is not None:
        delta = {
            "tool_calls": [{"index": get_path(item, ("id",)), "id": get_path(item, ("id",)), "function": get_path(item, ("function",))}]
        }
    reason = item if isinstance(item, str) else None
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _absorb_chat(draft: Response, item: object) -> None:
    chat_completions.absorb(draft, _as_on_the_wire(item))


completions = Dialect("aleph_alpha", _request, _reply, _absorb, _content, _output, _finish)
chat_items = replace(chat_completions.chat_completions, name="aleph_alpha_chat", absorb=_absorb_chat)
