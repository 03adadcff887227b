"""Message contents of Anthropic, read only if content capture is on.

``messages`` calls these functions with requests, responses and stream events. Images, documents and audio are
recorded by type, size and digest. Their bytes, and data that the provider encrypted, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...extraction.message_parts import (
    LONGEST_STREAM,
    Message,
    Part,
    blob_part,
    decoded,
    file_part,
    message,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_response_part,
    uri_part,
)
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import cited, plain
from ...schema.bounds import LONGEST
from ...schema.records import Content
from .. import Arguments

_MEDIA = ("image", "document", "audio", "video")
_SEALED = ("_", "encrypted_", "signature")
_DROPPED = frozenset({"cache_control", "citations"})
_ABSENT = frozenset({"Omit", "NotGiven"})
_DEEPEST = 12
_PIECES = ("text", "thinking", "partial_json", "content")


def content(arguments: Arguments) -> Content:
    """Read instructions, messages and tools of a request, but no iterators."""
    body = arguments.named
    values = [
        message(full_text(get_path(m, ("role",))) or "user", _parts(get_path(m, ("content",)))) for m in as_sequence(body.get("messages"))
    ]
    tools = [tool for t in as_sequence(body.get("tools")) if (tool := _tool(t)) is not None]
    return Content(system_instructions=_parts(body.get("system")) or None, input_messages=values or None, tool_definitions=tools or None)


def output(body: object) -> list[Message] | None:
    """Read the message of a complete response."""
    blocks = get_path(body, ("content",))
    return None if blocks is None else [message(full_text(get_path(body, ("role",))) or "assistant", _parts(blocks))]


class Blocks:
    """Join the content blocks of a stream."""

    __slots__ = ("_begun", "_citations", "_kept", "_pieces")

    def __init__(self) -> None:
        self._begun: dict[Any, Part] = {}
        self._pieces: dict[tuple[Any, str], list[str]] = {}
        self._citations: dict[Any, list[Any]] = {}
        self._kept = 0

    def add(self, kind: object, chunk: object) -> None:
        """Add an event: the start or a delta of a block."""
        index = get_path(chunk, ("index",))
        if kind == "content_block_start":
            # Copy the block, because the SDK adds later deltas to the same object.
            self._begun[index] = _plain(get_path(chunk, ("content_block",))) or {}
        elif kind == "content_block_delta" and index in self._begun and self._kept < LONGEST_STREAM:
            for name in _PIECES:
                if (piece := full_text(get_path(chunk, ("delta", name)))) is not None:
                    self._pieces.setdefault((index, name), []).append(piece)
                    self._kept += len(piece)
            if (citation := get_path(chunk, ("delta", "citation"))) is not None:
                self._citations.setdefault(index, []).append(plain(citation))
                self._kept += LONGEST

    def message(self) -> list[Message] | None:
        """Return the message, with the blocks in order of their start."""
        whole = {index: dict(block) for index, block in self._begun.items()}
        for (index, name), pieces in self._pieces.items():
            value = "".join(pieces)
            if name == "partial_json":
                whole[index]["input"] = decoded(value)
            else:
                whole[index][name] = f"{whole[index].get(name) or ''}{value}"
        for index, citations in self._citations.items():
            whole[index]["citations"] = citations
        return [message("assistant", [_part(block) for block in whole.values()])] if whole else None


def _tool(tool: object) -> Part | None:
    kind = full_text(get_path(tool, ("type",))) or "custom"
    name = full_text(get_path(tool, ("name",))) or full_text(get_path(tool, ("mcp_server_name",)))
    if name is None:
        return None
    made: Part = {"type": "function" if kind == "custom" else kind, "name": name}
    for ours, theirs in (("description", "description"), ("parameters", "input_schema")):
        if (value := get_path(tool, (theirs,))) is not None:
            made[ours] = _plain(value)
    return made


def _parts(value: object) -> list[Part]:
    if isinstance(value, str):
        return [text_part(value)]
    return [text_part(block) if isinstance(block, str) else _part(block) for block in as_sequence(value)]


def _part(block: object) -> Part:
    kind = full_text(get_path(block, ("type",))) or "unknown"
    make = _MAKERS.get(kind, _server_tool_result if kind.endswith("_tool_result") else _unknown)
    return make(block, kind)


def _tool_result(block: object, kind: str) -> Part:
    value = get_path(block, ("content",))
    made = tool_response_part(_id(block), value if isinstance(value, str) or value is None else _parts(value))
    return {**made, "is_error": True} if get_path(block, ("is_error",)) is True else made


def _server_tool_call(block: object, kind: str) -> Part:
    name = full_text(get_path(block, ("name",))) or "unknown"
    inner = {"type": name if kind == "server_tool_use" else kind, "input": _plain(get_path(block, ("input",)))}
    if (server := full_text(get_path(block, ("server_name",)))) is not None:
        inner["server_name"] = server
    return {"type": "server_tool_call", "id": _id(block), "name": name, "server_tool_call": inner}


def _server_tool_result(block: object, kind: str) -> Part:
    response = {"type": kind, "content": _plain(get_path(block, ("content",)))}
    return {"type": "server_tool_call_response", "id": _id(block), "server_tool_call_response": response}


def _media(block: object, kind: str) -> Part:
    source = get_path(block, ("source",))
    where = full_text(get_path(source, ("type",)))
    data, uri, file_id = (full_text(get_path(source, (name,))) for name in ("data", "url", "file_id"))
    if where == "text":
        return text_part(data or "")
    if where == "content":
        return {"type": kind, "content": _parts(get_path(source, ("content",)))}
    if file_id is not None:
        return file_part(kind, file_id)
    return blob_part(kind, full_text(get_path(source, ("media_type",))), data or "") if uri is None else uri_part(kind, uri)


def _unknown(block: object, kind: str) -> Part:
    plain = _plain(block)
    return {**plain, "type": kind} if isinstance(plain, dict) else {"type": kind}


def _id(block: object) -> str | None:
    return full_text(get_path(block, ("id",))) or full_text(get_path(block, ("tool_use_id",)))


_MAKERS: Mapping[str, Callable[[Any, str], Part]] = {
    "text": lambda block, kind: cited(text_part(full_text(get_path(block, ("text",))) or ""), get_path(block, ("citations",))),
    "thinking": lambda block, kind: reasoning_part(full_text(get_path(block, ("thinking",))) or ""),
    "redacted_thinking": lambda block, kind: {"type": kind},
    "compaction": lambda block, kind: {"type": kind, "content": full_text(get_path(block, ("content",)))},
    "tool_use": lambda block, kind: tool_call_part(full_text(get_path(block, ("name",))), _id(block), _plain(get_path(block, ("input",)))),
    "tool_result": _tool_result,
    "server_tool_use": _server_tool_call,
    "mcp_tool_use": _server_tool_call,
    **dict.fromkeys(_MEDIA, _media),
}


def _plain(value: object, depth: int = 0) -> Any:
    """Copy a value as JSON data, without encrypted and private fields.

    Media are recorded by size and digest.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if depth > _DEEPEST or type(value).__name__ in _ABSENT:
        return None
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        # SDK objects keep known fields in ``__dict__`` and unknown fields in a separate dictionary.
        value = {**(getattr(value, "__dict__", None) or {}), **(getattr(value, "__pydantic_extra__", None) or {})}
    if depth and (kind := value.get("type")) in _MEDIA and value.get("source") is not None:
        return _media(value, str(kind))
    made = {str(k): _plain(v, depth + 1) for k, v in value.items() if k not in _DROPPED and not str(k).startswith(_SEALED)}
    return {key: item for key, item in made.items() if item is not None}
