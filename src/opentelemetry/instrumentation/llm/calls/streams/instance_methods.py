"""Watch single methods of single objects, where a class cannot be watched: it serves others too.

``bodies`` and ``event_streams`` put watched methods in place and take them away again when the call has ended.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ...guard import guarded
from ...wrapper import Wrapper

Driver = Callable[[Callable[..., Any], Any, tuple[Any, ...], Mapping[str, Any]], Any]


class InstancePatch(NamedTuple):
    """A method of one object that is watched there; weak, since the object holds what watches it."""

    owner: weakref.ref[Any]
    name: str
    ours: weakref.ref[Any]


def watched(owner: Any, name: str, driver: Driver) -> list[InstancePatch]:
    """Watch the method ``name`` of ``owner`` alone; an object without room for that goes unwatched."""
    # This one holds its owner and the owner holds it: a method that outlives its object's last name still works.
    ours = Wrapper(getattr(owner, name), driver)
    try:
        made = InstancePatch(weakref.ref(owner), name, weakref.ref(ours))
        setattr(owner, name, ours)
    except (AttributeError, TypeError):
        return []
    return [made]


def forget(methods: Iterable[InstancePatch]) -> None:
    """Give objects their own methods back, but for those that somebody has replaced since."""
    for owner, name, ours in methods:
        held, put = owner(), ours()
        if held is not None and put is not None and getattr(held, name, None) is put:
            delattr(held, name)


def before(notice: Callable[[], None]) -> Driver:
    """Make a driver that runs ``notice`` and then the method."""

    def run(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        guarded(notice)
        return wrapped(*args, **kwargs)

    return run
