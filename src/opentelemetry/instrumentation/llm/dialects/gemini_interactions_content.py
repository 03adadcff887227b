"""Contents of Gemini's interactions in the shapes of the conventions' JSON schemas; bytes become their size and digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..words.records import Content
from . import Arguments
from .gemini_content import Part, blob, schema, uri
from .reading import dig, items, text

_MEDIA = frozenset({"image", "audio", "video", "document"})
_SPEAKERS = {"model_output": "assistant", "thought": "assistant", "function_call": "assistant", "function_result": "tool"}
_ROLES = {"model": "assistant"}


def _media(said: Any, kind: str) -> Part:
    if text(dig(said, ("uri",))) is not None:
        return uri(dig(said, ("uri",)), dig(said, ("mime_type",)), kind)
    return blob(dig(said, ("data",)), dig(said, ("mime_type",)), kind)


def _thought(said: Any) -> list[Part]:
    summary = dig(said, ("summary",))
    texts = [summary] if isinstance(summary, str) else [dig(one, ("text",)) for one in items(summary)]
    return [{"type": "reasoning", "content": one} for one in texts if isinstance(one, str)]


def _tool(said: Any, kind: str) -> list[Part]:
    """Show a call of a tool or its result; those which are not functions ran at Google's."""
    identity, name = text(dig(said, ("id",))), text(dig(said, ("name",)))
    asked, result = dig(said, ("arguments",)), dig(said, ("result",))
    if kind == "function_call":
        return [{"type": "tool_call", "id": identity, "name": name or "", "arguments": _plain(asked)}]
    if kind == "function_result":
        return [{"type": "tool_call_response", "id": text(dig(said, ("call_id",))), "response": _plain(result)}]
    if kind.endswith("_call"):
        named = name or kind.removesuffix("_call")
        return [{"type": "server_tool_call", "id": identity, "name": named, "server_tool_call": {"type": kind, "arguments": _plain(asked)}}]
    told = {"type": kind, "result": _plain(result)}
    return [{"type": "server_tool_call_response", "id": text(dig(said, ("call_id",))), "server_tool_call_response": told}]


def _plain(said: Any) -> Any:
    dump = getattr(said, "model_dump", None)
    if dump is not None:
        return dump(exclude_none=True, mode="json")
    return [_plain(one) for one in said] if isinstance(said, (list, tuple)) else said


def parts(said: Any) -> list[Part]:
    """Show a text, a content or a step as parts."""
    if isinstance(said, str):
        return [{"type": "text", "content": said}]
    if isinstance(said, (list, tuple)):
        return [part for one in said for part in parts(one)]
    kind = text(dig(said, ("type",))) or ""
    if kind == "thought":
        return _thought(said)
    if kind in _MEDIA:
        return [_media(said, kind)]
    if kind.endswith(("_call", "_result")):
        return _tool(said, kind)
    if isinstance(words := dig(said, ("text",)), str):
        return [{"type": "text", "content": words}]
    return parts(inner) if (inner := dig(said, ("content",))) is not None else []


def _messages(given: Any) -> list[dict[str, Any]]:
    """Show an input as messages: one a turn or step, and one for contents that follow each other."""
    made: list[dict[str, Any]] = []
    last: str | None = None
    for said in given if isinstance(given, (list, tuple)) else [given]:
        kind = text(dig(said, ("type",))) if not isinstance(said, str) else None
        role = text(dig(said, ("role",))) if not isinstance(said, str) else None
        own = role is not None or kind == "user_input" or kind in _SPEAKERS
        speaker = _ROLES.get(role, role) if role is not None else _SPEAKERS.get(kind or "", "assistant" if _runs_a_tool(kind) else "user")
        if own or speaker != last or not made:
            made.append({"role": speaker, "parts": []})
        made[-1]["parts"] += parts(said)
        last = None if own else speaker
    return [one for one in made if one["parts"]]


def _runs_a_tool(kind: str | None) -> bool:
    return (kind or "").endswith(("_call", "_result"))


def content(arguments: Arguments) -> Content:
    """Show what an interaction was asked with."""
    body = arguments.named
    given, instruction = body.get("input"), text(body.get("system_instruction"))
    return Content(
        system_instructions=None if instruction is None else [{"type": "text", "content": instruction}],
        input_messages=_messages(given) or None if given is not None else None,
        tool_definitions=_definitions(body.get("tools")),
    )


def _definitions(tools: Any) -> list[Part] | None:
    made = []
    for tool in items(tools):
        kind = text(dig(tool, ("type",))) or "tool"
        one: Part = {"type": kind, "name": text(dig(tool, ("name",))) or kind}
        if kind == "function":
            one["description"] = text(dig(tool, ("description",)))
            if (parameters := dig(tool, ("parameters",))) is not None:
                one["parameters"] = schema(parameters)
        made.append(one)
    return made or None


def output(answer: Any) -> list[dict[str, Any]] | None:
    """Show all steps of an answer as the one message that they are."""
    said = dig(answer, ("steps",)) or dig(answer, ("outputs",))
    return [{"role": "assistant", "parts": parts(said)}] if said is not None else None


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
        kind = text(dig(self._start, ("type",))) or "text"
        if kind == "function_call":
            return _tool({**_fields(self._start), "arguments": self._asked()}, kind)
        if self._said:
            return [{"type": "reasoning" if kind == "thought" else "text", "content": "".join(self._said)}]
        shown = [part for delta in self._other for part in parts(delta)]
        return shown or parts(self._start)

    def _asked(self) -> Any:
        joined = "".join(self._arguments)
        try:
            return json.loads(joined)
        except ValueError:
            return joined or dig(self._start, ("arguments",))


def _fields(said: Any) -> dict[str, Any]:
    return {name: said[name] if isinstance(said, Mapping) else getattr(said, name, None) for name in ("id", "name") if dig(said, (name,)) is not None}
