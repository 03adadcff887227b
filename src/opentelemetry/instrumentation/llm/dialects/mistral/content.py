"""Mistral message contents that differ from OpenAI: thinking and chunk lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...extraction.message_parts import Message, Part, Pieces, reasoning_part, text_part
from ...extraction.paths import as_int, as_sequence, full_text, get_path
from ...schema.records import Content, Response
from .. import Arguments
from ..openai.content import chat_content, chat_output


def thought(chunk: object) -> str:
    """Join the texts of a thinking chunk."""
    value = get_path(chunk, ("thinking",))
    return value if isinstance(value, str) else "".join(full_text(get_path(piece, ("text",))) or "" for piece in as_sequence(value))


def is_thought(chunk: object) -> bool:
    """Return whether a chunk is a thinking chunk."""
    return full_text(get_path(chunk, ("type",))) == "thinking"


def _with_thoughts(messages: list[Message] | None, sources: Iterable[object]) -> list[Message] | None:
    """Put the thoughts of messages before their other parts."""
    for message, source in zip(messages or (), sources, strict=False):
        thoughts: list[Part] = [reasoning_part(thought(c)) for c in as_sequence(get_path(source, ("content",))) if is_thought(c)]
        message["parts"] = thoughts + message["parts"]
    return messages


def content(arguments: Arguments) -> Content:
    """Read the messages and tools of a request."""
    requested = chat_content(arguments)
    requested.input_messages = _with_thoughts(requested.input_messages, as_sequence(arguments.named.get("messages")))
    return requested


def output(body: object) -> list[Message] | None:
    """Read the message of every choice."""
    return _with_thoughts(
        chat_output(body), (get_path(c, ("message",)) for c in as_sequence(get_path(body, ("choices",))) if c is not None)
    )


def keep(draft: Response, chunk: object) -> None:
    """Keep a list of chunks; a text delta is kept by the OpenAI dialect."""
    for position, choice in enumerate(as_sequence(get_path(chunk, ("choices",)))):
        for piece in as_sequence(get_path(choice, ("delta", "content"))):
            index = as_int(get_path(choice, ("index",)))
            kept: dict[Any, Any] = draft.kept if draft.kept is not None else {}
            draft.kept = kept
            pieces: Pieces = kept.setdefault(position if index is None else index, Pieces())
            if is_thought(piece):
                pieces.add("reasoning", reasoning_part(""), thought(piece))
            elif (value := full_text(get_path(piece, ("text",)))) is not None:
                pieces.add("text", text_part(""), value)
