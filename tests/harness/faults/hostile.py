"""Objects that raise at any access, and SDK functions that take or return them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint
from opentelemetry.instrumentation.llm.calls.targets import find as standing
from opentelemetry.instrumentation.llm.providers import ALL


class Touched(RuntimeError):
    """Raised when a hostile object is accessed."""


def _refuse(name: str) -> Callable[..., Any]:
    def touched(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise Touched(name)

    return touched


# Not repr(): the event loop asks for that itself.
_WAYS = ("str", "iter", "next", "len", "bool", "eq", "hash", "contains", "getitem", "call", "int", "float", "index", "format", "enter")


class Hostile:
    """Raise at every access: attribute, string, length, comparison, iteration."""

    for _way in _WAYS:
        locals()[f"__{_way}__"] = _refuse(_way)
    __aiter__ = __anext__ = _refuse("aiter")

    def __getattr__(self, name: str) -> Any:
        raise Touched(name)


class HostileError(Exception):
    """Raise whenever anything is asked of it, though it is an exception."""

    __str__ = _refuse("str")

    def __getattr__(self, name: str) -> Any:
        raise Touched(name)


class HostileStream:
    """Stream of hostile chunks, with the inner iterator of an SDK stream."""

    def __init__(self, name: str, asynchronous: bool) -> None:
        self.given = [Hostile(), Hostile()]
        self._name = name
        setattr(self, name, self._agen() if asynchronous else iter(self.given))

    async def _agen(self) -> Any:
        for chunk in self.given:
            yield chunk

    @property
    def response(self) -> Any:
        """Hurt."""
        raise Touched("response")

    def __iter__(self) -> Iterator[Any]:
        yield from getattr(self, self._name)

    async def __aiter__(self) -> Any:
        async for chunk in getattr(self, self._name):
            yield chunk


Answer = Callable[[PatchPoint, bool], Any]
"""Replacement of an SDK function: takes the patch point and whether it is async."""


@contextmanager
def standing_in(provider: str, answer: Answer) -> Iterator[None]:
    """Replace every instrumented function of a provider by one that calls ``answer``."""
    replaced: list[tuple[Any, str, Any]] = []
    points = {point.target: point for p in ALL if p.name == provider for point in p.points}
    for target, point in points.items():
        module_name, _, path = target.partition(":")
        try:
            found = standing(importlib.import_module(module_name), path)
        except ImportError:
            continue
        if found is not None and found not in replaced:
            owner, name, original = found
            replaced.append(found)
            setattr(owner, name, _function(point, original, answer))
    try:
        yield
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)


def _function(point: PatchPoint, original: Any, answer: Answer) -> Any:
    function = inspect.unwrap(getattr(original, "__func__", original))
    if inspect.isasyncgenfunction(function):

        async def asked_lazily_async(*args: Any, **kwargs: Any) -> Any:
            yield answer(point, True)

        return asked_lazily_async
    if inspect.isgeneratorfunction(function):

        def asked_lazily(*args: Any, **kwargs: Any) -> Any:
            yield answer(point, False)

        return asked_lazily
    if inspect.iscoroutinefunction(function):

        async def asked_async(*args: Any, **kwargs: Any) -> Any:
            return answer(point, True)

        return asked_async

    def requested(*args: Any, **kwargs: Any) -> Any:
        return answer(point, False)

    return requested


class Hurting:
    """Proxy of a client that passes a hostile object as keyword number ``turn``."""

    def __init__(self, it: Any, turn: int) -> None:
        self._it, self._turn = it, turn

    def __getattr__(self, name: str) -> Hurting:
        return Hurting(getattr(self._it, name), self._turn)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        names = list(kwargs)
        if self._turn >= len(names):
            raise IndexError
        return self._it(*args, **{**kwargs, names[self._turn]: Hostile()})
