"""Prepare captured message contents: cut to the limit, redact, serialise.

The time depends on the limit and not on the size of the contents: parts that cannot be shown are neither copied nor
searched.
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
"""Marks a cut text until it has been redacted. Its first character occurs in no
text.
"""
_SHORTEST = 32
_BEYOND = 160
"""Number of characters after the cut that are redacted but not shown. A secret
that crosses the cut is then removed completely.
"""
_DEEPEST = 32
_NESTED = "[nested deeper]"
_LOOKED_INTO = 4096
"""Number of characters that are inspected to distinguish a file from a text."""
_FILE = re.compile(r"(data:[^,]{0,100};base64,)|(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[\w+/\-]{1000,}={0,2}\Z", re.ASCII)


def shown(content: Content, settings: Settings) -> dict[str, Any]:
    """Return the contents that may be shown, as structures by attribute name.

    The message of an exception has the key ``exception_message``.
    """
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
    """End a cut text before the part that may contain the rest of a secret."""
    return text[: -len(_CROSSED) - _BEYOND] + _CUT if text.endswith(_CROSSED) else text


class Outline:
    """Copy the part of a structure that fits into a limit.

    The newest items of a list come first. Each text is cut to an equal share of the limit.
    """

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit
        """The limit in bytes, and the bytes left if every text is cut to the minimum
        length.
        """
        self._around = 0
        """Number of bytes outside the texts."""
        self._lengths: list[int] = []

    def of(self, value: Any) -> Any:
        """Return the copy as JSON values.

        These are text, integers of up to 64 bits, floats, ``bool``, ``None``, lists and dicts.
        """
        if isinstance(value, (list, tuple)):
            kept: Any = []
            for item in reversed(value):
                kept.append(self._kept(item, 1))
                if self._left <= 0:
                    # The last item may be incomplete. Only the newest item is kept in that case.
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
        """Return the maximum length of a text so that all texts together fill the limit."""
        left, lengths = self._limit - self._around, sorted(self._lengths)
        for place, length in enumerate(lengths):
            if length * (len(lengths) - place) > left:
                return max(_SHORTEST, left // (len(lengths) - place))
            left -= length
        return self._limit


def _plain(value: Any) -> Any:
    """Return a scalar that strict JSON parsers accept; bytes and files become a size."""
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
    """Return ``value`` reduced to ``limit`` bytes of UTF-8 JSON with its structure.

    Long texts are cut first. If that is not enough, the oldest parts of a list are left out.
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
    """Serialise a structure to JSON.

    Letters of all languages stay readable. Lone surrogates are replaced, because exporters cannot encode them.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode("utf-8")


def as_attributes(contents: dict[str, Any], structured: bool) -> dict[str, Any]:
    """Return contents as span attributes: JSON text, or structures if configured."""
    if structured:
        return contents
    return {name: value if isinstance(value, str) else as_json(value) for name, value in contents.items()}
