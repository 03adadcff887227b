"""Contents in the messages shape, as the conventions' JSON schemas have them; read only where contents are captured.

``messages`` hands requests, answers and pieces of streams in. What is no text (images, documents, audio) is told by its
kind, size and digest; its bytes, and whatever the provider sealed for itself, are left out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from ..words.records import Content
from . import Arguments
from .reading import dig, items, text

Part = dict[str, Any]
_SEALED = ("encrypted_", "signature")
_NOT_OURS = frozenset({"cache_control", "citations"})
_DEEPEST = 12


def content(arguments: Arguments) -> Content:
    """Read system instructions, messages and tools of a request; what cannot be read without using it up is left out."""
    body = arguments.named
    told = [_message(m) for m in items(body.get("messages"))]
    tools = [tool for t in items(body.get("tools")) if (tool := _tool(t)) is not None]
    return Content(system_instructions=_parts(body.get("system")) or None, input_messages=told or None, tool_definitions=tools or None)


def prompt(arguments: Arguments) -> Content:
    """Read the prompt of a text completion."""
    said = _parts(arguments.named.get("prompt"))
    return Content(input_messages=[{"role": "user", "parts": said}] if said else None)


def output(answer: Any) -> list[dict[str, Any]] | None:
    """Read the message of a whole answer."""
    blocks = dig(answer, ("content",))
    return None if blocks is None else [{"role": text(dig(answer, ("role",))) or "assistant", "parts": _parts(blocks)}]


def spoken(said: str | None) -> list[dict[str, Any]] | None:
    """Make the one message of a text completion."""
    return None if said is None else [{"role": "assistant", "parts": [_text(said)]}]


def join(blocks: dict[Any, Part], kind: Any, chunk: Any) -> None:
    """Add the piece of a content block that an event of a stream brings."""
    index = dig(chunk, ("index",))
    if kind == "content_block_start":
        # A copy, since the SDK's own helpers go on to add the deltas to the very block of this event.
        blocks[index] = _plain(dig(chunk, ("content_block",)), sealed=True)
    elif kind == "content_block_delta" and (block := blocks.get(index)):
        for name, whole in (("text", "text"), ("thinking", "thinking"), ("partial_json", "pieces"), ("content", "content")):
            if (piece := text(dig(chunk, ("delta", name)))) is not None:
                said = block.setdefault(whole, "")
                block[whole] = said + piece if isinstance(said, str) else piece


def joined(blocks: Mapping[Any, Part]) -> list[dict[str, Any]] | None:
    """Make the message of a stream from its content blocks, in the order in which they began."""
    for block in blocks.values():
        if (pieces := block.pop("pieces", None)) is not None:
            block["input"] = _decoded(pieces)
    return [{"role": "assistant", "parts": [_part(block) for block in blocks.values()]}] if blocks else None


def _decoded(pieces: str) -> Any:
    try:
        return json.loads(pieces)
    except ValueError:
        return pieces


def _message(message: Any) -> dict[str, Any]:
    return {"role": text(dig(message, ("role",))) or "user", "parts": _parts(dig(message, ("content",)))}


def _tool(tool: Any) -> Part | None:
    kind = text(dig(tool, ("type",))) or "custom"
    name = text(dig(tool, ("name",))) or text(dig(tool, ("mcp_server_name",)))
    if name is None:
        return None
    made: Part = {"type": "function" if kind == "custom" else kind, "name": name}
    for ours, theirs in (("description", "description"), ("parameters", "input_schema")):
        if (value := dig(tool, (theirs,))) is not None:
            made[ours] = _plain(value)
    return made


def _parts(said: Any) -> list[Part]:
    if isinstance(said, str):
        return [_text(said)]
    return [_text(block) if isinstance(block, str) else _part(block) for block in items(said)]


def _part(block: Any) -> Part:
    kind = text(dig(block, ("type",))) or "unknown"
    make = _MAKERS.get(kind)
    if make is None and kind.endswith("_tool_result"):
        make = _server_tool_result
    return _unknown(block, kind) if make is None else make(block, kind)


def _text(said: str | None) -> Part:
    return {"type": "text", "content": said or ""}


def _tool_call(block: Any, kind: str) -> Part:
    return {"type": "tool_call", "id": _id(block), "name": _name(block), "arguments": _plain(dig(block, ("input",)))}


def _tool_result(block: Any, kind: str) -> Part:
    said = dig(block, ("content",))
    failed = {"is_error": True} if dig(block, ("is_error",)) is True else {}
    response = said if isinstance(said, str) or said is None else _parts(said)
    return {"type": "tool_call_response", "id": text(dig(block, ("tool_use_id",))), "response": response, **failed}


def _server_tool_call(block: Any, kind: str) -> Part:
    inner = {"type": kind if kind != "server_tool_use" else _name(block), "input": _plain(dig(block, ("input",)))}
    if (server := text(dig(block, ("server_name",)))) is not None:
        inner["server_name"] = server
    return {"type": "server_tool_call", "id": _id(block), "name": _name(block), "server_tool_call": inner}


def _server_tool_result(block: Any, kind: str) -> Part:
    response = {"type": kind, "content": _plain(dig(block, ("content",)))}
    return {"type": "server_tool_call_response", "id": text(dig(block, ("tool_use_id",))), "server_tool_call_response": response}


def _media(block: Any, kind: str) -> Part:
    source = dig(block, ("source",))
    where, mime = text(dig(source, ("type",))), text(dig(source, ("media_type",)))
    known: Part = {"modality": kind} if mime is None else {"modality": kind, "mime_type": mime}
    data, uri, file_id = (text(dig(source, (name,))) for name in ("data", "url", "file_id"))
    if where == "text":
        return _text(data)
    if where == "content":
        return {"type": kind, "content": _parts(dig(source, ("content",)))}
    if file_id is not None:
        return {"type": "file", **known, "file_id": file_id}
    if uri is not None:
        # A query may sign the address, and so be as good as a key.
        return {"type": "uri", **known, "uri": uri.partition("?")[0]}
    return {"type": "media", **known, **_measured(data)}


def _measured(data: str | None) -> Part:
    try:
        content = base64.b64decode(data or "")
    except (binascii.Error, ValueError):
        return {}
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} if content else {}


def _unknown(block: Any, kind: str) -> Part:
    plain = _plain(block)
    return {**plain, "type": kind} if isinstance(plain, dict) else {"type": kind}


def _id(block: Any) -> str | None:
    return text(dig(block, ("id",)))


def _name(block: Any) -> str:
    return text(dig(block, ("name",))) or "unknown"


_MAKERS: Mapping[str, Callable[[Any, str], Part]] = {
    "text": lambda block, kind: _text(text(dig(block, ("text",)))),
    "thinking": lambda block, kind: {"type": "reasoning", "content": text(dig(block, ("thinking",))) or ""},
    "redacted_thinking": lambda block, kind: {"type": kind},
    "compaction": lambda block, kind: {"type": kind, "content": text(dig(block, ("content",)))},
    "tool_use": _tool_call,
    "tool_result": _tool_result,
    "server_tool_use": _server_tool_call,
    "mcp_tool_use": _server_tool_call,
    "image": _media,
    "document": _media,
    "audio": _media,
    "video": _media,
}


def _plain(value: Any, sealed: bool = False, depth: int = 0) -> Any:
    """Copy a value as plain structures; media inside are measured, and without ``sealed`` what is sealed is left out."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if depth > _DEEPEST:
        return None
    if isinstance(value, (list, tuple)):
        return [_plain(item, sealed, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        # Objects of an SDK keep their fields like this, and those that it does not know in another place.
        value = {**(getattr(value, "__dict__", None) or {}), **(getattr(value, "__pydantic_extra__", None) or {})}
    if depth and isinstance(dig(value, ("source",)), Mapping) and dig(value, ("type",)) in ("image", "document"):
        return _media(value, str(value["type"]))
    return {
        str(key): _plain(item, sealed, depth + 1)
        for key, item in value.items()
        if item is not None and not str(key).startswith(("_", *(() if sealed else _SEALED))) and key not in _NOT_OURS
    }
