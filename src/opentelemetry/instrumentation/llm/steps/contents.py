"""Read contents of steps as JSON: arguments, results, documents, messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST, _MOST = 6, 200


def plain(value: Any, depth: int = 0) -> Any:
    """Return a copy of a value with JSON types only; other objects become text.

    >>> plain({"city": ("Osaka", 1)})
    {'city': ['Osaka', 1]}
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): plain(inner, depth + 1) for key, inner in list(value.items())[:_MOST]}
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return [plain(inner, depth + 1) for inner in value[:_MOST]]
    return str(value)


def documents(values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return documents by ``id``, ``score`` and ``content``, for all frameworks.

    >>> documents(["a text", {"id": "d1", "page_content": "another"}])
    [{'content': 'a text'}, {'id': 'd1', 'content': 'another'}]
    """
    return [_document(value) for value in values[:_MOST]]


_NAMES = {"id": ("id", "id_", "node_id"), "score": ("score",), "content": ("page_content", "content", "text")}


def _document(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"content": value}
    found = {}
    for name, spellings in _NAMES.items():
        held = (value.get(s) if isinstance(value, Mapping) else getattr(value, s, None) for s in spellings)
        known = next((one for one in held if isinstance(one, (str, int, float))), None)
        if known is not None:
            found[name] = known
    return found or {"content": plain(value)}


def input_message(value: Any) -> list[dict[str, Any]]:
    """Return the input of an agent or workflow as one message with one text part.

    The only argument of a function stands for all of them.
    """
    if isinstance(value, Mapping) and len(value) == 1:
        (value,) = value.values()
        value = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    text = value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
    return [{"role": "user", "parts": [{"type": "text", "content": text}]}]


def output_message(text: Any) -> list[dict[str, Any]]:
    """Return an agent's final output as one message with one text part.

    The shape is that of the conventions.
    """
    part = {"type": "text", "content": text if isinstance(text, str) else str(text)}
    return [{"role": "assistant", "parts": [part], "finish_reason": "stop"}]
