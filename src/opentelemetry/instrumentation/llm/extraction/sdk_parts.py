"""Build message parts from the alternative forms that SDKs accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .message_parts import Part, blob_part, reasoning_part, text_part, tool_call_part, tool_response_part, uri_part
from .paths import as_sequence, full_text, get_path

_DEEPEST = 12


def texts(value: object) -> list[Part]:
    """Return the part of a text, or an empty list for an empty text."""
    return [] if full_text(value) is None else [text_part(str(full_text(value)))]


def thoughts(value: object) -> list[Part]:
    """Return the part of a model's thoughts, or an empty list if there are none."""
    return [] if full_text(value) is None else [reasoning_part(str(full_text(value)))]


def call(name: object, call_id: object, arguments: object) -> Part:
    """Return the part of a tool call."""
    return tool_call_part(full_text(name), full_text(call_id), plain(arguments))


def response(call_id: object, value: object, name: object = None) -> Part:
    """Return the part of a tool result; some providers use the tool's name as id."""
    part = tool_response_part(full_text(call_id), plain(value))
    return part if full_text(name) is None else {**part, "name": full_text(name)}


def image(where: object) -> Part:
    """Return the part of an image: a URL, a data URL, base64 text or bytes."""
    if isinstance(where, (bytes, bytearray)):
        return blob_part("image", None, where)
    value = full_text(where) or ""
    return uri_part("image", value)


def definition(name: object, description: object, parameters: object) -> Part | None:
    """Return the definition of a tool; empty if it has no name."""
    if full_text(name) is None:
        return None
    made: Part = {"type": "function", "name": full_text(name)}
    for key, value in (("description", full_text(description)), ("parameters", plain(parameters))):
        if value is not None:
            made[key] = value
    return made


def functions(tools: object) -> list[Part] | None:
    """Read tool definitions in OpenAI's format, which Cohere and Ollama share."""
    keys = ("name", "description", "parameters")
    made = (definition(*(get_path(tool, ("function", key)) for key in keys)) for tool in as_sequence(tools))
    return [tool for tool in made if tool is not None] or None


_SEALED = ("_", "encrypted_", "signature", "thought_signature")


def generic(item: object, kind: str) -> Part:
    """Return an item of any kind as a generic part, without encrypted data.

    >>> generic({"type": "hologram", "depth": 3, "encrypted_content": "..."}, "hologram")
    {'type': 'hologram', 'depth': 3}
    """
    made = plain(item)
    held = {key: value for key, value in made.items() if not key.startswith(_SEALED)} if isinstance(made, dict) else {}
    return {**held, "type": kind}


def cited(part: Part, citations: object) -> Part:
    """Add the citations of a text to its part, if there are any."""
    found = [plain(item) for item in as_sequence(citations)]
    return {**part, "citations": found} if found else part


def server_tool(name: str, call_id: object, details: Mapping[str, object], result: bool = False) -> Part:
    """Return a call of a tool that runs at the provider, or its result."""
    kind = "server_tool_call_response" if result else "server_tool_call"
    known: Part = {"type": kind} if result else {"type": kind, "name": name}
    if full_text(call_id) is not None:
        known["id"] = full_text(call_id)
    return {**known, kind: {**details, "type": name}}


def plain(value: object, depth: int = 0) -> Any:
    """Copy a value as JSON data; SDK objects are read by their fields."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if depth > _DEEPEST:
        return None
    if isinstance(value, (bytes, bytearray)):
        return f"[{len(value)} bytes]"
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        value = {**(getattr(value, "__dict__", None) or {}), **(getattr(value, "__pydantic_extra__", None) or {})}
    return {str(key): plain(item, depth + 1) for key, item in value.items() if item is not None and not str(key).startswith("_")}
