"""Message contents of Ollama, read only if content capture is on."""

from __future__ import annotations

from ...extraction.message_parts import Message, Part, Pieces, message, reasoning_part, text_part
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import call, functions, image, response, texts, thoughts
from ...schema.records import Content, Response
from .. import Arguments


def content(arguments: Arguments) -> Content:
    """Read the messages of a chat, or the prompt of a generation."""
    body = arguments.named
    if body.get("messages") is not None:
        values = [_message(item) for item in as_sequence(body["messages"])]
        return Content(input_messages=values or None, tool_definitions=functions(body.get("tools")))
    parts = texts(body.get("prompt")) + [image(item) for item in as_sequence(body.get("images"))]
    return Content(system_instructions=texts(body.get("system")) or None, input_messages=[message("user", parts)] if parts else None)


def output(body: object) -> list[Message] | None:
    """Read the message of a complete response."""
    value = get_path(body, ("message",))
    if value is not None:
        return [_message(value)]
    parts = thoughts(get_path(body, ("thinking",))) + texts(get_path(body, ("response",)))
    parts += [image(picture)] if full_text(picture := get_path(body, ("image",))) else []
    return [message("assistant", parts)] if parts else None


def _message(value: object) -> Message:
    role, words = full_text(get_path(value, ("role",))) or "user", get_path(value, ("content",))
    if role == "tool":
        return message(role, [response(get_path(value, ("tool_call_id",)), words, get_path(value, ("tool_name",)))])
    parts = thoughts(get_path(value, ("thinking",))) + texts(words)
    parts += [image(item) for item in as_sequence(get_path(value, ("images",)))]
    return message(role, parts + [_call(item) for item in as_sequence(get_path(value, ("tool_calls",)))])


def _call(value: object) -> Part:
    return call(get_path(value, ("function", "name")), get_path(value, ("id",)), get_path(value, ("function", "arguments")))


def keep(draft: Response, chunk: object) -> None:
    """Keep the pieces of a chunk; a tool call arrives complete."""
    if draft.kept is None:
        draft.kept = {"pieces": Pieces(), "calls": []}
    value = get_path(chunk, ("message",))
    pieces: Pieces = draft.kept["pieces"]
    for begun, piece in (
        (reasoning_part(""), get_path(value, ("thinking",)) or get_path(chunk, ("thinking",))),
        (text_part(""), get_path(value, ("content",)) or get_path(chunk, ("response",))),
    ):
        if full_text(piece) is not None:
            pieces.add(begun["type"], begun, full_text(piece))
    draft.kept["calls"] += [_call(item) for item in as_sequence(get_path(value, ("tool_calls",)))]


def join(draft: Response) -> None:
    """Build the message from the pieces of a stream."""
    if draft.content is not None and draft.kept:
        parts = draft.kept["pieces"].parts() + draft.kept["calls"]
        draft.content.output_messages = [message("assistant", parts)] if parts else None
