"""Contents of Gemini's interactions in the shapes of the conventions' JSON schemas; bytes become their size and digest."""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import Message, Part, decoded, message, reasoning_part, text_part, tool_call_part, tool_response_part
from ...extraction.paths import dig, full_text, items
from ...extraction.sdk_parts import plain
from ...schema.records import Content
from .. import Arguments
from .content import media, schema, server_call, server_response

_MEDIA = frozenset({"image", "audio", "video", "document"})
_SPEAKERS = {"user_input": "user", "model_output": "assistant", "thought": "assistant", "function_result": "tool"}
_TOOLS = ("_call", "_result")


def _thought(said: Any) -> list[Part]:
    summary = dig(said, ("summary",))
    texts = [summary] if isinstance(summary, str) else [dig(one, ("text",)) for one in items(summary)]
    return [reasoning_part(one) for one in texts if isinstance(one, str)]


def _tool(said: Any, kind: str) -> Part:
    """Show a call of a tool or its result; those which are not functions ran at Google's."""
    identity, name = full_text(dig(said, ("id",))), full_text(dig(said, ("name",)))
    asked, result, answers = plain(dig(said, ("arguments",))), plain(dig(said, ("result",))), full_text(dig(said, ("call_id",)))
    if kind == "function_call":
        return tool_call_part(name, identity, asked)
    if kind == "function_result":
        return tool_response_part(answers, result)
    if kind.endswith("_call"):
        return server_call(name or kind.removesuffix("_call"), identity, {"arguments": asked})
    return server_response(name or kind.removesuffix("_result"), answers, {"result": result})


def parts(said: Any) -> list[Part]:
    """Show a text, a content or a step as parts."""
    if isinstance(said, str):
        return [text_part(said)]
    if isinstance(said, (list, tuple)):
        return [part for one in said for part in parts(one)]
    kind = full_text(dig(said, ("type",))) or ""
    if kind == "thought":
        return _thought(said)
    if kind in _MEDIA:
        return [media(dig(said, ("data",)), dig(said, ("uri",)), dig(said, ("mime_type",)), kind)]
    if kind.endswith(_TOOLS):
        return [_tool(said, kind)]
    if isinstance(words := dig(said, ("text",)), str):
        return [text_part(words)]
    return parts(inner) if (inner := dig(said, ("content",))) is not None else []


def _messages(given: Any) -> list[Message]:
    """Show an input as messages: one a turn or step, and one for contents that follow each other."""
    made: list[Message] = []
    loose = False
    for said in given if isinstance(given, (list, tuple)) else [given]:
        kind, role = ("", None) if isinstance(said, str) else (full_text(dig(said, ("type",))) or "", full_text(dig(said, ("role",))))
        speaker = role or _SPEAKERS.get(kind) or ("assistant" if kind.endswith(_TOOLS) else None)
        if speaker is not None or not loose:
            made.append(message({"model": "assistant"}.get(speaker or "user", speaker or "user"), []))
        made[-1]["parts"] += parts(said)
        loose = speaker is None
    return [one for one in made if one["parts"]]


def content(arguments: Arguments) -> Content:
    """Show what an interaction was asked with."""
    body = arguments.named
    given, instruction = body.get("input"), full_text(body.get("system_instruction"))
    return Content(
        system_instructions=None if instruction is None else [text_part(instruction)],
        input_messages=_messages(given) or None if given is not None else None,
        tool_definitions=_definitions(body.get("tools")),
    )


def _definitions(tools: Any) -> list[Part] | None:
    made = []
    for tool in items(tools):
        kind = full_text(dig(tool, ("type",))) or "tool"
        one: Part = {"type": kind, "name": full_text(dig(tool, ("name",))) or kind}
        if kind == "function":
            one["description"] = full_text(dig(tool, ("description",)))
            if (parameters := dig(tool, ("parameters",))) is not None:
                one["parameters"] = schema(parameters)
        made.append(one)
    return made or None


def output(answer: Any) -> list[Message] | None:
    """Show all steps of an answer as the one message that they are."""
    said = dig(answer, ("steps",)) or dig(answer, ("outputs",))
    return None if said is None else [message("assistant", parts(said))]


class Step:
    """Join the events of one step of a stream."""

    __slots__ = ("_arguments", "_other", "_said", "_start")

    def __init__(self) -> None:
        self._start: Any = None
        self._said: list[str] = []
        self._arguments: list[str] = []
        self._other: list[Any] = []

    def take(self, event: Any) -> None:
        """Take in the start of the step, or a piece of it."""
        self._start = dig(event, ("step",)) or dig(event, ("content",)) or self._start
        delta = dig(event, ("delta",))
        words, asked = dig(delta, ("text",)) or dig(delta, ("content", "text")), dig(delta, ("arguments",))
        if isinstance(words, str):
            self._said.append(words)
        elif isinstance(asked, str):
            self._arguments.append(asked)
        elif delta is not None:
            self._other.append(delta)

    def parts(self) -> list[Part]:
        """Show the step whole."""
        kind = full_text(dig(self._start, ("type",))) or "text"
        if kind == "function_call":
            asked = decoded("".join(self._arguments)) if self._arguments else plain(dig(self._start, ("arguments",)))
            return [tool_call_part(full_text(dig(self._start, ("name",))), full_text(dig(self._start, ("id",))), asked)]
        if self._said:
            return [(reasoning_part if kind == "thought" else text_part)("".join(self._said))]
        return [part for delta in self._other for part in parts(delta)] or parts(self._start)
