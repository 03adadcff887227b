"""Message contents of the Converse API, read only if content capture is on.

``converse`` and ``invoke_model`` call these functions with requests, responses and stream events. Media are recorded
by type, size and digest. Their bytes, and encrypted reasoning, are left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...extraction.message_parts import file_data
from ...extraction.paths import as_sequence, full_text, get_path
from ...extraction.sdk_parts import cited, plain
from ...schema.records import Content
from .. import Arguments

Part = dict[str, Any]
_MIME: Mapping[str, str] = {
    "png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "pdf": "application/pdf", "csv": "text/csv", "html": "text/html", "txt": "text/plain", "md": "text/markdown",
    "doc": "application/msword", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "mov": "video/quicktime", "flv": "video/x-flv", "wmv": "video/x-ms-wmv", "mpg": "video/mpeg", "three_gp": "video/3gpp",
    "mp3": "audio/mpeg", "mpga": "audio/mpeg", "m4a": "audio/mp4", "x-aac": "audio/aac", "mka": "audio/x-matroska",
}  # fmt: skip
_NO_MESSAGE = frozenset({"cachePoint"})
_DEEPEST = 12


def content(arguments: Arguments) -> Content:
    """Read instructions, messages and tools of a request, but no iterators."""
    body = arguments.named
    system = [part for part in _parts(body.get("system")) if part["type"] == "text"]
    values = [_message(message) for message in as_sequence(body.get("messages"))]
    tools = [tool for t in as_sequence(get_path(body, ("toolConfig", "tools"))) if (tool := _tool(t)) is not None]
    return Content(system_instructions=system or None, input_messages=values or None, tool_definitions=tools or None)


def output(body: object) -> list[dict[str, Any]] | None:
    """Read the message of a complete response."""
    message = get_path(body, ("output", "message"))
    return None if message is None else [_message(message, "assistant")]


def join(blocks: dict[Any, Part], chunk: object) -> None:
    """Add the piece of a content block in a stream event."""
    start, delta = get_path(chunk, ("contentBlockStart",)), get_path(chunk, ("contentBlockDelta",))
    index = get_path(start or delta, ("contentBlockIndex",))
    if isinstance(start, Mapping):
        blocks[index] = {kind: dict(value) for kind, value in start.get("start", {}).items() if isinstance(value, Mapping)}
    elif isinstance(delta, Mapping):
        block = blocks.setdefault(index, {})
        for path, whole in _PIECES:
            if (piece := get_path(delta, ("delta", *path))) is not None:
                holder = block
                for step in whole[:-1]:
                    holder = holder.setdefault(step, {})
                holder.setdefault(whole[-1], []).append(piece)


_PIECES = (
    (("text",), ("text",)),
    (("toolUse", "input"), ("toolUse", "input")),
    (("reasoningContent", "text"), ("reasoningContent", "reasoningText", "text")),
    (("reasoningContent", "redactedContent"), ("reasoningContent", "redactedContent")),
    (("image", "source", "bytes"), ("image", "source", "bytes")),
)
"""Field of a delta, and field of the block that the delta is added to."""


def joined(blocks: Mapping[Any, Part]) -> list[dict[str, Any]] | None:
    """Build the message of a stream, with the content blocks in order of their start."""
    parts = [part for block in blocks.values() for part in _parts([_whole(block)])]
    return [{"role": "assistant", "parts": parts}] if parts else None


def _whole(block: object) -> Any:
    if isinstance(block, Mapping):
        made = {name: _whole(value) for name, value in block.items()}
        if isinstance(made.get("toolUse"), dict):
            made["toolUse"]["input"] = _decoded(made["toolUse"].get("input") or "{}")
        return made
    if isinstance(block, list) and all(isinstance(piece, str) for piece in block):
        return "".join(block)
    return b"".join(p for p in block if isinstance(p, bytes)) if isinstance(block, list) else block


def _decoded(pieces: Any) -> Any:
    try:
        return json.loads(pieces)
    except (ValueError, TypeError):
        return pieces


def _message(message: object, role: str = "user") -> dict[str, Any]:
    return {"role": full_text(get_path(message, ("role",))) or role, "parts": _parts(get_path(message, ("content",)))}


def _tool(tool: object) -> Part | None:
    named, own = get_path(tool, ("toolSpec",)), get_path(tool, ("systemTool",))
    name = full_text(get_path(named or own, ("name",)))
    if name is None:
        return None
    made: Part = {"type": "function" if named is not None else "system_tool", "name": name}
    for ours, path in (("description", ("description",)), ("parameters", ("inputSchema", "json"))):
        if (value := get_path(named, path)) is not None:
            made[ours] = _plain(value)
    return made


def _parts(item: object) -> list[Part]:
    if isinstance(item, str):
        return [_text(item)]
    return [_part(kind, value) for block in as_sequence(item) if isinstance(block, Mapping) for kind, value in _members(block)]


def _members(block: Mapping[str, object]) -> list[tuple[str, Any]]:
    """Return the contents of a block: a union of which the SDK sets one member."""
    return [(kind, value) for kind, value in block.items() if value is not None and kind not in _NO_MESSAGE]


def _part(kind: str, value: object) -> Part:
    make = _MAKERS.get(kind)
    if make is not None:
        return make(value)
    made = plain(value)
    return {**(made if isinstance(made, dict) else {"content": made}), "type": kind}


def _text(value: object) -> Part:
    return {"type": "text", "content": full_text(value) or ""}


def _tool_call(value: object) -> Part:
    name, found = full_text(get_path(value, ("name",))) or "unknown", _plain(get_path(value, ("input",)))
    known: Part = {"id": full_text(get_path(value, ("toolUseId",))), "name": name}
    if get_path(value, ("type",)) == "server_tool_use":
        return {"type": "server_tool_call", **known, "server_tool_call": {"type": name, "input": found}}
    return {"type": "tool_call", **known, "arguments": found}


def _tool_result(value: object) -> Part:
    known, found = {"id": full_text(get_path(value, ("toolUseId",)))}, _parts(get_path(value, ("content",)))
    failed = {"is_error": True} if get_path(value, ("status",)) == "error" else {}
    if (kind := full_text(get_path(value, ("type",)))) is not None:
        return {"type": "server_tool_call_response", **known, "server_tool_call_response": {"type": kind, "content": found}, **failed}
    return {"type": "tool_call_response", **known, "response": found, **failed}


def _reasoning(value: object) -> Part:
    found = full_text(get_path(value, ("reasoningText", "text")))
    return {"type": "redacted_reasoning"} if found is None else {"type": "reasoning", "content": found}


def _guarded(value: object) -> Part:
    return (
        _media("image", get_path(value, ("image",)))
        if get_path(value, ("image",)) is not None
        else _text(get_path(value, ("text", "text")))
    )


def _cited(value: object) -> Part:
    text = _text("".join(full_text(get_path(piece, ("text",))) or "" for piece in as_sequence(get_path(value, ("content",)))))
    return cited(text, get_path(value, ("citations",)))


def _found(value: object) -> Part:
    named = {name: found for name in ("source", "title") if (found := full_text(get_path(value, (name,)))) is not None}
    return {"type": "search_result", **named, "content": _parts(get_path(value, ("content",)))}


def _media(modality: str, value: object) -> Part:
    form, source = full_text(get_path(value, ("format",))), get_path(value, ("source",))
    known: Part = {"modality": modality}
    if form is not None:
        known["mime_type"] = _MIME.get(form, f"{modality}/{form}")
    if (name := full_text(get_path(value, ("name",)))) is not None:
        known["name"] = name
    if (found := full_text(get_path(source, ("text",)))) is not None:
        return {"type": "text", "content": found, **known}
    if (pieces := as_sequence(get_path(source, ("content",)))) != ():
        return {"type": modality, **known, "content": _parts(pieces)}
    if (uri := full_text(get_path(source, ("s3Location", "uri")))) is not None:
        return {"type": "uri", **known, "uri": uri}
    part = file_data(modality, get_path(source, ("bytes",)), known.get("mime_type"))
    if name is not None:
        part["name"] = name
    return part


_MAKERS: Mapping[str, Callable[[Any], Part]] = {
    "text": _text,
    "toolUse": _tool_call,
    "toolResult": _tool_result,
    "reasoningContent": _reasoning,
    "guardContent": _guarded,
    "citationsContent": _cited,
    "searchResult": _found,
    "json": lambda value: {"type": "json", "content": _plain(value)},
    "image": lambda value: _media("image", value),
    "document": lambda value: _media("document", value),
    "video": lambda value: _media("video", value),
    "audio": lambda value: _media("audio", value),
}


def _plain(value: object, depth: int = 0) -> Any:
    """Copy a value as JSON data; bytes in it are measured."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return f"[{len(value)} bytes]"
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)
