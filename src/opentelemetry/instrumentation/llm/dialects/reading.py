"""Read scalars out of SDK objects, wire dictionaries and whatever else came, by tables of paths.

Dialects declare ``fields(Request, {"temperature": "temperature", ...})`` once and call ``fill`` for each call. A value
of the wrong type reads as absent: a provider's odd answer must not become an odd attribute.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Path = tuple[str, ...]


def dig(value: Any, path: Path) -> Any:
    """Follow ``path`` through mappings and attributes; ``None`` where it ends early.

    >>> dig({"usage": {"prompt_tokens": 3}}, ("usage", "prompt_tokens"))
    3
    """
    for part in path:
        if value is None:
            return None
        value = _inside(value, part)
    return value


def _inside(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    # A model without the attribute would search for it at length; what it has stands in these two.
    held = getattr(value, "__dict__", None)
    if held is not None:
        if part in held:
            return held[part]
        extra = getattr(value, "__pydantic_extra__", None)
        if extra is not None:
            return extra.get(part)
    return value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)


def whole(value: Any) -> int | None:
    """Read a count: an int, or a float without a fraction; nothing else is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else None


def number(value: Any) -> float | None:
    """Read a number as a float."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def text(value: Any) -> str | None:
    """Read a text that is not empty; an enum reads as its value."""
    if isinstance(value, str):
        return str(getattr(value, "value", value)) or None
    inner = getattr(value, "value", None)
    return inner or None if isinstance(inner, str) else None


def texts(value: Any) -> list[str] | None:
    """Read one text or a list of them as a list."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return [v for v in value if isinstance(v, str)] or None
    return None


def flag(value: Any) -> bool | None:
    """Read a bool that is true; false is as good as absent."""
    return True if value is True else None


def items(value: Any) -> Sequence[Any]:
    """Return a list or tuple as it is, and nothing for everything else: the caller's iterators stay unread."""
    return value if isinstance(value, (list, tuple)) else ()


_READERS: dict[str, Callable[[Any], Any]] = {"int": whole, "float": number, "str": text, "list[str]": texts, "bool": flag}


class Field(NamedTuple):
    """One row: where the value may stand, how it is read, and which field of the record it becomes."""

    name: str
    read: Callable[[Any], Any]
    paths: tuple[Path, ...]


def fields(record: type, paths: Mapping[str, str | tuple[str, ...]]) -> tuple[Field, ...]:
    """Make a table for ``record``: field to dotted path, or to several of which the first present wins.

    The record's own annotations say how a value is read. A name that is no field raises ``KeyError`` at import.
    """
    types = {f.name: str(f.type).removesuffix(" | None") for f in dataclasses.fields(record)}
    return tuple(
        Field(name, _READERS[types[name]], tuple(tuple(p.split(".")) for p in ((ways,) if isinstance(ways, str) else ways)))
        for name, ways in paths.items()
    )


def fill(record: Any, source: Any, table: tuple[Field, ...]) -> None:
    """Set the fields of ``record`` that ``source`` has; leave the others as they are."""
    for name, read, paths in table:
        for path in paths:
            value = read(_inside(source, path[0]) if len(path) == 1 else dig(source, path))
            if value is not None:
                setattr(record, name, value)
                break
