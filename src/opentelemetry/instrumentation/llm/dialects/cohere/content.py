"""Message contents of Cohere, read only if content capture is on."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import Message, Part, Pieces, message, reasoning_part, text_part, tool_call_part
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import call, cited, definition, functions, generic, image, response, texts, thoughts
from ...schema.records import Content, Response
from .. import Arguments

_ROLES = {"chatbot": "assistant"}
_PIECES = {"text": text_part, "thinking": reasoning_part}


def content(arguments: Arguments) -> Content:
    """Read the messages and tools of a request to API version 2 or 1."""
    body = arguments.named
    if as_sequence(body.get("messages")):
        return Content(input_messages=[_message(m) for m in as_sequence(body["messages"])], tool_definitions=functions(body.get("tools")))
    return Content(
        system_instructions=texts(body.get("preamble")) or None,
        input_messages=_first_version(body) or None,
        tool_definitions=[tool for item in as_sequence(body.get("tools")) if (tool := _old_tool(item)) is not None] or None,
    )


def output(body: object) -> list[Message] | None:
    """Read the message of a complete response, or one message per generation."""
    generations = as_sequence(get_path(body, ("generations",)))
    if generations:
        return [message("assistant", texts(get_path(item, ("text",)))) for item in generations]
    value = get_path(body, ("message",))
    if value is not None and not isinstance(value, str):
        return [_message(value)]
    parts = _cited(texts(get_path(body, ("text",)) or get_path(body, ("summary",))), get_path(body, ("citations",)))
    parts += [_old_call(item) for item in as_sequence(get_path(body, ("tool_calls",)))]
    return [message("assistant", parts)] if parts else None


def _message(value: object) -> Message:
    role, inner = full_text(get_path(value, ("role",))) or "assistant", get_path(value, ("content",))
    if role == "tool":
        given = inner if isinstance(inner, str) else [_part(block) for block in as_sequence(inner)]
        return message(role, [response(get_path(value, ("tool_call_id",)), given)])
    parts = thoughts(get_path(value, ("tool_plan",)))
    parts += texts(inner) if isinstance(inner, str) else [_part(block) for block in as_sequence(inner)]
    parts += [
        call(get_path(item, ("function", "name")), get_path(item, ("id",)), get_path(item, ("function", "arguments")))
        for item in as_sequence(get_path(value, ("tool_calls",)))
    ]
    return message(role, _cited(parts, get_path(value, ("citations",))))


def _cited(parts: list[Part], citations: object) -> list[Part]:
    """Add citations to the first text, which their positions refer to."""
    first = next((place for place, part in enumerate(parts) if part["type"] == "text"), None)
    if first is not None:
        parts[first] = cited(parts[first], citations)
    return parts


def _part(block: object) -> Part:
    kind = full_text(get_path(block, ("type",))) or "text"
    if isinstance(block, str):
        return text_part(block)
    if kind in _PIECES:
        return _PIECES[kind](full_text(get_path(block, (kind,))) or "")
    if kind == "image_url":
        return image(get_path(block, ("image_url", "url")) or get_path(block, ("image_url",)))
    return generic(block, kind)


def _first_version(body: Any) -> list[Message]:
    values = [_old_message(item) for item in as_sequence(body.get("chat_history"))]
    if results := [_old_result(item) for item in as_sequence(body.get("tool_results"))]:
        values.append(message("tool", results))
    for name in ("message", "prompt", "text"):
        if parts := texts(body.get(name)):
            values.append(message("user", parts))
    return values


def _old_message(value: object) -> Message:
    role = (full_text(get_path(value, ("role",))) or "user").lower()
    parts = texts(get_path(value, ("message",)))
    parts += [_old_call(item) for item in as_sequence(get_path(value, ("tool_calls",)))]
    parts += [_old_result(item) for item in as_sequence(get_path(value, ("tool_results",)))]
    return message(_ROLES.get(role, role), parts)


def _old_call(value: object) -> Part:
    return call(get_path(value, ("name",)), None, get_path(value, ("parameters",)))


def _old_result(value: object) -> Part:
    return response(None, get_path(value, ("outputs",)), get_path(value, ("call", "name")))


def _old_tool(tool: object) -> Part | None:
    return definition(*(get_path(tool, (key,)) for key in ("name", "description", "parameter_definitions")))


def keep(draft: Response, kind: str, chunk: object) -> None:
    """Keep the piece of content in a stream event."""
    if draft.kept is None:
        draft.kept = {"pieces": Pieces()}
    pieces: Pieces = draft.kept["pieces"]
    index, value = get_path(chunk, ("index",)), get_path(chunk, ("delta", "message"))
    if kind in ("content-start", "content-delta"):
        for name, begun in _PIECES.items():
            if (piece := full_text(get_path(value, ("content", name)))) is not None:
                pieces.add((index, name), begun(""), piece)
    elif kind == "tool-plan-delta":
        pieces.add("plan", reasoning_part(""), full_text(get_path(value, ("tool_plan",))))
    elif kind in ("tool-call-start", "tool-call-delta"):
        requested = get_path(value, ("tool_calls",))
        begun_call = tool_call_part(full_text(get_path(requested, ("function", "name"))), full_text(get_path(requested, ("id",))), None)
        pieces.add(("call", index), begun_call, full_text(get_path(requested, ("function", "arguments"))))
    elif kind == "citation-start" and (citation := get_path(value, ("citations",))) is not None:
        draft.kept.setdefault("citations", []).append(citation)
    elif kind == "text-generation":
        pieces.add(("said", index), text_part(""), full_text(get_path(chunk, ("text",))))
    elif kind == "stream-end":
        # API version 1 repeats the complete response at the end of a stream.
        draft.kept["whole"] = output(get_path(chunk, ("response",)))


def join(draft: Response) -> None:
    """Build the message from the pieces of a stream."""
    if draft.content is not None and draft.kept:
        parts = _cited(draft.kept["pieces"].parts(), draft.kept.get("citations"))
        draft.content.output_messages = draft.kept.get("whole") or ([message("assistant", parts)] if parts else None)
