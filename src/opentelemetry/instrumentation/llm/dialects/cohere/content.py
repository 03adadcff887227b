"""Message contents of Cohere, read only if content capture is on."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import Message, Part, Pieces, message, reasoning_part, text_part, tool_call_part
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import call, definition, functions, image, plain, response, texts, thoughts
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
        tool_definitions=[tool for one in as_sequence(body.get("tools")) if (tool := _old_tool(one)) is not None] or None,
    )


def output(answer: Any) -> list[Message] | None:
    """Read the message of a complete response, or one message per generation."""
    generations = as_sequence(get_path(answer, ("generations",)))
    if generations:
        return [message("assistant", texts(get_path(one, ("text",)))) for one in generations]
    said = get_path(answer, ("message",))
    if said is not None and not isinstance(said, str):
        return [_message(said)]
    parts = texts(get_path(answer, ("text",)) or get_path(answer, ("summary",)))
    parts += [_old_call(one) for one in as_sequence(get_path(answer, ("tool_calls",)))]
    return [message("assistant", parts)] if parts else None


def _message(said: Any) -> Message:
    role, inner = full_text(get_path(said, ("role",))) or "assistant", get_path(said, ("content",))
    if role == "tool":
        given = inner if isinstance(inner, str) else [_part(block) for block in as_sequence(inner)]
        return message(role, [response(get_path(said, ("tool_call_id",)), given)])
    parts = thoughts(get_path(said, ("tool_plan",)))
    parts += texts(inner) if isinstance(inner, str) else [_part(block) for block in as_sequence(inner)]
    parts += [
        call(get_path(one, ("function", "name")), get_path(one, ("id",)), get_path(one, ("function", "arguments")))
        for one in as_sequence(get_path(said, ("tool_calls",)))
    ]
    return message(role, parts)


def _part(block: Any) -> Part:
    kind = full_text(get_path(block, ("type",))) or "text"
    if isinstance(block, str):
        return text_part(block)
    if kind in _PIECES:
        return _PIECES[kind](full_text(get_path(block, (kind,))) or "")
    if kind == "image_url":
        return image(get_path(block, ("image_url", "url")) or get_path(block, ("image_url",)))
    made = plain(block)
    return {**made, "type": kind} if isinstance(made, dict) else {"type": kind}


def _first_version(body: Any) -> list[Message]:
    told = [_old_message(one) for one in as_sequence(body.get("chat_history"))]
    if results := [_old_result(one) for one in as_sequence(body.get("tool_results"))]:
        told.append(message("tool", results))
    for name in ("message", "prompt", "text"):
        if parts := texts(body.get(name)):
            told.append(message("user", parts))
    return told


def _old_message(said: Any) -> Message:
    role = (full_text(get_path(said, ("role",))) or "user").lower()
    parts = texts(get_path(said, ("message",)))
    parts += [_old_call(one) for one in as_sequence(get_path(said, ("tool_calls",)))]
    parts += [_old_result(one) for one in as_sequence(get_path(said, ("tool_results",)))]
    return message(_ROLES.get(role, role), parts)


def _old_call(said: Any) -> Part:
    return call(get_path(said, ("name",)), None, get_path(said, ("parameters",)))


def _old_result(said: Any) -> Part:
    return response(None, get_path(said, ("outputs",)), get_path(said, ("call", "name")))


def _old_tool(tool: Any) -> Part | None:
    return definition(*(get_path(tool, (key,)) for key in ("name", "description", "parameter_definitions")))


def keep(draft: Response, kind: str, chunk: Any) -> None:
    """Keep the piece of content in a stream event."""
    if draft.kept is None:
        draft.kept = {"pieces": Pieces()}
    pieces: Pieces = draft.kept["pieces"]
    index, said = get_path(chunk, ("index",)), get_path(chunk, ("delta", "message"))
    if kind in ("content-start", "content-delta"):
        for name, begun in _PIECES.items():
            if (piece := full_text(get_path(said, ("content", name)))) is not None:
                pieces.add((index, name), begun(""), piece)
    elif kind == "tool-plan-delta":
        pieces.add("plan", reasoning_part(""), full_text(get_path(said, ("tool_plan",))))
    elif kind in ("tool-call-start", "tool-call-delta"):
        asked = get_path(said, ("tool_calls",))
        begun_call = tool_call_part(full_text(get_path(asked, ("function", "name"))), full_text(get_path(asked, ("id",))), None)
        pieces.add(("call", index), begun_call, full_text(get_path(asked, ("function", "arguments"))))
    elif kind == "text-generation":
        pieces.add(("said", index), text_part(""), full_text(get_path(chunk, ("text",))))
    elif kind == "stream-end":
        # API version 1 repeats the complete response at the end of a stream.
        draft.kept["whole"] = output(get_path(chunk, ("response",)))


def join(draft: Response) -> None:
    """Build the message from the pieces of a stream."""
    if draft.content is not None and draft.kept:
        parts = draft.kept["pieces"].parts()
        draft.content.output_messages = draft.kept.get("whole") or ([message("assistant", parts)] if parts else None)
