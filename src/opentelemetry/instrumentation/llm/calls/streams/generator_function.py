"""Watch generator functions: nothing runs before the first chunk is asked for, so no call begins before that either.

The parent of the call is what was current when the function was called, wherever the stream is consumed.
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
    """Where a lazy stream begins: how to begin its call, in which context, and the stream itself once it exists."""

    __slots__ = ("_begin", "_parent", "stream")

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._parent = context.here()
        self.stream: Any = None

    def begin(self, running: ActiveCall) -> Any:
        """Begin the call in ``running``; return the context that is current while the SDK works on it."""
        with context.current(self._parent):
            self._begin(running)
            inside = guarded(context.here, default=self._parent)
            guarded(context.leave, running.entered)
        # A generator that is collected is closed first, which ends its call as well.
        if running.call is not None:
            guarded(end_when_collected, self.stream(), running.call)
        return inside


def wrap_generator(begin: Begin, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Return a generator that begins a call when it is first asked, and gives what ``inner`` gives."""
    start = _Start(begin)
    stream = _lazily(start, inner)
    start.stream = weakref.ref(stream)
    return stream


def _lazily(start: _Start, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    running = ActiveCall()
    try:
        inside = guarded(start.begin, running)
        if running.call is None:
            return (yield from inner)
        return (yield from relay_open(inner, running.call, inside))
    except BaseException as error:
        guarded(running.abort, error)  # does nothing where the relay has ended the call
        raise


def wrap_async_generator(begin: Begin, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    """Return an asynchronous generator that begins a call when it is first asked, as ``lazily`` does."""
    start = _Start(begin)
    stream = _lazily_async(start, inner)
    start.stream = weakref.ref(stream)
    return stream


async def _lazily_async(start: _Start, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
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
        # As in the relay: one that is collected leaves the inner ones to themselves.
        if start.stream() is not None:
            await relayed.aclose()
