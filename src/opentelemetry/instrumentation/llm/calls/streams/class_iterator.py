"""See streams through at the steps of their class, where a stream has no iterator inside that could be tapped.

The class gives the next chunk of every stream that it makes; only for those whose call is known here is anything told.
The application's stream is never touched, and nothing here holds it alive.
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


def is_stepped(stream: Any) -> bool:
    """Say whether the steps of a stream are watched at its class."""
    kind = type(stream)
    return any(isinstance(vars(c).get(name), Wrapper) for c in kind.__mro__ for name in STEPS)


def observe(stream: Any, call: Call) -> None:
    """Tell the chunks of ``stream`` as the application takes them; each step runs in the context of here.

    Some of these streams send their request with their first step: they begin when it is answered.
    """
    if call.accepted:
        call.on_stream_start()
    call.tapped = True
    _open[stream] = (call, context.here())
    end_when_collected(stream, call)


def _stepping(stream: Any) -> tuple[Call, context.Context] | None:
    """Return the call and context of a stream that is asked for a chunk; ``None`` if the chunk is not observed."""
    call, inside = _open.get(stream, (None, None))
    if call is None or inside is None:
        return None
    if call.ended:
        del _open[stream]
        return None
    if call.inside:
        return None  # a step that is made of another step of the same stream
    return call, inside


def _begins(call: Call) -> None:
    if not (call.streaming or call.ended):
        call.on_stream_start()


def _took(call: Call, chunk: Any) -> None:
    _begins(call)
    call.on_chunk(chunk)


def _over(call: Call) -> None:
    _begins(call)
    call.on_stream_end(COMPLETE)


def _broke(call: Call, error: BaseException) -> None:
    if call.accepted:
        _begins(call)
    stream_failed(call, error)


def step(original: Any) -> Driver:
    """Make what stands around ``__next__`` or ``__anext__`` of a class of streams."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
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
                guarded(_over, call, rescue=call.abort)
                raise
            except BaseException as error:
                guarded(_broke, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
                guarded(context.leave, entered)
            guarded(_took, call, chunk)
            return chunk
        except BaseException as error:
            # Reached with everything done, unless an interruption came into the lines above.
            guarded(interrupted, call, error, entered)
            raise

    async def around_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
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
                guarded(_over, call, rescue=call.abort)
                raise
            except BaseException as error:
                guarded(_broke, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
                guarded(context.leave, entered)
            guarded(_took, call, chunk)
            return chunk
        except BaseException as error:
            # Reached with everything done, unless an interruption came into the lines above.
            guarded(interrupted, call, error, entered)
            raise

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around


def _closed(stream: Any) -> None:
    call, _ = _open.get(stream, (None, None))
    if call is not None and not call.inside:
        call.on_stream_end(CLOSED_EARLY)


def close(original: Any) -> Driver:
    """Make what stands around ``close`` or ``aclose`` of a class of streams."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        try:
            return wrapped(*args, **kwargs)
        finally:
            guarded(_closed, instance)

    async def around_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        try:
            return await wrapped(*args, **kwargs)
        finally:
            guarded(_closed, instance)

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around
