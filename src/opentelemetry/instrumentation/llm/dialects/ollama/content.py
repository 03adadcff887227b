"""Message contents of Ollama, read only if content capture is on."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import Message, Part, Pieces, message, reasoning_part, text_part
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import call, functions, image, response, texts, thoughts
from ...schema.records import Content, Response
from .. import Arguments


def content(arguments: Arguments) -> Content:
    """Read the messages of a chat, or the prompt of a generation."""
    body = arguments.named
    if body.get("messages") is not None:
        told = [_message(one) for one in as_sequence(body["messages"])]
        return Content(input_messages=told or None, tool_definitions=functions(body.get("tools")))
    parts = texts(body.get("prompt")) + [image(one) for one in as_sequence(body.get("images"))]
    return Content(system_instructions=texts(body.get("system")) or None, input_messages=[message("user", parts)] if parts else None)


def output(answer: Any) -> list[Message] | None:
    """Read the message of a complete response."""
    said = get_path(answer, ("message",))
    if said is not None:
        return [_message(said)]
    parts = thoughts(get_path(answer, ("thinking",))) + texts(get_path(answer, ("response",)))
    parts += [image(picture)] if full_text(picture := get_path(answer, ("image",))) else []
    return [message("assistant", parts)] if parts else None


def _message(said: Any) -> Message:
    role, words = full_text(get_path(said, ("role",))) or "user", get_path(said, ("content",))
    if role == "tool":
        return message(role, [response(get_path(said, ("tool_call_id",)), words, get_path(said, ("tool_name",)))])
    parts = thoughts(get_path(said, ("thinking",))) + texts(words)
    parts += [image(one) for one in as_sequence(get_path(said, ("images",)))]
    return message(role, parts + [_call(one) for one in as_sequence(get_path(said, ("tool_calls",)))])


def _call(said: Any) -> Part:
    return call(get_path(said, ("function", "name")), get_path(said, ("id",)), get_path(said, ("function", "arguments")))


def keep(draft: Response, chunk: Any) -> None:
    """Keep the pieces of a chunk; a tool call arrives complete."""
    if draft.kept is None:
        draft.kept = {"pieces": Pieces(), "calls": []}
    said = get_path(chunk, ("message",))
    pieces: Pieces = draft.kept["pieces"]
    for begun, piece in (
        (reasoning_part(""), get_path(said, ("thinking",)) or get_path(chunk, ("thinking",))),
        (text_part(""), get_path(said, ("content",)) or get_path(chunk, ("response",))),
    ):
        if full_text(piece) is not None:
            pieces.add(begun["type"], begun, full_text(piece))
    draft.kept["calls"] += [_call(one) for one in as_sequence(get_path(said, ("tool_calls",)))]


def join(draft: Response) -> None:
    """Build the message from the pieces of a stream."""
    if draft.content is not None and draft.kept:
        parts = draft.kept["pieces"].parts() + draft.kept["calls"]
        draft.content.output_messages = [message("assistant", parts)] if parts else None
