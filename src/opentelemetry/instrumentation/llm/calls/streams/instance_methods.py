"""Patch single methods of single objects.

This is for objects whose class also serves other purposes. ``event_stream`` patches methods and restores them when the call
has ended.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ...guard import guarded
from ...wrapper import Wrapper

Driver = Callable[[Callable[..., Any], Any, tuple[Any, ...], Mapping[str, Any]], Any]


class InstancePatch(NamedTuple):
    """A patched method of one object, with weak references to object and patch."""

    owner: weakref.ref[Any]
    name: str
    ours: weakref.ref[Any]


def watched(owner: object, name: str, driver: Driver) -> list[InstancePatch]:
    """Patch the method ``name`` of ``owner`` only.

    An object that allows no attributes or weak references is not observed.
    """
    # The wrapper and its owner refer to each other, so a method still works after the last other reference to its object is gone.
    ours = Wrapper(getattr(owner, name), driver)
    try:
        made = InstancePatch(weakref.ref(owner), name, weakref.ref(ours))
        setattr(owner, name, ours)
    except (AttributeError, TypeError):
        return []
    return [made]


def forget(methods: Iterable[InstancePatch]) -> None:
    """Restore the methods, except those that other code has replaced in the meantime."""
    for owner, name, ours in methods:
        held, put = owner(), ours()
        if held is not None and put is not None and getattr(held, name, None) is put:
            delattr(held, name)


def before(notice: Callable[[], None]) -> Driver:
    """Make a driver that runs ``notice`` and then the method."""

    def run(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        guarded(notice)
        return wrapped(*args, **kwargs)

    return run
