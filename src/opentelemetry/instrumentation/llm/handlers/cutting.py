"""Cut contents to a number of bytes of JSON, without breaking their structure.

The limit counts the bytes of the JSON text in UTF-8. The time depends on the limit and not on the size of the contents.
Small values stay whole, and larger values share the rest of the limit equally, so one large value never displaces the
others. Where there are too many items, some are left out, and a marker with their number takes their place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..schema.bounds import LARGEST_INTEGER, LONGEST, encodable
from ..schema.records import Blob

CUT = " [cut]"
NESTED = "[nested deeper]"
_DEEPEST = 32
_MARKER = 48
"""Maximum size of a marker."""
_VALUE, _PART, _MESSAGE = 32, 160, 320
"""Minimum sizes of a value, a part and a message that is larger than that."""
_SHARES = 16
"""An item of a list is left out only if less than this part of the limit is left."""
_FIRST_KEYS = ("type", "role", "name", "id", "modality", "finish_reason")
_INSTRUCTIONS = frozenset({"system", "developer"})
_LOOKED_INTO = 4096
"""Number of characters that are inspected to distinguish a file from a text."""
_FILE = re.compile(r"(data:[^,]{0,100};base64,)(?!\[)|(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])[\w+/\-]{1000,}={0,2}\Z", re.ASCII)

Marker = Callable[[int], Any]
Order = Callable[[Sequence[Any]], Iterable[int]]


class Whole(str):
    """A text that is left as it is, or left out: the base64 text of a file."""

    __slots__ = ()


def plain(value: Any) -> Any:
    """Return a scalar that strict JSON parsers accept; bytes and files become a size."""
    if isinstance(value, str):
        if isinstance(value, Whole):
            return value
        file = _FILE.match(value[:_LOOKED_INTO]) if value.startswith("data:") or " " not in value[:_LOOKED_INTO] else None
        return value if file is None else f"{file[1] or ''}[{len(value) - len(file[1] or '')} characters of a file]"
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_INTEGER else f"[an integer of {value.bit_length()} bits]"
    return f"[{len(value)} bytes]" if isinstance(value, (bytes, bytearray)) else str(value)


def size_of(value: Any, most: int, depth: int = 0) -> int:
    """Return the number of bytes of a value as JSON, or ``most`` if it has more."""
    if isinstance(value, (dict, list, tuple)):
        if depth > _DEEPEST:
            return len(NESTED) + 2
        total = 1 if value else 2
        pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
        for key, item in pairs:
            total += 1 if key is None else _size_of_text(_key(key), most) + 2
            total += size_of(item, max(0, most - total), depth + 1)
            if total >= most:
                return most
        return total
    value = plain(value)
    if isinstance(value, str):
        return _size_of_text(value, most)
    return len(json.dumps(value))


def _size_of_text(text: str, most: int) -> int:
    if len(text) >= most:
        return most
    return min(most, len(json.dumps(encodable(text), ensure_ascii=False).encode()))


def _key(key: Any) -> str:
    return encodable(str(key)[:LONGEST])


def whole(value: Any, depth: int = 0) -> Any:
    """Copy a value as JSON data: text, numbers, ``bool``, ``None``, lists and dicts."""
    if isinstance(value, (dict, list, tuple)):
        if depth > _DEEPEST:
            return NESTED
        if isinstance(value, dict):
            return value if type(value) is Blob else {_key(key): whole(item, depth + 1) for key, item in value.items()}
        return [whole(item, depth + 1) for item in value]
    value = plain(value)
    return encodable(value) if isinstance(value, str) else value


def _forward(items: Sequence[Any]) -> Iterable[int]:
    return range(len(items))


def _ends_first(items: Sequence[Any]) -> Iterable[int]:
    yield 0
    if len(items) > 1:
        yield len(items) - 1
        yield from range(1, len(items) - 1)


def _conversation(items: Sequence[Any]) -> Iterable[int]:
    """Yield the last message, the instructions at the beginning, then newest first."""
    last, begun = len(items) - 1, 0
    yield last
    while begun < last and isinstance(items[begun], Mapping) and items[begun].get("role") in _INSTRUCTIONS:
        yield begun
        begun += 1
    yield from range(last - 1, begun - 1, -1)


def omitted_part(kind: str, count: int) -> dict[str, Any]:
    """Return the part that stands for ``count`` items that were left out.

    >>> omitted_part("messages", 12)
    {'type': 'omitted', 'messages': 12}
    """
    return {"type": "omitted", kind: count}


class Cutter:
    """Cut one value to a limit.

    ``beyond`` is the number of characters after a cut that stay in the text until ``ended`` removes them, so that a
    secret that crosses the cut can be removed completely.
    """

    def __init__(self, beyond: int = 0) -> None:
        self._beyond = beyond

    def cut(self, value: Any, limit: int, kind: str = "json") -> Any:
        """Return a copy of at most ``limit`` bytes, or ``None`` if it is impossible.

        ``kind`` is ``messages``, ``choices`` (messages that all stay), ``parts``, ``tools``, ``documents`` or ``json``.
        """
        if size_of(value, limit + 1) <= limit:
            return whole(value)
        if limit < 2 * _MARKER:
            return None
        fit = _KINDS.get(kind)
        if fit is not None and isinstance(value, (list, tuple)):
            return fit(self, value, limit)
        return self._fit(value, limit, 0)

    def _fit(self, value: Any, room: int, depth: int) -> Any:
        if size_of(value, room + 1, depth) <= room:
            return whole(value, depth)
        if isinstance(value, dict):
            return self._fit_dict(value, room, depth)
        if isinstance(value, (list, tuple)):
            return self._fit_list(value, room, depth)
        text = plain(value)
        return self._fit_text(text, room) if isinstance(text, str) and not isinstance(text, Whole) else None

    def _fit_text(self, text: str, room: int) -> str:
        if text.endswith(CROSSED):
            text = text[: -len(CROSSED)]
        room = max(0, room - 2 - len(CUT))
        short = encodable(text[:room])
        while (size := len(json.dumps(short, ensure_ascii=False).encode()) - 2) > room:
            short = short[: min(len(short) - 1, len(short) * room // size)]
        if not self._beyond:
            return short + CUT
        return short + encodable(text[len(short) : len(short) + self._beyond]) + CROSSED

    def _fit_dict(self, value: dict[Any, Any], room: int, depth: int) -> Any:
        keys = sorted(_some(value, room), key=lambda key: _FIRST_KEYS.index(key) if key in _FIRST_KEYS else len(_FIRST_KEYS))
        around = {key: _size_of_text(_key(key), room) + 2 for key in keys}
        left, chosen = room - 2 - _MARKER, dict[Any, int]()
        for key in keys:
            size = size_of(value[key], room, depth + 1)
            needed = min(size, _VALUE) + around[key]
            if needed > left:
                break
            chosen[key] = size
            left -= needed
        level = _level(chosen.values(), room - 2 - _MARKER - sum(around[key] for key in chosen))
        made = {_key(key): self._fit(item, max(level, _VALUE), depth + 1) for key, item in _some(value, room).items() if key in chosen}
        if missing := len(value) - len(chosen):
            made["[omitted]"] = missing
        return made

    def _fit_list(
        self, items: Sequence[Any], room: int, depth: int, smallest: int = _VALUE, order: Order = _forward, marker: Marker | None = None,
        fit: Callable[[Any, int], Any] | None = None,
    ) -> list[Any]:  # fmt: skip
        usable = room - 2 - (_MARKER if len(items) > 1 else 0)
        floor = max(smallest, usable // _SHARES)
        left, chosen = usable, dict[int, int]()
        for place in order(items):
            size = size_of(items[place], room, depth + 1)
            needed = min(size, floor) + 1
            if needed > left and (chosen or left < 2 * _VALUE):
                break
            chosen[place] = size
            left -= needed
        level = _level(chosen.values(), usable - len(chosen))
        kept = [(place, (fit or self._fit_below(depth))(items[place], level)) for place in sorted(chosen)]
        return _with_marker(kept, len(items) - len(kept), marker or (lambda count: f"[{count} more]"))

    def _fit_below(self, depth: int) -> Callable[[Any, int], Any]:
        return lambda value, room: self._fit(value, room, depth + 1)

    def _messages(self, value: Sequence[Any], limit: int) -> Any:
        order = list(_first_of(_conversation(value), limit))
        left, chosen = limit - 2 - _MARKER, dict[int, int]()
        floor = max(_MESSAGE, left // _SHARES)
        for place in order:
            size = size_of(value[place], limit)
            needed = min(size, floor) + 1
            if needed > left and chosen:
                break
            chosen[place] = size
            left -= needed
        level = _level(chosen.values(), limit - 2 - _MARKER - len(chosen))
        kept = [(place, self._message(value[place], level)) for place in sorted(chosen)]
        missing = len(value) - len(kept)
        made = [message for _, message in kept]
        if missing and made:
            gap = next((at for at, (place, _) in enumerate(kept) if place != at), len(kept) - 1)
            made[gap] = _marked(made[gap], omitted_part("messages", missing))
        return made if self._beyond or size_of(made, limit + 1) <= limit else None

    def _choices(self, value: Sequence[Any], limit: int) -> Any:
        level = _level((size_of(item, limit) for item in value), limit - 2 - len(value))
        made = [self._message(item, level) for item in value]
        return made if self._beyond or size_of(made, limit + 1) <= limit else None

    def _message(self, value: Any, room: int) -> Any:
        parts = value.get("parts") if isinstance(value, dict) else None
        if not isinstance(parts, (list, tuple)):
            return self._fit(value, room, 1)
        head = {key: item for key, item in value.items() if key != "parts"}
        head = self._fit(head, max(2 * _MARKER, room // 2), 2)
        around = size_of(head, room) + len('"parts":,')
        fitted = self._parts(parts, room - around) if room - around >= _MARKER else []
        return {key: fitted if key == "parts" else head[_key(key)] for key in value if key == "parts" or _key(key) in head}

    def _parts(self, value: Sequence[Any], room: int) -> list[Any]:
        if size_of(value, room + 1, 2) <= room:
            return whole(value, 2)  # type: ignore[no-any-return]
        return self._fit_list(value, room, 2, _PART, _ends_first, lambda count: omitted_part("parts", count))

    def _tools(self, value: Sequence[Any], limit: int) -> list[Any]:
        return self._fit_list(value, limit, 0, _PART, marker=lambda count: {"type": "omitted", "name": f"{count} more"})

    def _documents(self, value: Sequence[Any], limit: int) -> list[Any]:
        return self._fit_list(value, limit, 0, _PART, marker=lambda count: {"id": "omitted", "content": f"[{count} more]"})


_KINDS: Mapping[str, Callable[[Cutter, Sequence[Any], int], Any]] = {
    "messages": Cutter._messages,
    "choices": Cutter._choices,
    "parts": Cutter._parts,
    "tools": Cutter._tools,
    "documents": Cutter._documents,
}
CROSSED = "\ufdd0[cut]"
"""Marks a cut text until it has been redacted. Its first character occurs in no
text.
"""


def ended(text: str, beyond: int) -> str:
    """End a cut text before the part that may contain the rest of a secret."""
    return text[: -len(CROSSED) - beyond] + CUT if text.endswith(CROSSED) else text


def _some(value: dict[Any, Any], room: int) -> dict[Any, Any]:
    """Return the first entries of a dict, as many as could fit into ``room``."""
    if len(value) * 6 <= room:
        return value
    return {key: value[key] for key, _ in zip(value, range(room // 6 + 1), strict=False)}


def _first_of(places: Iterable[int], limit: int) -> Iterable[int]:
    return (place for place, _ in zip(places, range(limit), strict=False))


def _level(sizes: Iterable[int], room: int) -> int:
    """Return the largest size of an item so that all items together fill ``room``."""
    ordered = sorted(sizes)
    for place, size in enumerate(ordered):
        if size * (len(ordered) - place) > room:
            return max(0, room // (len(ordered) - place))
        room -= size
    return ordered[-1] if ordered else 0


def _with_marker(kept: list[tuple[int, Any]], missing: int, marker: Marker) -> list[Any]:
    made = [item for _, item in kept]
    if missing:
        gap = next((at for at, (place, _) in enumerate(kept) if place != at), len(kept))
        made.insert(gap, marker(missing))
    return made


def _marked(message: Any, part: dict[str, Any]) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("parts"), list):
        return message
    return {**message, "parts": [part, *message["parts"]]}
