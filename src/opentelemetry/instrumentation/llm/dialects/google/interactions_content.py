"""Message contents of Gemini interactions; bytes are recorded by size and digest."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import Message, Part, decoded, message, reasoning_part, text_part, tool_call_part, tool_response_part
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import plain
from ...schema.records import Content
from .. import Arguments
from .content import media, schema, server_call, server_response

_MEDIA = frozenset({"image", "audio", "video", "document"})
_SPEAKERS = {"user_input": "user", "model_output": "assistant", "thought": "assistant", "function_result": "tool"}
_TOOLS = ("_call", "_result")


def _thought(value: object) -> list[Part]:
    summary = get_path(value, ("summary",))
    texts = [summary] if isinstance(summary, str) else [get_path(item, ("text",)) for item in as_sequence(summary)]
    return [reasoning_part(item) for item in texts if isinstance(item, str)]


def _tool(value: object, kind: str) -> Part:
    """Convert a tool call or its result; tools other than functions run at Google."""
    identity, name = full_text(get_path(value, ("id",))), full_text(get_path(value, ("name",)))
    arguments, result, call_id = (
        plain(get_path(value, ("arguments",))),
        plain(get_path(value, ("result",))),
        full_text(get_path(value, ("call_id",))),
    )
    if kind == "function_call":
        return tool_call_part(name, identity, arguments)
    if kind == "function_result":
        return tool_response_part(call_id, result)
    if kind.endswith("_call"):
        return server_call(name or kind.removesuffix("_call"), identity, {"arguments": arguments})
    return server_response(name or kind.removesuffix("_result"), call_id, {"result": result})


def parts(value: object) -> list[Part]:
    """Convert a text, a content or a step to parts."""
    if isinstance(value, str):
        return [text_part(value)]
    if isinstance(value, (list, tuple)):
        return [part for item in value for part in parts(item)]
    kind = full_text(get_path(value, ("type",))) or ""
    if kind == "thought":
        return _thought(value)
    if kind in _MEDIA:
        return [media(get_path(value, ("data",)), get_path(value, ("uri",)), get_path(value, ("mime_type",)), kind)]
    if kind.endswith(_TOOLS):
        return [_tool(value, kind)]
    if isinstance(words := get_path(value, ("text",)), str):
        return [text_part(words)]
    return parts(inner) if (inner := get_path(value, ("content",))) is not None else []


def _messages(given: object) -> list[Message]:
    """Convert an input to messages; contents in a row share a message."""
    made: list[Message] = []
    loose = False
    for value in given if isinstance(given, (list, tuple)) else [given]:
        kind, role = (
            ("", None) if isinstance(value, str) else (full_text(get_path(value, ("type",))) or "", full_text(get_path(value, ("role",))))
        )
        speaker = role or _SPEAKERS.get(kind) or ("assistant" if kind.endswith(_TOOLS) else None)
        if speaker is not None or not loose:
            made.append(message({"model": "assistant"}.get(speaker or "user", speaker or "user"), []))
        made[-1]["parts"] += parts(value)
        loose = speaker is None
    return [item for item in made if item["parts"]]


def content(arguments: Arguments) -> Content:
    """Read the contents of a request."""
    body = arguments.named
    given, instruction = body.get("input"), full_text(body.get("system_instruction"))
    return Content(
        system_instructions=None if instruction is None else [text_part(instruction)],
        input_messages=_messages(given) or None if given is not None else None,
        tool_definitions=_definitions(body.get("tools")),
    )


def _definitions(tools: object) -> list[Part] | None:
    made = []
    for tool in as_sequence(tools):
        kind = full_text(get_path(tool, ("type",))) or "tool"
        item: Part = {"type": kind, "name": full_text(get_path(tool, ("name",))) or kind}
        if kind == "function":
            item["description"] = full_text(get_path(tool, ("description",)))
            if (parameters := get_path(tool, ("parameters",))) is not None:
                item["parameters"] = schema(parameters)
        made.append(item)
    return made or None


def output(body: object) -> list[Message] | None:
    """Convert all steps of a response to one message."""
    value = get_path(body, ("steps",)) or get_path(body, ("outputs",))
    return None if value is None else [message("assistant", parts(value))]


class Step:
    """Join the events of one step of a stream."""

    __slots__ = ("_arguments", "_other", "_said", "_start")

    def __init__(self) -> None:
        self._start: Any = None
        self._said: list[str] = []
        self._arguments: list[str] = []
        self._other: list[Any] = []

    def take(self, event: object) -> None:
        """Add the start of the step or a delta."""
        self._start = get_path(event, ("step",)) or get_path(event, ("content",)) or self._start
        delta = get_path(event, ("delta",))
        words, requested = get_path(delta, ("text",)) or get_path(delta, ("content", "text")), get_path(delta, ("arguments",))
        if isinstance(words, str):
            self._said.append(words)
        elif isinstance(requested, str):
            self._arguments.append(requested)
        elif delta is not None:
            self._other.append(delta)

    def parts(self) -> list[Part]:
        """Return the complete step as parts."""
        kind = full_text(get_path(self._start, ("type",))) or "text"
        if kind == "function_call":
            requested = decoded("".join(self._arguments)) if self._arguments else plain(get_path(self._start, ("arguments",)))
            return [tool_call_part(full_text(get_path(self._start, ("name",))), full_text(get_path(self._start, ("id",))), requested)]
        if self._said:
            return [(reasoning_part if kind == "thought" else text_part)("".join(self._said))]
        return [part for delta in self._other for part in parts(delta)] or parts(self._start)
