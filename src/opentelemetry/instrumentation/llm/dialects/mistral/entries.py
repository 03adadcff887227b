"""Entries of Mistral conversations, read only if content capture is on."""

from __future__ import annotations

from ...extraction.message_parts import Message, Part, Pieces, message, reasoning_part, text_part, tool_call_part, tool_response_part
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import generic, plain, server_tool, texts
from ...schema.records import Content, Response
from .. import Arguments
from ..openai import content as chat
from .content import is_thought, thought


def _parts(value: object) -> list[Part]:
    if isinstance(value, str) or not as_sequence(value):
        return chat.texts(value)
    made = [[reasoning_part(thought(chunk))] if is_thought(chunk) else chat.texts([chunk]) for chunk in as_sequence(value)]
    return [part for parts in made for part in parts]


def _entry(entry: object, role: str) -> Message | None:
    kind = full_text(get_path(entry, ("type",))) or "message.input"
    call_id, name = full_text(get_path(entry, ("tool_call_id",))), full_text(get_path(entry, ("name",)))
    if kind == "function.call":
        return message("assistant", [tool_call_part(name, call_id, plain(get_path(entry, ("arguments",))))])
    if kind == "function.result":
        return message("tool", [tool_response_part(call_id, full_text(get_path(entry, ("result",))))])
    if kind == "tool.execution":
        details = {key: plain(value) for key in ("arguments", "info") if (value := get_path(entry, (key,))) is not None}
        return message("assistant", [server_tool(name or "tool", get_path(entry, ("id",)), details)])
    if kind.startswith("message."):
        speaker = full_text(get_path(entry, ("role",))) or ("assistant" if kind == "message.output" else role)
        return message(speaker, _parts(get_path(entry, ("content",))))
    return message("assistant", [generic(entry, kind)])


def content(arguments: Arguments) -> Content:
    """Read the inputs, instructions and tools of a request."""
    body = arguments.named
    given = body.get("inputs")
    listed = (
        [message("user", texts(given))] if isinstance(given, str) else [m for entry in as_sequence(given) if (m := _entry(entry, "user"))]
    )
    return Content(
        system_instructions=texts(body.get("instructions")) or None, input_messages=listed or None, tool_definitions=chat.tools(body)
    )


def output(body: object) -> list[Message] | None:
    """Read all entries of a response as one message."""
    parts = [part for entry in as_sequence(get_path(body, ("outputs",))) if (m := _entry(entry, "assistant")) for part in m["parts"]]
    return [message("assistant", parts)] if parts else None


def keep(draft: Response, event: object) -> None:
    """Keep the piece of content in a stream event."""
    if draft.kept is None:
        draft.kept = {"pieces": Pieces()}
    pieces: Pieces = draft.kept["pieces"]
    kind, place = full_text(get_path(event, ("type",))) or "", get_path(event, ("output_index",))
    if kind.startswith("message.output"):
        content = get_path(event, ("content",))
        for chunk in (content,) if isinstance(content, str) else as_sequence(content) or (content,):
            if is_thought(chunk):
                pieces.add((place, "reasoning"), reasoning_part(""), thought(chunk))
            elif (piece := full_text(chunk) or full_text(get_path(chunk, ("text",)))) is not None:
                pieces.add((place, "text"), text_part(""), piece)
    elif kind.startswith("function.call"):
        begun = tool_call_part(full_text(get_path(event, ("name",))), full_text(get_path(event, ("tool_call_id",))), None)
        pieces.add((place, "call"), begun, full_text(get_path(event, ("arguments",))))
    elif kind == "tool.execution.done":
        pieces.add_whole(
            server_tool(
                full_text(get_path(event, ("name",))) or "tool", get_path(event, ("id",)), {"info": plain(get_path(event, ("info",)))}
            )
        )


def join(draft: Response) -> None:
    """Build the message from the pieces of a stream."""
    if draft.content is not None and draft.kept and (parts := draft.kept["pieces"].parts()):
        draft.content.output_messages = [message("assistant", parts)]
