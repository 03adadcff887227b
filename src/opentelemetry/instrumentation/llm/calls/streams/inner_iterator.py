"""See a stream through without becoming it: the application keeps the very object that the SDK made.

Where the SDK's stream has an iterator inside, that one is tapped. Where it is a bare generator, the application gets a
generator that relays it. No context is kept between two chunks, and nothing here holds a stream alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from functools import partial
from typing import Any

from ... import context
from ...guard import failed, guarded
from ...schema.interruption import is_interruption
from ..call import CANCELLED, CLOSED_EARLY, COMPLETE, ERROR, Call
from .finalize import end_when_collected, is_collected
from .response_close import on_response_close

_STOPPED = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)


def stream_failed(call: Call, error: BaseException) -> None:
    """End a call whose answer broke off while it was read: by the application's own doing, or by an error."""
    call.on_stream_end(CANCELLED if isinstance(error, _STOPPED) else ERROR, error)


def interrupted(call: Call, error: BaseException, entered: context.Entered | None = None) -> None:
    """Do what an interruption may have kept one step of a stream from doing; all of it does nothing where it was done."""
    call.inside = False
    guarded(context.leave, entered)
    if not call.ended:
        guarded(stream_failed, call, error, rescue=partial(call.abort, error))


class _Passing:
    """What both taps share: everything but the next chunk goes to the SDK's own iterator."""

    __slots__ = ("_call", "_inner")

    def __init__(self, inner: Any, call: Call) -> None:
        self._inner = inner
        self._call = call

    def _on_chunk(self, chunk: Any) -> None:
        """Tell of a chunk that is handed on; a tap whose chunks are not yet what the application gets says nothing here."""
        self._call.on_chunk(chunk)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Tap(_Passing, Iterator[Any]):
    """Stand in for the iterator inside a stream: each chunk is told and handed on as it is."""

    __slots__ = ()

    def __iter__(self) -> Tap:
        return self

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
            try:
                self._on_chunk(chunk)
            except Exception as error:
                # As ``guarded`` does, without one frame more for each chunk.
                if is_interruption(error):
                    raise
                failed(self._on_chunk, error)
            return chunk
        except BaseException as error:
            # Reached with everything done, unless an interruption came into the lines above.
            guarded(interrupted, call, error)
            raise


class AsyncTap(_Passing, AsyncIterator[Any]):
    """Stand in for the asynchronous iterator inside a stream, as ``Tap`` does."""

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
            try:
                self._on_chunk(chunk)
            except Exception as error:
                # As ``guarded`` does, without one frame more for each chunk.
                if is_interruption(error):
                    raise
                failed(self._on_chunk, error)
            return chunk
        except BaseException as error:
            # Reached with everything done, unless an interruption came into the lines above.
            guarded(interrupted, call, error)
            raise


def _put_tap(stream: Any, name: str, call: Call) -> None:
    inner = getattr(stream, name)
    setattr(stream, name, (AsyncTap if hasattr(inner, "__anext__") else Tap)(inner, call))


def tap(stream: Any, name: str, call: Call) -> None:
    """Tap the iterator that ``stream`` keeps in its attribute ``name``, and see the stream through to its end."""
    if not call.streaming:
        call.on_stream_start()
    call.tapped = True
    _put_tap(stream, name, call)
    response = getattr(stream, "response", None)
    if response is not None:
        on_response_close(response, call)
    end_when_collected(stream, call)


def rewrapped(name: str) -> Callable[..., Any]:
    """Make the wrapper of an SDK's function that puts something around the iterator inside a stream, its only argument.

    A stream that is tapped already is tapped around that: the application gets what comes out there.
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
    """Return a generator that gives what ``inner`` gives; while ``inner`` works, ``inside`` is the current context."""
    relayed = relay_open(inner, call, inside)
    _name_after(inner, relayed)
    end_when_collected(relayed, call)
    return relayed


def relay_async(inner: AsyncGenerator[Any, Any], call: Call, inside: context.Context) -> AsyncGenerator[Any, Any]:
    """Return an asynchronous generator that gives what ``inner`` gives, as ``relay`` does."""
    relayed = relay_async_open(inner, call, inside)
    _name_after(inner, relayed)
    end_when_collected(relayed, call)
    return relayed


def _name_after(inner: Any, relayed: Any) -> None:
    relayed.__name__, relayed.__qualname__ = inner.__name__, inner.__qualname__


def relay_open(inner: Any, call: Call, inside: context.Context) -> Generator[Any, Any, Any]:
    """Relay ``inner`` without watching for the loss of the relay itself."""
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
                # What the generator has made current stays so for its next step, and for nobody else.
                inside = guarded(context.here, default=inside)
                guarded(context.leave, entered)
            guarded(_took_first, call, chunk)
            yield chunk
    except GeneratorExit:
        raise
    except BaseException as error:
        # Reached with everything done, unless an interruption came into the lines above.
        guarded(interrupted, call, error, entered)
        raise
    finally:
        # Reached by close() and throw() too; a call that has ended already does not end again.
        try:
            try:
                entered = guarded(context.enter, inside)
                inner.close()
            finally:
                guarded(context.leave, entered)
        finally:
            guarded(context.leave, entered)  # again, for an interruption that came before it was done
            guarded(call.on_stream_end, CLOSED_EARLY, rescue=call.abort)


async def relay_async_open(inner: Any, call: Call, inside: context.Context) -> AsyncGenerator[Any, Any]:
    """Relay ``inner`` without watching for the loss of the relay itself."""
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
                # What the generator has made current stays so for its next step, and for nobody else.
                inside = guarded(context.here, default=inside)
                guarded(context.leave, entered)
            guarded(_took_first, call, chunk)
            yield chunk
    except GeneratorExit:
        raise
    except BaseException as error:
        # Reached with everything done, unless an interruption came into the lines above.
        guarded(interrupted, call, error, entered)
        raise
    finally:
        # One that is collected leaves the inner one to its own finaliser, as it would be unwatched: two that close it collide.
        try:
            if not guarded(is_collected, call):
                try:
                    entered = guarded(context.enter, inside)
                    await inner.aclose()
                finally:
                    guarded(context.leave, entered)
        finally:
            guarded(context.leave, entered)  # again, for an interruption that came before it was done
            guarded(call.on_stream_end, CLOSED_EARLY, rescue=call.abort)
