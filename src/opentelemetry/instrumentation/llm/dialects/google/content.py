"""Message contents of Gemini, read only if content capture is on.

The SDK accepts many forms: texts, parts, contents, files, objects or dictionaries, alone or in a list. An image that
is not encoded yet is recorded without details.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...extraction.message_parts import (
    LONGEST_STREAM,
    Message,
    Part,
    blob_part,
    message,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_response_part,
    uri_part,
)
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import cited, plain
from ...schema.records import Content, Response
from .. import Arguments
from .usage import either

_ROLES = {"model": "assistant", "function": "tool"}
_JOINED = frozenset({"text", "reasoning"})
_AROUND = frozenset({
    "thought", "thought_signature", "thoughtSignature", "video_metadata", "videoMetadata", "media_resolution", "mediaResolution", "part_metadata",
    "partMetadata", "text",
})  # fmt: skip
"""Fields beside the content of a part."""


def modality(mime_type: object) -> str:
    """Return the semantic conventions' word for a kind of media.

    >>> modality("image/png"), modality("application/pdf"), modality(None)
    ('image', 'document', 'document')
    """
    kind = (full_text(mime_type) or "").partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "document"


def media(data: object, uri: object, mime_type: object, kind: str | None = None) -> Part:
    """Describe bytes (or base64 text) by digest, or a remote file by its URI."""
    kind = kind or modality(mime_type)
    if full_text(uri) is None:
        return blob_part(kind, full_text(mime_type), data if isinstance(data, (str, bytes, bytearray)) else b"")
    part = uri_part(kind, str(full_text(uri)))
    return part if full_text(mime_type) is None else {"mime_type": full_text(mime_type), **part}


def server_call(name: str, call_id: object, details: Part) -> Part:
    """Return a call of a tool that runs at the provider."""
    return {"type": "server_tool_call", **_id(call_id), "name": name, "server_tool_call": {"type": name, **details}}


def server_response(name: str, call_id: object, details: Part) -> Part:
    """Return the result of a tool that runs at the provider."""
    return {"type": "server_tool_call_response", **_id(call_id), "server_tool_call_response": {"type": name, **details}}


def _id(value: object) -> Part:
    return {} if full_text(value) is None else {"id": full_text(value)}


def _fields(item: object, *names: str) -> Part:
    return {name: plain(value) for name in names if (value := get_path(item, (name,))) is not None}


def _tool(value: object) -> str:
    return (full_text(either(value, "tool_type")) or "tool").lower()


_PARTS: Mapping[str, Callable[[Any], Part]] = {
    "inline_data": lambda value: media(get_path(value, ("data",)), None, either(value, "mime_type")),
    "file_data": lambda value: media(None, either(value, "file_uri"), either(value, "mime_type")),
    "function_call": lambda value: tool_call_part(
        full_text(get_path(value, ("name",))), full_text(get_path(value, ("id",))), plain(get_path(value, ("args",)))
    ),
    "function_response": lambda value: tool_response_part(full_text(get_path(value, ("id",))), plain(get_path(value, ("response",)))),
    "executable_code": lambda value: server_call("code_execution", get_path(value, ("id",)), _fields(value, "language", "code")),
    "code_execution_result": lambda value: server_response("code_execution", get_path(value, ("id",)), _fields(value, "outcome", "output")),
    "tool_call": lambda value: server_call(_tool(value), get_path(value, ("id",)), _fields(value, "args")),
    "tool_response": lambda value: server_response(_tool(value), get_path(value, ("id",)), _fields(value, "response")),
}


def _part(value: object) -> Part | None:
    """Convert one part; an empty part is left out."""
    if isinstance(words := value if isinstance(value, str) else get_path(value, ("text",)), str):
        if not words:
            return None
        return reasoning_part(words) if get_path(value, ("thought",)) is True else text_part(words)
    for name, show in _PARTS.items():
        if (inner := either(value, name)) is not None:
            return show(inner)
    if (uri := full_text(get_path(value, ("uri",))) or full_text(either(value, "file_uri"))) is not None:
        return media(None, uri, either(value, "mime_type"))
    if "image" in type(value).__name__.lower():
        return {"type": "image"}
    made = plain(value)
    held = {key: item for key, item in made.items() if key not in _AROUND} if isinstance(made, dict) else {}
    return {**held, "type": next(iter(held))} if held else None


def _parts(value: object) -> list[Part]:
    listed = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
    return [part for item in listed if (part := _part(item)) is not None]


def _message(role: str | None, parts: list[Part]) -> Message:
    if parts and all(part["type"] == "tool_call_response" for part in parts):
        role = "tool"
    return message(_ROLES.get(role or "user", role or "user"), parts)


def _is_content(value: object) -> bool:
    return not isinstance(value, str) and (get_path(value, ("parts",)) is not None or get_path(value, ("role",)) is not None)


def messages(contents: object) -> list[Message]:
    """Convert contents to messages; single parts in a row share a message.

    The SDK groups parts in the same way.
    """
    made: list[Message] = []
    alone: list[Part] = []
    speaker = "user"

    def speak() -> None:
        if alone:
            made.append(_message(speaker, alone.copy()))
            alone.clear()

    for value in contents if isinstance(contents, (list, tuple)) else [contents]:
        listed = isinstance(value, (list, tuple))
        if listed or _is_content(value):
            speak()
            made.append(
                _message(None, _parts(value))
                if listed
                else _message(full_text(get_path(value, ("role",))), _parts(get_path(value, ("parts",))))
            )
            continue
        for part in _parts(value):
            whose = "assistant" if part["type"] == "tool_call" else "user"
            if whose != speaker:
                speak()
            speaker = whose
            alone.append(part)
    speak()
    return made


def instructions(value: object) -> list[Part] | None:
    """Convert system instructions, which contain only texts."""
    return None if value is None else [part for item in messages(value) for part in item["parts"] if part["type"] == "text"] or None


def schema(source: object) -> Any:
    """Convert the schema of tool arguments: Google's types are upper case."""
    dump = getattr(source, "model_dump", None)
    if dump is not None:
        source = dump(exclude_none=True, by_alias=True, mode="json")
    if isinstance(source, Mapping):
        return {key: value.lower() if key == "type" and isinstance(value, str) else schema(value) for key, value in source.items()}
    return [schema(item) for item in source] if isinstance(source, list) else source


def _function(value: object) -> Part:
    parameters = either(value, "parameters_json_schema") or get_path(value, ("parameters",))
    shown: Part = {"type": "function", "name": full_text(get_path(value, ("name",))) or "", **_fields(value, "description")}
    return shown if parameters is None else {**shown, "parameters": schema(parameters)}


def _definitions(tools: object) -> list[Part] | None:
    """Convert tool definitions: functions by declaration, Google's tools by name."""
    made: list[Part] = []
    for tool in as_sequence(tools):
        if callable(tool):
            name = getattr(tool, "__name__", type(tool).__name__)
            made.append({"type": "function", "name": name, **({"description": tool.__doc__} if tool.__doc__ else {})})
            continue
        made += [_function(item) for item in as_sequence(either(tool, "function_declarations"))]
        names = tool if isinstance(tool, Mapping) else getattr(tool, "model_fields_set", ())
        own = {str(name) for name in names if get_path(tool, (name,)) is not None} - {"function_declarations", "functionDeclarations"}
        made += [{"type": name, "name": name} for name in sorted(own)]
    return made or None


def content(arguments: Arguments) -> Content:
    """Read the contents of a request."""
    config = arguments.named.get("config")
    return Content(
        system_instructions=instructions(either(config, "system_instruction")),
        input_messages=messages(arguments.named.get("contents")) or None,
        tool_definitions=_definitions(either(config, "tools")),
    )


def candidates(listed: object) -> list[Message] | None:
    """Read the message of every candidate."""
    return [
        message("assistant", _cited(_parts(get_path(c, ("content", "parts"))), c)) for c in as_sequence(listed) if c is not None
    ] or None


def _cited(parts: list[Part], candidate: object) -> list[Part]:
    """Add the citations and sources of a candidate to its last text."""
    found = as_sequence(get_path(candidate, ("citation_metadata", "citations"))) or as_sequence(
        get_path(either(candidate, "grounding_metadata"), ("grounding_chunks",))
    )
    last = next((place for place in reversed(range(len(parts))) if parts[place]["type"] == "text"), None)
    if last is not None and found:
        parts[last] = cited(parts[last], found)
    return parts


class Spoken:
    """Join the parts of one streamed candidate; consecutive texts become one part."""

    __slots__ = ("_candidate", "_parts", "_size")

    def __init__(self) -> None:
        self._candidate: Any = None
        self._parts: list[Part] = []
        self._size = 0

    def take(self, candidate: object) -> None:
        """Add the parts of one chunk."""
        for part in _parts(get_path(candidate, ("content", "parts"))) if self._size < LONGEST_STREAM else ():
            self._size += len(part.get("content", ""))
            self._parts.append(part)
        if either(candidate, "citation_metadata") is not None or either(candidate, "grounding_metadata") is not None:
            self._candidate = candidate

    def message(self) -> Message:
        """Return the complete message."""
        return message("assistant", _cited(list(_join_texts(self._parts)), self._candidate))


def _join_texts(parts: list[Part]) -> Iterable[Part]:
    begun: list[Part] = []
    for part in [*parts, {"type": ""}]:
        if begun and part["type"] != begun[0]["type"]:
            yield {**begun[0], "content": "".join(item["content"] for item in begun)}
            begun = []
        if part["type"] in _JOINED:
            begun.append(part)
        elif part["type"]:
            yield part


def join(draft: Response) -> None:
    """Build the messages of a stream."""
    if draft.content is not None and draft.kept:
        draft.content.output_messages = [draft.kept[index].message() for index in sorted(draft.kept)]
