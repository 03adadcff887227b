"""Prepare captured message contents: hide, cut to the limit, redact, serialise.

The time depends on the limit and not on the size of the contents: parts that cannot be shown are neither copied nor
searched.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..schema.bounds import short
from ..schema.records import Blob, Content
from ..schema.semconv import CONTENT, PROMPT_VARIABLE
from ..settings import Settings
from .cutting import Cutter, Whole, ended, size_of
from .hiding import FIELDS, without_images, without_tools
from .personal import without_personal_data
from .redaction import redaction_of

_logger = logging.getLogger(__name__)
_BEYOND = 160
"""Number of characters after the cut that are redacted but not shown."""
KINDS: Mapping[str, str] = {
    "system_instructions": "parts",
    "input_messages": "messages",
    "output_messages": "choices",
    "tool_definitions": "tools",
    "documents": "documents",
}
"""How each field is cut; the others are any JSON value."""
_refused: set[str] = set()
"""Names of content whose redaction was refused. Each is reported once."""


def shown(content: Content, settings: Settings, limit: int | None = None, operation: str | None = None) -> dict[str, Any]:
    """Return the contents that may be shown, as structures by attribute name.

    ``limit`` is the limit of the span in bytes, if it is smaller than the setting. The message of an exception has the
    key ``exception_message``.
    """
    most = settings.max_content_bytes if limit is None else min(limit, settings.max_content_bytes)
    hidden = {field for kind in settings.hide_content for field in FIELDS[kind]}
    made: dict[str, Any] = {}
    if operation == "embeddings" and "embeddings" in settings.hide_content:
        return made
    for field, name in CONTENT.items():
        value = getattr(content, field)
        if value is None or field in hidden:
            continue
        if field == "tool_definitions" and settings.tool_definitions == "names":
            value = [{key: tool[key] for key in ("type", "name") if key in tool} for tool in value]
        made[name] = _prepared(name, value, settings, most, KINDS.get(field, "json"))
    if "inputs" not in settings.hide_content:
        for key, text in (content.prompt_variables or {}).items():
            name = f"{PROMPT_VARIABLE}{short(key)}"
            made[name] = _prepared(name, text, settings, most, "json")
    if content.exception_message is not None:
        made["exception_message"] = _prepared("exception_message", content.exception_message, settings, most, "json")
    return {name: value for name, value in made.items() if value is not None}


def _prepared(name: str, value: Any, settings: Settings, limit: int, kind: str) -> Any:
    value = Cutter(_BEYOND).cut(value, limit, kind)
    if "images" in settings.hide_content:
        value = without_images(value)
    if "tools" in settings.hide_content:
        value = without_tools(value)
    if settings.redact is not None:
        size = size_of(value, limit * 2)
        redacted = settings.redact(value)
        if redacted is not None and isinstance(redacted, str) is not isinstance(value, str):
            _refuse(name, redacted)
            return None
        value = Cutter(_BEYOND).cut(redacted, limit + size, kind)
    if value is None:
        return None
    redact = redaction_of(_texts(value), in_error=name == "exception_message")
    finish = without_personal_data if settings.redact_pii else str
    value = Cutter().cut(_each_text(value, lambda text: finish(ended(redact(text), _BEYOND))), limit, kind)
    return _with_files(value, limit - size_of(value, limit)) if settings.media == "inline" else value


def _refuse(name: str, redacted: Any) -> None:
    if name not in _refused:
        _refused.add(name)
        kind = type(redacted).__name__
        _logger.warning("redact returned %s for %s, so it is left out; return a value of the same kind, or None", kind, name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)) and type(value) is not Blob:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return value if type(value) is Blob else {key: _each_text(inner, change) for key, inner in value.items()}
    return [_each_text(inner, change) for inner in value] if isinstance(value, list) else value


def _with_files(value: Any, room: int) -> Any:
    """Replace digests by the files themselves, as long as they fit into ``room``."""
    left = [room]

    def replaced(item: Any) -> Any:
        if type(item) is Blob:
            file, digest = inline(item), size_of(item, room)
            added = size_of(file, digest + left[0] + 1) - digest
            if added > left[0]:
                return item
            left[0] -= added
            return file
        if isinstance(item, dict):
            return {key: replaced(inner) for key, inner in item.items()}
        return [replaced(inner) for inner in item] if isinstance(item, list) else item

    return replaced(value)


def inline(part: Blob) -> dict[str, Any]:
    """Return the ``blob`` part of the conventions, which contains the file."""
    data = part.data if isinstance(part.data, str) else base64.b64encode(part.data).decode()
    kept = {key: part[key] for key in ("modality", "mime_type") if key in part}
    return {"type": "blob", **kept, "content": Whole(data)}


def as_json(value: Any) -> str:
    """Serialise a structure to JSON.

    Letters of all languages stay readable. Lone surrogates are replaced, because exporters cannot encode them.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode("utf-8")


def as_attributes(contents: dict[str, Any], structured: bool) -> dict[str, Any]:
    """Return contents as span attributes: JSON text, or structures if configured."""
    if structured:
        return contents
    return {name: value if isinstance(value, str) else as_json(value) for name, value in contents.items()}
