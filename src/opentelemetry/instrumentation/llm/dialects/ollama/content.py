"""Contents in the shapes of Ollama, as the conventions' JSON schemas have them; read only where contents are captured."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import Message, Part, Pieces, message, reasoning_part, text_part
from ...extraction.paths import dig, full_text, items
from ...extraction.sdk_parts import call, functions, image, response, texts, thoughts
from ...schema.records import Content, Reply
from .. import Arguments


def content(arguments: Arguments) -> Content:
    """Read the messages of a chat, or the prompt of a generation."""
    body = arguments.named
    if body.get("messages") is not None:
        told = [_message(one) for one in items(body["messages"])]
        return Content(input_messages=told or None, tool_definitions=functions(body.get("tools")))
    parts = texts(body.get("prompt")) + [image(one) for one in items(body.get("images"))]
    return Content(system_instructions=texts(body.get("system")) or None, input_messages=[message("user", parts)] if parts else None)


def output(answer: Any) -> list[Message] | None:
    """Read the message of a whole answer."""
    said = dig(answer, ("message",))
    if said is not None:
        return [_message(said)]
    parts = thoughts(dig(answer, ("thinking",))) + texts(dig(answer, ("response",)))
    parts += [image(picture)] if full_text(picture := dig(answer, ("image",))) else []
    return [message("assistant", parts)] if parts else None


def _message(said: Any) -> Message:
    role, words = full_text(dig(said, ("role",))) or "user", dig(said, ("content",))
    if role == "tool":
        return message(role, [response(dig(said, ("tool_call_id",)), words, dig(said, ("tool_name",)))])
    parts = thoughts(dig(said, ("thinking",))) + texts(words)
    parts += [image(one) for one in items(dig(said, ("images",)))]
    return message(role, parts + [_call(one) for one in items(dig(said, ("tool_calls",)))])


def _call(said: Any) -> Part:
    return call(dig(said, ("function", "name")), dig(said, ("id",)), dig(said, ("function", "arguments")))


def keep(draft: Reply, chunk: Any) -> None:
    """Keep the pieces that a chunk brings; a tool call comes whole."""
    if draft.kept is None:
        draft.kept = {"pieces": Pieces(), "calls": []}
    said = dig(chunk, ("message",))
    pieces: Pieces = draft.kept["pieces"]
    for begun, piece in (
        (reasoning_part(""), dig(said, ("thinking",)) or dig(chunk, ("thinking",))),
        (text_part(""), dig(said, ("content",)) or dig(chunk, ("response",))),
    ):
        if full_text(piece) is not None:
            pieces.add(begun["type"], begun, full_text(piece))
    draft.kept["calls"] += [_call(one) for one in items(dig(said, ("tool_calls",)))]


def join(draft: Reply) -> None:
    """Make the message of the pieces that a stream brought."""
    if draft.content is not None and draft.kept:
        parts = draft.kept["pieces"].parts() + draft.kept["calls"]
        draft.content.output_messages = [message("assistant", parts)] if parts else None
