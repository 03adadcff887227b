"""Observe streams by patching ``__next__`` or ``__anext__`` of their class.

This is for streams without an inner iterator. The patched method runs for every stream of the class, but only chunks of
registered streams are recorded. The stream object is not changed and not kept alive.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ... import context
from ...guard import guarded
from ...wrapper import Wrapper
from ..call import CLOSED_EARLY, COMPLETE, Call
from .finalize import end_when_collected
from .inner_iterator import interrupted, stream_failed

Driver = Callable[..., Any]
STEPS, CLOSES = ("__next__", "__anext__"), ("close", "aclose")
_open: weakref.WeakKeyDictionary[Any, tuple[Call, context.Context]] = weakref.WeakKeyDictionary()


def is_stepped(stream: object) -> bool:
    """Return True if ``__next__`` or ``__anext__`` of a stream's class is patched."""
    kind = type(stream)
    return any(isinstance(vars(c).get(name), Wrapper) for c in kind.__mro__ for name in STEPS)


def observe(stream: object, call: Call) -> None:
    """Record the chunks of ``stream`` as the application receives them.

    Each step runs in the current context. Some streams send their request at the first step; they start when it is accepted.
    """
    if call.accepted:
        call.on_stream_start()
    call.tapped = True
    _open[stream] = (call, context.here())
    end_when_collected(stream, call)


def _stepping(stream: object) -> tuple[Call, context.Context] | None:
    """Return the call and context of a stream; ``None`` if the chunk is not observed."""
    call, inside = _open.get(stream, (None, None))
    if call is None or inside is None:
        return None
    if call.ended:
        del _open[stream]
        return None
    if call.inside:
        return None  # A nested step of the same stream.
    return call, inside


def _ensure_started(call: Call) -> None:
    if not (call.streaming or call.ended):
        call.on_stream_start()


def _on_chunk(call: Call, chunk: object) -> None:
    _ensure_started(call)
    call.on_chunk(chunk)


def _on_end(call: Call) -> None:
    _ensure_started(call)
    call.on_stream_end(COMPLETE)


def _on_error(call: Call, error: BaseException) -> None:
    if call.accepted:
        _ensure_started(call)
    stream_failed(call, error)


def step(original: Any) -> Driver:
    """Make the wrapper of ``__next__`` or ``__anext__`` for a class of streams."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        stepping = guarded(_stepping, instance)
        if stepping is None:
            return wrapped(*args, **kwargs)
        (call, inside), entered = stepping, None
        try:
            try:
                entered = guarded(context.enter, inside)
                call.inside = True
                chunk = wrapped(*args, **kwargs)
            except StopIteration:
                guarded(_on_end, call, rescue=call.abort)
                raise
            except BaseException as error:
                guarded(_on_error, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
                guarded(context.leave, entered)
            guarded(_on_chunk, call, chunk)
            return chunk
        except BaseException as error:
            # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
            guarded(interrupted, call, error, entered)
            raise

    async def around_async(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        stepping = guarded(_stepping, instance)
        if stepping is None:
            return await wrapped(*args, **kwargs)
        (call, inside), entered = stepping, None
        try:
            try:
                entered = guarded(context.enter, inside)
                call.inside = True
                chunk = await wrapped(*args, **kwargs)
            except StopAsyncIteration:
                guarded(_on_end, call, rescue=call.abort)
                raise
            except BaseException as error:
                guarded(_on_error, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
                guarded(context.leave, entered)
            guarded(_on_chunk, call, chunk)
            return chunk
        except BaseException as error:
            # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
            guarded(interrupted, call, error, entered)
            raise

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around


def _closed(stream: object) -> None:
    call, _ = _open.get(stream, (None, None))
    if call is not None and not call.inside:
        call.on_stream_end(CLOSED_EARLY)


def close(original: Any) -> Driver:
    """Make the wrapper of ``close`` or ``aclose`` for a class of streams."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        try:
            return wrapped(*args, **kwargs)
        finally:
            guarded(_closed, instance)

    async def around_async(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        try:
            return await wrapped(*args, **kwargs)
        finally:
            guarded(_closed, instance)

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around
