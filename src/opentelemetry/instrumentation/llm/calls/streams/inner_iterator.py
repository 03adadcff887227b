"""Observe a stream in place. The application keeps the SDK's own stream object.

The iterator inside the SDK's stream object is replaced by a tap. A bare generator has no inner iterator, so the
application receives a generator that relays it. No context is kept between two chunks, and no stream is kept alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from functools import partial
from time import perf_counter_ns
from typing import Any

from ... import bus, context
from ...guard import guarded
from ...schema.interruption import is_interruption
from ..call import CANCELLED, CLOSED_EARLY, COMPLETE, ERROR, Call
from ..chunk_times import KEPT
from .finalize import end_when_collected, is_collected
from .response_close import on_response_close

_STOPPED = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)


def stream_failed(call: Call, error: BaseException) -> None:
    """End a call whose stream was cancelled by the application or raised an error."""
    call.on_stream_end(CANCELLED if isinstance(error, _STOPPED) else ERROR, error)


def interrupted(call: Call, error: BaseException, entered: context.Entered | None = None) -> None:
    """Repeat the cleanup of one stream step that an interruption may have skipped.

    Each step does nothing if it has already run.
    """
    call.inside = False
    guarded(context.leave, entered)
    if not call.ended:
        guarded(stream_failed, call, error, rescue=partial(call.abort, error))


class _Passing:
    """The shared part of both taps: attributes come from the SDK's own iterator."""

    __slots__ = ("_call", "_inner")
    _records = True
    """False in a tap whose chunks are internal to the SDK: it observes only the end."""

    def __init__(self, inner: Any, call: Call) -> None:
        self._inner = inner
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Tap(_Passing, Iterator[Any]):
    """Replace the iterator inside a stream: record and return each chunk."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        """Return a generator for ``for`` loops, because it costs less than ``__next__``.

        Each loop gets its own, so a loop after an error asks the SDK's iterator again.
        """
        return self if not self._records else guarded(_steps, self._inner, self._call, default=self)

    def __next__(self) -> Any:
        call = self._call
        if call.ended:
            return next(self._inner)
        try:
            try:
                call.inside = True
                chunk = next(self._inner)
            except StopIteration:
                guarded(call.on_stream_end, COMPLETE, rescue=call.abort)
                raise
            except BaseException as error:
                guarded(stream_failed, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
            if self._records:
                guarded(call.on_chunk, chunk)
            return chunk
        except BaseException as error:
            # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
            guarded(interrupted, call, error)
            raise


def _steps(inner: Any, call: Call) -> Iterator[Any]:
    """Yield the chunks of ``inner`` and record each, in one frame for each chunk.

    No handler is around the ``yield``: a loop that the application leaves does not end
    the call, because the application can go on reading the stream.
    """
    taken, absorb = call.taken, call.absorb
    draft: Any = call.draft
    while True:
        if call.ended:
            try:
                chunk = next(inner)
            except StopIteration:
                return
        else:
            try:
                try:
                    call.inside = True
                    chunk = next(inner)
                except StopIteration:
                    guarded(call.on_stream_end, COMPLETE, rescue=call.abort)
                    return
                except BaseException as error:
                    guarded(stream_failed, call, error, rescue=partial(call.abort, error))
                    raise
                finally:
                    call.inside = False
                # The same as ``on_chunk``, without an additional frame for each chunk.
                try:
                    taken.append(perf_counter_ns())
                    absorb(draft, chunk)
                    if call.handlers_seen is not bus.handler_table or len(taken) > KEPT:
                        call.after_chunk()
                except Exception as error:
                    if is_interruption(error):
                        raise
                    call.chunk_failed(error)
            except BaseException as error:
                # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
                guarded(interrupted, call, error)
                raise
        yield chunk
        chunk = None  # A stream that waits for its next chunk holds no earlier one.


class AsyncTap(_Passing, AsyncIterator[Any]):
    """Replace the asynchronous iterator inside a stream, like ``Tap``."""

    __slots__ = ()

    def __aiter__(self) -> AsyncTap:
        return self

    async def __anext__(self) -> Any:
        call = self._call
        if call.ended:
            return await self._inner.__anext__()
        try:
            try:
                call.inside = True
                chunk = await self._inner.__anext__()
            except StopAsyncIteration:
                guarded(call.on_stream_end, COMPLETE, rescue=call.abort)
                raise
            except BaseException as error:
                guarded(stream_failed, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
            if self._records:
                # The same as ``on_chunk``, without an additional frame for each chunk.
                try:
                    (times := call.taken).append(perf_counter_ns())
                    call.absorb(call.draft, chunk)  # type: ignore[arg-type]
                    if call.handlers_seen is not bus.handler_table or len(times) > KEPT:
                        call.after_chunk()
                except Exception as error:
                    if is_interruption(error):
                        raise
                    call.chunk_failed(error)
            return chunk
        except BaseException as error:
            # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
            guarded(interrupted, call, error)
            raise


def _put_tap(stream: Any, name: str, call: Call) -> None:
    inner = getattr(stream, name)
    setattr(stream, name, (AsyncTap if hasattr(inner, "__anext__") else Tap)(inner, call))


def tap(stream: Any, name: str, call: Call) -> None:
    """Replace the iterator in attribute ``name`` of ``stream``; observe its end."""
    if not call.streaming:
        call.on_stream_start()
    call.tapped = True
    _put_tap(stream, name, call)
    response = getattr(stream, "response", None) or getattr(stream, "http_response", None)
    if response is not None:
        on_response_close(response, call)
    end_when_collected(stream, call)


def rewrapped(name: str) -> Callable[..., Any]:
    """Make the wrapper of an SDK function that wraps the iterator inside a stream.

    The stream is the only argument of that function. A tap that is already in place is moved outside the new iterator, so
    that it records the chunks that the application receives.
    """

    def wrap(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        call = guarded(_untap, name, *args)
        try:
            return wrapped(*args, **kwargs)
        finally:
            if call is not None:
                guarded(_put_tap, args[0], name, call, rescue=call.abort)

    return wrap


def _untap(name: str, stream: Any) -> Call | None:
    tapped = getattr(stream, name, None)
    if not isinstance(tapped, _Passing):
        return None
    setattr(stream, name, tapped._inner)
    return tapped._call


def _took_first(call: Call, chunk: Any) -> None:
    if not call.streaming:
        call.on_stream_start()
    call.on_chunk(chunk)


def relay(inner: Generator[Any, Any, Any], call: Call, inside: context.Context) -> Generator[Any, Any, Any]:
    """Return a generator that relays ``inner`` and runs it in the context ``inside``."""
    relayed = relay_open(inner, call, inside)
    _name_after(inner, relayed)
    end_when_collected(relayed, call)
    return relayed


def relay_async(inner: AsyncGenerator[Any, Any], call: Call, inside: context.Context) -> AsyncGenerator[Any, Any]:
    """Return an asynchronous generator that relays ``inner``, like ``relay``."""
    relayed = relay_async_open(inner, call, inside)
    _name_after(inner, relayed)
    end_when_collected(relayed, call)
    return relayed


def _name_after(inner: Any, relayed: Any) -> None:
    relayed.__name__, relayed.__qualname__ = inner.__name__, inner.__qualname__


def relay_open(inner: Any, call: Call, inside: context.Context) -> Generator[Any, Any, Any]:
    """Relay ``inner`` without ending the call when the relay is garbage collected."""
    entered = None
    try:
        while True:
            try:
                entered = guarded(context.enter, inside)
                call.inside = True
                chunk = next(inner)
            except StopIteration as end:
                guarded(call.on_stream_end, COMPLETE, rescue=call.abort)
                return end.value
            except BaseException as error:
                guarded(stream_failed, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
                # Context changes made by the generator are kept for its next step, and are not visible to the application.
                inside = guarded(context.here, default=inside)
                guarded(context.leave, entered)
            guarded(_took_first, call, chunk)
            yield chunk
    except GeneratorExit:
        raise
    except BaseException as error:
        # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
        guarded(interrupted, call, error, entered)
        raise
    finally:
        # Also reached by close() and throw(). A call that has already ended does not end again.
        try:
            try:
                entered = guarded(context.enter, inside)
                inner.close()
            finally:
                guarded(context.leave, entered)
        finally:
            guarded(context.leave, entered)  # Repeated, because an interruption may have occurred before the first call.
            guarded(call.on_stream_end, CLOSED_EARLY, rescue=call.abort)


async def relay_async_open(inner: Any, call: Call, inside: context.Context) -> AsyncGenerator[Any, Any]:
    """Relay ``inner`` without ending the call when the relay is garbage collected."""
    entered = None
    try:
        while True:
            try:
                entered = guarded(context.enter, inside)
                call.inside = True
                chunk = await inner.__anext__()
            except StopAsyncIteration:
                guarded(call.on_stream_end, COMPLETE, rescue=call.abort)
                return
            except BaseException as error:
                guarded(stream_failed, call, error, rescue=partial(call.abort, error))
                raise
            finally:
                call.inside = False
                # Context changes made by the generator are kept for its next step, and are not visible to the application.
                inside = guarded(context.here, default=inside)
                guarded(context.leave, entered)
            guarded(_took_first, call, chunk)
            yield chunk
    except GeneratorExit:
        raise
    except BaseException as error:
        # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
        guarded(interrupted, call, error, entered)
        raise
    finally:
        # If the relay is garbage collected, the inner generator is left to its own finalizer, as without instrumentation: closing it
        # from two places fails.
        try:
            if not guarded(is_collected, call):
                try:
                    entered = guarded(context.enter, inside)
                    await inner.aclose()
                finally:
                    guarded(context.leave, entered)
        finally:
            guarded(context.leave, entered)  # Repeated, because an interruption may have occurred before the first call.
            guarded(call.on_stream_end, CLOSED_EARLY, rescue=call.abort)
