"""Change the context in a block: the base of the ``with_`` classes."""

from __future__ import annotations

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

from . import context

_R = TypeVar("_R")


class Scope(ABC):
    """Enter a changed context as ``with``, ``async with`` or decorator.

    One object can be entered several times, also by tasks and threads at the same time. The context from before is
    restored whatever happens in the block, and if an interruption ends it.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        # Keyed by the entered context, because tasks and threads may share one scope.
        self._open: dict[int, tuple[context.Context, context.Context, context.Entered]] = {}

    @abstractmethod
    def _inside(self, before: context.Context) -> context.Context:
        """Return a new context for the block."""

    @abstractmethod
    def _again(self) -> Scope:
        """Return a new object for one call of a decorated function."""

    def __enter__(self) -> None:
        before = context.here()
        inside = self._inside(before)
        entered = None
        try:
            entered = context.enter(inside)
            self._open[id(inside)] = (inside, before, entered)
        except BaseException:
            context.leave(entered)
            raise

    def __exit__(self, *error: object) -> None:
        inside, before, entered = self._open.get(id(context.here())) or next(reversed(self._open.values()))
        try:
            context.leave_block(inside, before, entered)
            self._open.pop(id(inside), None)
        except BaseException:
            self._interrupted(inside, before)
            raise

    def __del__(self) -> None:
        # ``__exit__`` was interrupted before its first line.
        for inside, before, _ in tuple(getattr(self, "_open", {}).values()):
            self._interrupted(inside, before)

    def _interrupted(self, inside: context.Context, before: context.Context) -> None:
        self._open.pop(id(inside), None)
        if context.here() is inside:
            context.enter(before)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__()

    def __call__(self, function: Callable[..., _R]) -> Callable[..., _R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            name = type(self).__name__
            raise TypeError(f"{function.__qualname__} is a generator; put 'with {name}(...)' around the code that reads it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def scoped_async(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return scoped_async  # type: ignore[return-value]

        @functools.wraps(function)
        def scoped(*args: Any, **kwargs: Any) -> _R:
            with self._again():
                return function(*args, **kwargs)

        return scoped
