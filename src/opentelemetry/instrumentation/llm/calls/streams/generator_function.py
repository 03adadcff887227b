"""Observe generator functions.

A generator runs no code before its first chunk is requested, so the call begins then. The parent of the call is the
context in which the function was called, independent of where the stream is consumed.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from ... import context
from ...guard import guarded
from ..running import ActiveCall
from .finalize import end_when_collected
from .inner_iterator import relay_async_open, relay_open

Begin = Callable[[ActiveCall], Any]


class _Start:
    """The start of a lazy stream: how to begin its call, its context, and the stream."""

    __slots__ = ("_begin", "_parent", "stream")

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._parent = context.here()
        self.stream: Any = None

    def begin(self, running: ActiveCall) -> Any:
        """Begin the call in ``running``; return the context in which the SDK runs."""
        with context.current(self._parent):
            self._begin(running)
            inside = guarded(context.here, default=self._parent)
            guarded(context.leave, running.entered)
        # A garbage-collected generator is closed first, which ends its call as well.
        if running.call is not None:
            guarded(end_when_collected, self.stream(), running.call)
        return inside


def wrap_generator(begin: Begin, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Return a generator that relays ``inner`` and begins a call at the first step."""
    start = _Start(begin)
    stream = _begin_and_relay(start, inner)
    start.stream = weakref.ref(stream)
    return stream


def _begin_and_relay(start: _Start, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    running = ActiveCall()
    try:
        inside = guarded(start.begin, running)
        if running.call is None:
            return (yield from inner)
        return (yield from relay_open(inner, running.call, inside))
    except BaseException as error:
        guarded(running.abort, error)  # Does nothing if the relay has already ended the call.
        raise


def wrap_async_generator(begin: Begin, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    """Return an asynchronous generator that works like that of ``wrap_generator``."""
    start = _Start(begin)
    stream = _begin_and_relay_async(start, inner)
    start.stream = weakref.ref(stream)
    return stream


async def _begin_and_relay_async(start: _Start, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    running, relayed = ActiveCall(), inner
    try:
        inside = guarded(start.begin, running)
        if running.call is not None:
            relayed = relay_async_open(inner, running.call, inside)
        async for chunk in relayed:
            yield chunk
    except GeneratorExit:
        raise
    except BaseException as error:
        guarded(running.abort, error)
        raise
    finally:
        # If the stream is garbage collected, inner generators are left to their own finalizers, as in the relay.
        if start.stream() is not None:
            await relayed.aclose()
