"""Read scalar values from SDK objects and wire dictionaries by tables of paths.

A dialect declares ``fields(Request, {"temperature": "temperature", ...})`` once and calls ``copy_fields`` for each
call. A value of the wrong type is read as absent, so that an invalid value never becomes an attribute.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from ..schema.bounds import LARGEST, LARGEST_INTEGER, LONGEST, encodable, short
from ..schema.records import Request

MOST = 128
"""Maximum number of list items that are read; OpenAI allows at most 128 choices."""
Path = tuple[str, ...]
_DIGITS = len(str(LARGEST))


def get_path(value: object, path: Path) -> Any:
    """Follow ``path`` through mappings and attributes; ``None`` if a part is missing.

    >>> get_path({"usage": {"prompt_tokens": 3}}, ("usage", "prompt_tokens"))
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
    held = getattr(value, "__dict__", None)
    if held is not None:
        if part in held:
            return held[part]
        extra = getattr(value, "__pydantic_extra__", None)
        if extra is not None:
            return extra.get(part)
        if is_model(value.__class__):
            return None
    return value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)


@lru_cache(maxsize=1024)
def is_model(kind: type) -> bool:
    """Return whether a class is a pydantic model.

    All values of a model are in its fields and extra fields. Looking up a missing attribute on a model is slow, so
    callers read ``__dict__`` instead.
    """
    return hasattr(kind, "__pydantic_fields_set__")


def held_by(value: Any) -> dict[str, Any] | None:
    """Return all fields of a dict or pydantic model as a dict, else ``None``."""
    if value.__class__ is dict:
        return value
    if not is_model(value.__class__):
        return None
    extra = getattr(value, "__pydantic_extra__", None)
    return {**extra, **value.__dict__} if extra else value.__dict__


def reader(value: object) -> Callable[[str], Any]:
    """Return a function that reads fields of ``value`` in the way of ``get_path``.

    The type of ``value`` is inspected only once.

    >>> get = reader({"model": "m"})
    >>> get("model"), get("usage")
    ('m', None)
    """
    held = held_by(value)
    return partial(_inside, value) if held is None else held.get


def as_int(value: object) -> int | None:
    """Read a count: an int, or a float without a fraction, from 0 to below 2**53."""
    if value.__class__ is not int:
        if (isinstance(value, float) and value.is_integer()) or (isinstance(value, int) and not isinstance(value, bool)):
            value = int(value)
        else:
            return None
    return value if 0 <= value < LARGEST else None


def invalid(values: Iterable[object]) -> int | None:
    """Count the values that are present but are not valid counts.

    >>> invalid([3, None, 0]), invalid([-1, "many", 2**60])
    (None, 3)
    """
    return sum(value is not None and as_int(value) is None for value in values) or None


def digits(value: Any) -> int | None:
    """Read a count from a header that contains decimal digits."""
    written = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS
    return as_int(int(value)) if written else None


def integer(value: object) -> int | None:
    """Read an integer parameter of a request; it may be negative, up to 64 bits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
        return value if -LARGEST_INTEGER <= value <= LARGEST_INTEGER else None
    return None


def as_float(value: object) -> float | None:
    """Read a number as a float; NaN, infinity and sizes from 2**53 read as absent."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST < value < LARGEST:
        return float(value)
    return None


def full_text(value: object) -> str | None:
    """Read a non-empty text of any length; an enum is read as its value."""
    if isinstance(value, str):
        return str(getattr(value, "value", value)) or None
    inner = getattr(value, "value", None)
    return inner or None if isinstance(inner, str) else None


def as_str(value: object) -> str | None:
    """Read a non-empty name or id; an enum is read as its value.

    The result is at most 256 characters long; control characters are replaced.

    >>> as_str("gpt-4o-mini"), as_str("gpt\\x1b[31m"), as_str("")
    ('gpt-4o-mini', 'gpt?[31m', None)
    """
    if value.__class__ is not str:
        value = full_text(value)
    elif len(value) <= LONGEST and value.isascii() and value.isprintable():
        return value or None
    return short(value) if value else None


def as_str_list(value: object) -> list[str] | None:
    """Read one text or a list of texts, at most 128 texts of 256 characters.

    Control characters are kept, because stop sequences are often line breaks.
    """
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, (list, tuple)):
        return [encodable(str(v)[:LONGEST]) for v in value[:MOST] if isinstance(v, str)] or None
    return None


def as_true(value: object) -> bool | None:
    """Read a bool that is true; false is read as absent."""
    return True if value is True else None


def as_sequence(value: object) -> Sequence[Any]:
    """Return a list or tuple unchanged, and an empty tuple for other values.

    Iterators of the caller are never consumed.
    """
    return value if isinstance(value, (list, tuple)) else ()


_READERS: dict[str, Callable[[Any], Any]] = {"int": as_int, "float": as_float, "str": as_str, "list[str]": as_str_list, "bool": as_true}


class Field(NamedTuple):
    """One row of a table: field of the record, reader function and possible paths."""

    name: str
    read: Callable[[Any], Any]
    paths: tuple[Path, ...]


class Table:
    """Rows of fields; plans are cached per table and set of keys."""

    __slots__ = ("rows",)

    def __init__(self, rows: tuple[Field, ...]) -> None:
        self.rows = rows


Plan = tuple[tuple[str, Path, Callable[[Any], Any], str], ...]
_MOST_KEYS = 64


@lru_cache(maxsize=2048)
def _plan(table: Table, keys: tuple[str, ...]) -> Plan:
    """List the reads for a container: key, rest of the path, reader, field.

    If a field has several paths, the first path is read last and overwrites the values of the others.
    """
    present = frozenset(keys)
    return tuple((path[0], path[1:], read, name) for name, read, paths in table.rows for path in reversed(paths) if path[0] in present)


def fields(record: type, paths: Mapping[str, str | tuple[str, ...]]) -> Table:
    """Make a table for ``record`` that maps each field to one or more dotted paths.

    If a field has several paths, the first path with a value is used. The type annotation of the field selects the
    reader. A name that is not a field raises ``KeyError`` at import.
    """
    types = {f.name: str(f.type).removesuffix(" | None") for f in dataclasses.fields(record)}
    readers = {**_READERS, "int": integer} if record is Request else _READERS
    return Table(
        tuple(
            Field(name, readers[types[name]], tuple(tuple(p.split(".")) for p in ((ways,) if isinstance(ways, str) else ways)))
            for name, ways in paths.items()
        )
    )


def copy_fields(record: object, source: object, table: Table) -> None:
    """Set the fields of ``record`` that ``source`` contains; keep the others."""
    held = held_by(source)
    if held is None or len(held) > _MOST_KEYS:
        _fill_one_by_one(record, source, table)
        return
    known = record.__dict__
    for key, rest, read, name in _plan(table, tuple(held)):
        value = held[key]
        if value is not None:
            value = read(get_path(value, rest) if rest else value)
            if value is not None:
                known[name] = value


def _fill_one_by_one(record: object, source: object, table: Table) -> None:
    for name, read, paths in table.rows:
        for path in paths:
            value = read(_inside(source, path[0]) if len(path) == 1 else get_path(source, path))
            if value is not None:
                setattr(record, name, value)
                break
