"""Leave out parts of captured contents by their kind, as the settings ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FIELDS: Mapping[str, tuple[str, ...]] = {
    "inputs": ("system_instructions", "input_messages", "query", "tool_arguments"),
    "outputs": ("output_messages", "tool_result", "documents"),
    "images": (),
    "tools": ("tool_definitions", "tool_arguments", "tool_result"),
    "embeddings": (),
}
"""Kinds of content that can be hidden, and the fields that are left out."""
HIDDEN = "[hidden]"
_TOOL_VALUES = ("arguments", "response")
_SERVER_TOOL_VALUES = ("server_tool_call", "server_tool_call_response")


def _each_dict(value: Any, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Any:
    if isinstance(value, list):
        return [_each_dict(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    changed = change(value)
    return {key: _each_dict(item, change) for key, item in value.items()} if changed is None else changed


def without_images(value: Any) -> Any:
    """Replace the parts of images by a part that names only the modality.

    >>> without_images([{"type": "uri", "modality": "image", "uri": "https://example.com/a.png"}])
    [{'type': 'hidden', 'modality': 'image'}]
    """
    return _each_dict(value, lambda part: {"type": "hidden", "modality": "image"} if part.get("modality") == "image" else None)


def without_tools(value: Any) -> Any:
    """Hide arguments and results of tool calls; their names and ids stay.

    >>> without_tools([{"type": "tool_call", "name": "look_up", "arguments": {"q": 1}}])
    [{'type': 'tool_call', 'name': 'look_up', 'arguments': '[hidden]'}]
    """
    return _each_dict(value, _without_values)


def _without_values(part: dict[str, Any]) -> dict[str, Any] | None:
    kind = part.get("type")
    if kind in ("tool_call", "tool_call_response"):
        return {key: HIDDEN if key in _TOOL_VALUES else item for key, item in part.items()}
    if kind in _SERVER_TOOL_VALUES:
        return {key: {"type": item.get("type", "tool")} if key == kind and isinstance(item, dict) else item for key, item in part.items()}
    return None
