"""Find wrappers that captured an original function before it was patched."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any

_MOST = 64
"""Maximum number of objects that are inspected for one attribute."""


def reaches(value: object, wanted: object, stop: tuple[type, ...] = ()) -> bool:
    """Return True if ``value`` is ``wanted`` or a wrapper that refers to it.

    Objects of the types in ``stop`` are not inspected.

    >>> def original(): ...
    >>> reaches(partial(original), original), reaches(partial(len), original)
    (True, False)
    """
    pending, seen = [value], set[int]()
    while pending and len(seen) < _MOST:
        current = pending.pop()
        if current is wanted:
            return True
        if id(current) in seen or issubclass(type(current), stop):
            continue
        seen.add(id(current))
        pending.extend(_held(current))
    return False


def _held(value: Any) -> Iterator[Any]:
    """Yield the functions that a wrapper calls.

    These are wrapped, bound or partially applied functions, and functions in a closure.
    """
    kind = type(value)
    if kind is FunctionType:
        for cell in value.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # The variable has no value yet.
                continue
        yield vars(value).get("__wrapped__")
    elif kind is MethodType or kind in (staticmethod, classmethod):
        yield value.__func__
    elif issubclass(kind, partial):
        yield value.func
    elif _is_wrapper(kind):
        yield value.__wrapped__


def _is_wrapper(kind: type) -> bool:
    # Checked on the class, because a proxy forwards every attribute of its instance to the wrapped object.
    return any("__wrapped__" in vars(base) for base in kind.__mro__)


def capturing(owner: object, name: str, original: object, stop: tuple[type, ...] = ()) -> Iterator[tuple[type, Any]]:
    """Yield each subclass of ``owner`` that bypasses a patch of the method ``name``.

    Its own attribute ``name`` calls ``original`` directly, and not the current attribute of ``owner``.
    """
    if not isinstance(owner, type):
        return
    pending, seen = list(_subclasses(owner)), set[type]()
    while pending:
        kind = pending.pop()
        if kind in seen:
            continue
        seen.add(kind)
        pending.extend(_subclasses(kind))
        own = vars(kind).get(name)
        if own is not None and reaches(own, original, stop):
            yield kind, own


def _subclasses(kind: type) -> list[type]:
    return type.__subclasses__(kind)
