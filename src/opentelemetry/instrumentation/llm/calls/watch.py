"""Stand around a watched function: begin a call before it, hand on exactly what it gives or raises.

All decisions are made in plain functions; the two drivers, for plain and for coroutine functions, only run them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import context
from ..baggage import carried
from ..dialects import Arguments
from ..guard import guarded
from ..words.records import Request
from .answers import receive
from .call import Call, Desk
from .lazy import lazily, lazily_async
from .point import Point, Provider, Routes


class Running:
    """One call in the frame of the watched function: what was entered there is left there."""

    __slots__ = ("call", "entered", "point")

    def __init__(self, call: Call, point: Point, entered: context.Entered) -> None:
        self.call, self.point, self.entered = call, point, entered


class Switch:
    """Say whether watches are on: a wrapper that somebody else has wrapped since cannot be taken away, but goes silent."""

    __slots__ = ("on",)

    def __init__(self, on: bool = False) -> None:
        self.on = on


class Watch:
    """The points that pass one function of an SDK."""

    def __init__(self, provider: Provider, points: list[Point], desk: Desk, switch: Switch) -> None:
        self._switch = switch
        self._provider = provider
        self._routes = Routes(points)
        self._desk = desk
        self._names = points[0].names

    def begin(self, instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Running | None:
        """Begin a call, unless this is no operation that is watched or instrumentation is suppressed here."""
        if not self._switch.on or not self._desk.heard():
            return None
        if self._names and args:
            args, kwargs = (), {**dict(zip(self._names, args, strict=False)), **kwargs}
        arguments = self._provider.read(instance, args, kwargs)
        point = self._routes.find(arguments.method, arguments.path)
        if point is None or context.suppressed():
            return None
        request = guarded(point.dialect.request, arguments) or Request()
        outer = context.running_call()
        if outer is not None and not outer.covers(point.operation):
            outer = None
        identity = self._provider.identify(instance, arguments)
        renamed = self._desk.host_providers.get(identity.address or "")
        if renamed is not None:
            identity = identity._replace(provider=renamed)
        call = Call(point, identity, request, self._desk, outer)
        call.known |= guarded(carried, self._desk.baggage_keys, otherwise={})
        # Entered before the start is said: leaving it also takes back what handlers make current at the start.
        entered = context.enter_call(outer or call)
        guarded(call.start, arguments)
        return Running(call, point, entered)

    def around(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Drive a plain function."""
        running = guarded(self.begin, instance, args, kwargs)
        if running is None:
            return wrapped(*args, **kwargs)
        try:
            result = wrapped(*args, **kwargs)
            return guarded(receive, running.call, running.point, result, otherwise=result)
        except BaseException as error:
            guarded(running.call.failed, error)
            raise
        finally:
            guarded(context.leave, running.entered)

    async def around_async(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Drive a coroutine function."""
        running = guarded(self.begin, instance, args, kwargs)
        if running is None:
            return await wrapped(*args, **kwargs)
        try:
            result = await wrapped(*args, **kwargs)
            return guarded(receive, running.call, running.point, result, otherwise=result)
        except BaseException as error:
            guarded(running.call.failed, error)
            raise
        finally:
            guarded(context.leave, running.entered)

    def around_lazy(self, wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Drive a generator function, plain or asynchronous: the call begins when the first chunk is asked for."""
        inner = wrapped(*args, **kwargs)
        begin = lazily_async if hasattr(inner, "__anext__") else lazily
        return guarded(begin, lambda: self.begin(instance, args, kwargs), inner, otherwise=inner)


def reads_by_name(names: tuple[str, ...]) -> Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Arguments]:
    """Make a reader that names positional arguments after the function's own parameters."""

    def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
        return Arguments({**dict(zip(names, args, strict=False)), **kwargs})

    return read
