"""Record the contents of spans that applications open themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import capture
from ..guard import guarded
from ..schema.records import Content
from ..settings import Settings
from . import content
from .cutting import Cutter

LONGEST_VALUE = 1_000_000
"""Maximum number of bytes that are copied of one value; the setting cuts further."""

Contents = Callable[[str, Any, Any], Mapping[str, Any]]


def contents_of(settings: Settings) -> Contents:
    """Return the function that makes attributes of the contents of a function."""

    def attributes(kind: str, given: Any, result: Any) -> Mapping[str, Any]:
        places = capture.places()
        if "span" not in (settings.capture_message_content if places is None else places):
            return {}
        shown = content.shown(_content(kind, given, result), settings)
        return content.as_attributes(shown, settings.structured_content)

    return lambda kind, given, result: guarded(attributes, kind, given, result, default={})


def _content(kind: str, given: Any, result: Any) -> Content:
    if kind == "tool":
        return Content(tool_arguments=_plain(given), tool_result=_plain(result))
    if kind == "retrieval":
        found = [_document(item) for item in result] if isinstance(result, (list, tuple)) else None
        return Content(query=_text(given), documents=found)
    return Content(
        input_messages=[{"role": "user", "parts": [{"type": "text", "content": _text(given)}]}],
        output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": _text(result)}], "finish_reason": "stop"}],
    )


def _document(item: Any) -> dict[str, Any]:
    made = {"content": item} if isinstance(item, str) else _plain(item)
    return made if isinstance(made, dict) else {"content": _text(made)}


def _text(value: Any) -> str:
    """Return the text of a value; the only argument of a function stands for all."""
    if isinstance(value, Mapping) and len(value) == 1:
        (value,) = value.values()
        value = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    return value if isinstance(value, str) else content.as_json(_plain(value))


def _plain(value: Any) -> Any:
    """Return JSON data; other objects become their fields, or their text."""
    held = getattr(value, "__dict__", None)
    if value is not None and held and not callable(value):
        value = {str(name): field for name, field in held.items() if not str(name).startswith("_")}
    return Cutter().cut(value, LONGEST_VALUE)
