"""Decide for a part of a program where message contents are recorded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from . import context
from .settings import content_places

_R = TypeVar("_R")
used = False
"""Whether a scope was ever entered; calls look for one only then."""


def places() -> tuple[str, ...] | None:
    """Return where contents are recorded in this scope; ``None`` without a scope."""
    return context.content_places() if used else None


def wanted(default: bool) -> bool:
    """Return whether contents are captured here; ``default`` is the setting."""
    here = places()
    return default if here is None else bool(here)


class with_content:
    """Set where contents of the calls in a block or function are recorded.

    ``where`` has the values of the setting ``capture_message_content``: ``no_content``, ``span_only``, ``event_only``,
    ``span_and_event``, or a ``bool``. It applies to calls and steps that begin inside, and replaces the setting for
    them. All other settings of contents, such as ``redact``, apply as everywhere. Another value raises ``ValueError``.

    >>> with with_content("no_content"):
    ...     wanted(True)
    False
    """

    __slots__ = ("_open", "_where")

    def __init__(self, where: str | bool = True) -> None:
        self._where = content_places(where)
        # Keyed by the entered context, because tasks and threads may share one ``with_content``.
        self._open: dict[int, tuple[context.Context, context.Context, context.Entered]] = {}

    def __enter__(self) -> None:
        global used
        used = True
        before = context.here()
        inside = context.with_content_places(self._where)
        entered = None
        try:
            entered = context.enter(inside)
            self._open[id(inside)] = (inside, before, entered)
        except BaseException:
            context.leave(entered)
            raise

    def __exit__(self, *error: object) -> None:
        mine = self._open.pop(id(context.here()), None)
        context.leave_block(*(self._open.popitem()[1] if mine is None else mine))

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__()

    def __call__(self, function: Callable[..., _R]) -> Callable[..., _R]:
        where = self._where
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator; put 'with with_content(...)' around the code that reads it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def inside_async(*args: Any, **kwargs: Any) -> Any:
                with with_content(_named(where)):
                    return await function(*args, **kwargs)

            return inside_async  # type: ignore[return-value]

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> _R:
            with with_content(_named(where)):
                return function(*args, **kwargs)

        return inside


def _named(where: tuple[str, ...]) -> str:
    return {(): "no_content", ("span",): "span_only", ("event",): "event_only"}.get(where, "span_and_event")
