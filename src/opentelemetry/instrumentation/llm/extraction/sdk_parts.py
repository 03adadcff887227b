"""Make parts of messages from what an SDK may say in several forms; ``cohere_content`` and ``ollama_content`` build with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .message_parts import Part, blob_part, reasoning_part, text_part, tool_call_part, tool_response_part, uri_part
from .paths import as_sequence, full_text, get_path

_DEEPEST = 12


def texts(said: Any) -> list[Part]:
    """Make the part of a text; an empty one has none."""
    return [] if full_text(said) is None else [text_part(str(full_text(said)))]


def thoughts(said: Any) -> list[Part]:
    """Make the part of what a model thought; one that told nothing has none."""
    return [] if full_text(said) is None else [reasoning_part(str(full_text(said)))]


def call(name: Any, call_id: Any, arguments: Any) -> Part:
    """Make the part of a tool call."""
    return tool_call_part(full_text(name), full_text(call_id), plain(arguments))


def response(call_id: Any, said: Any, name: Any = None) -> Part:
    """Make the part of what a tool gave back; some providers know it by the tool's name and not by an id."""
    part = tool_response_part(full_text(call_id), plain(said))
    return part if full_text(name) is None else {**part, "name": full_text(name)}


def image(where: Any) -> Part:
    """Make the part of an image: an address, a data URL, base64 text or bytes."""
    if isinstance(where, (bytes, bytearray)):
        return blob_part("image", None, where)
    said = full_text(where) or ""
    return uri_part("image", said)


def definition(name: Any, description: Any, parameters: Any) -> Part | None:
    """Make the definition of a tool; without a name there is none."""
    if full_text(name) is None:
        return None
    made: Part = {"type": "function", "name": full_text(name)}
    for key, value in (("description", full_text(description)), ("parameters", plain(parameters))):
        if value is not None:
            made[key] = value
    return made


def functions(tools: Any) -> list[Part] | None:
    """Read definitions of tools in the shape of OpenAI, which Cohere and Ollama share."""
    keys = ("name", "description", "parameters")
    made = (definition(*(get_path(tool, ("function", key)) for key in keys)) for tool in as_sequence(tools))
    return [tool for tool in made if tool is not None] or None


def plain(value: Any, depth: int = 0) -> Any:
    """Copy a value as structures of JSON; objects of an SDK give their fields."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if depth > _DEEPEST:
        return None
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        value = {**(getattr(value, "__dict__", None) or {}), **(getattr(value, "__pydantic_extra__", None) or {})}
    return {str(key): plain(item, depth + 1) for key, item in value.items() if item is not None and not str(key).startswith("_")}
