"""Show message contents where they were asked for: cut to the limit, then redact, then serialise.

The time depends on the limit, not on the size of the contents: what cannot be shown is neither copied nor searched.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..schema.bounds import LARGEST_INTEGER, LONGEST, encodable
from ..schema.records import Content
from ..schema.semconv import CONTENT
from ..settings import Settings
from .redaction import redaction_of

_CUT = " [cut]"
_CROSSED = "\ufdd0[cut]"
"""Ends a text that was cut until it has been searched; its first character is in no text."""
_SHORTEST = 32
_BEYOND = 160
"""Characters that are searched beyond a cut and never shown: a secret that crosses the cut is removed whole."""
_DEEPEST = 32
_NESTED = "[nested deeper]"
_LOOKED_INTO = 4096
"""Characters by which a file is told from a text."""
_FILE = re.compile(r"(data:[^,]{0,100};base64,)|(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[\w+/\-]{1000,}={0,2}\Z", re.ASCII)


def shown(content: Content, settings: Settings) -> dict[str, Any]:
    """Return what may be shown of a content, by attribute name, as structures; ``exception_message`` beside them."""
    made: dict[str, Any] = {}
    for field, name in CONTENT.items():
        value = getattr(content, field)
        if value is None:
            continue
        if field == "tool_definitions" and settings.tool_definitions == "names":
            value = [{key: tool[key] for key in ("type", "name") if key in tool} for tool in value]
        made[name] = _prepared(value, settings)
    if content.exception_message is not None:
        made["exception_message"] = _prepared(content.exception_message, settings, in_error=True)
    return {name: value for name, value in made.items() if value is not None}


def _prepared(value: Any, settings: Settings, in_error: bool = False) -> Any:
    limit = settings.max_content_bytes
    value = Outline(limit).of(value)
    if settings.redact is not None:
        value = settings.redact(value)
        value = None if value is None else Outline(limit).of(value)
    if value is None:
        return None
    redact = redaction_of(_texts(value), in_error)
    return bounded(_each_text(value, lambda text: _ended(redact(text))), limit)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _ended(text: str) -> str:
    """End a text that was cut where nothing of a secret that crossed the cut can be left."""
    return text[: -len(_CROSSED) - _BEYOND] + _CUT if text.endswith(_CROSSED) else text


class Outline:
    """Copy a structure as far as a limit can show it: the newest items of a list first, each text cut to an equal share."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit
        """Bytes, and how many are left if every text is cut to the shortest that texts are cut to."""
        self._around = 0
        """Bytes around the texts."""
        self._lengths: list[int] = []

    def of(self, value: Any) -> Any:
        """Return the copy, in values that JSON has: text, numbers of 64 bits, ``bool``, ``None``, lists and dicts."""
        if isinstance(value, (list, tuple)):
            kept: Any = []
            for item in reversed(value):
                kept.append(self._kept(item, 1))
                if self._left <= 0:
                    # The item may be there in part only, and only the newest is worth that.
                    kept = kept[:-1] or kept
                    break
            kept.reverse()
        else:
            kept = self._kept(value, 0)
        share = self._share()
        return _each_text(kept, lambda text: _cut(text, share))

    def _kept(self, value: Any, depth: int) -> Any:
        if isinstance(value, (dict, list, tuple)):
            self._counted(2)
            if depth > _DEEPEST:
                return _NESTED
            return self._named(value, depth + 1) if isinstance(value, dict) else self._listed(value, depth + 1)
        value = _plain(value)
        self._counted(3)
        if isinstance(value, str):
            self._left -= min(len(value), _SHORTEST)
            self._lengths.append(len(value))
        else:
            self._counted(len(str(value)))
        return value

    def _named(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, inner in value.items():
            if self._left <= 0:
                break
            name = encodable(str(key)[:LONGEST])
            self._counted(len(name) + 3)
            made[name] = self._kept(inner, depth)
        return made

    def _listed(self, value: Sequence[Any], depth: int) -> list[Any]:
        made: list[Any] = []
        for inner in value:
            if self._left <= 0:
                break
            made.append(self._kept(inner, depth))
        return made

    def _counted(self, size: int) -> None:
        self._left -= size
        self._around += size

    def _share(self) -> int:
        """Return how long each text may be so that all of them together fill the limit."""
        left, lengths = self._limit - self._around, sorted(self._lengths)
        for place, length in enumerate(lengths):
            if length * (len(lengths) - place) > left:
                return max(_SHORTEST, left // (len(lengths) - place))
            left -= length
        return self._limit


def _plain(value: Any) -> Any:
    """Return a scalar as strict readers of JSON take it; bytes and files only by their size."""
    if isinstance(value, str):
        file = _FILE.match(value[:_LOOKED_INTO]) if value.startswith("data:") or " " not in value[:_LOOKED_INTO] else None
        return value if file is None else f"{file[1] or ''}[{len(value) - len(file[1] or '')} characters of a file]"
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_INTEGER else f"[an integer of {value.bit_length()} bits]"
    return f"[{len(value)} bytes]" if isinstance(value, (bytes, bytearray)) else str(value)


def _cut(text: str, longest: int) -> str:
    return encodable(text if len(text) <= longest + _BEYOND else text[: longest + _BEYOND] + _CROSSED)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {str(key): _each_text(inner, change) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_each_text(inner, change) for inner in value]
    return value


def bounded(value: Any, limit: int) -> Any:
    """Return ``value`` small enough for ``limit`` bytes of JSON in UTF-8 and still of its own structure.

    Long texts are cut first; if that is not enough, the oldest parts of a list are left out.
    """
    size = _size(value)
    longest = limit if size <= limit else min(limit, max(map(len, _texts(value)), default=0))
    while size > limit and longest > _SHORTEST:
        longest = max(_SHORTEST, min(longest // 2, longest * limit // size))
        value = _each_text(value, lambda text: text if len(text) <= longest else text[:longest] + _CUT)  # noqa: B023 - used at once
        size = _size(value)
    if isinstance(value, list):
        while value and size > limit:
            value = value[max(1, len(value) // 4) :]
            size = _size(value)
    return value if size <= limit else None


def _size(value: Any) -> int:
    return len(as_json(value).encode())


def as_json(value: Any) -> str:
    """Serialise a structure; letters of every language stay letters, and lone surrogates do not break an exporter."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode("utf-8")


def as_attributes(contents: dict[str, Any], structured: bool) -> dict[str, Any]:
    """Return contents as a span takes them: JSON text, or structures where the setting says so."""
    if structured:
        return contents
    return {name: value if isinstance(value, str) else as_json(value) for name, value in contents.items()}
