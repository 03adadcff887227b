"""Observe streams of events that are stored inside a result.

The application keeps the stream object of the SDK. Its iterator over network data is replaced by a tap, which observes the
end of the stream. Its parsing method is patched, so that each chunk is recorded as the object that the application
receives.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...extraction.paths import as_int, get_path
from ...guard import guarded
from ..call import CLOSED_EARLY, Call
from ..declaration import ResultHandler
from .finalize import end_when_collected
from .inner_iterator import AsyncTap, Tap, stream_failed
from .instance_methods import Driver, before, forget, watched

_WIRE, _PARSE = "_event_generator", "_parse_event"


def events_in(key: str) -> ResultHandler:
    """Make the strategy for a result with a stream of events under ``key``.

    The parsed events are passed to ``dialect.absorb``.
    """

    def opened(call: Call, result: object) -> bool:
        stream = result.get(key) if isinstance(result, dict) else None
        inner = getattr(stream, _WIRE, None)
        if inner is None:
            return False
        call.on_stream_start()
        call.tapped = True
        setattr(stream, _WIRE, (_AsyncEvents if hasattr(inner, "__anext__") else _Events)(inner, call))
        parse = _parsing_async if inspect.iscoroutinefunction(getattr(stream, _PARSE)) else _parsing
        methods = [*watched(stream, _PARSE, parse(call)), *watched(stream, "close", before(partial(_closed, call)))]
        call.forget = partial(forget, methods)
        call.size_of = partial(_size, weakref.ref(stream))
        end_when_collected(stream, call)
        return True

    return opened


class _Events(Tap):
    """Observe network data. An event is recorded later, when it is parsed."""

    __slots__ = ()
    _records = False


class _AsyncEvents(AsyncTap):
    """Observe asynchronous network data, like ``_Events``."""

    __slots__ = ()
    _records = False


def _parsing(call: Call) -> Driver:
    def parse(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        try:
            event = wrapped(*args, **kwargs)
        except BaseException as error:
            guarded(stream_failed, call, error, rescue=partial(call.abort, error))
            raise
        if event:
            guarded(call.on_chunk, event)
        return event

    return parse


def _parsing_async(call: Call) -> Driver:
    async def parse(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        try:
            event = await wrapped(*args, **kwargs)
        except BaseException as error:
            guarded(stream_failed, call, error, rescue=partial(call.abort, error))
            raise
        if event:
            guarded(call.on_chunk, event)
        return event

    return parse


def _closed(call: Call) -> None:
    if not call.inside:
        call.on_stream_end(CLOSED_EARLY)


def _size(stream: weakref.ref[Any]) -> int | None:
    """Return the number of received bytes, as the HTTP library counted them."""
    raw: Any = getattr(stream(), "_raw_stream", None)
    return as_int(raw.tell()) if hasattr(raw, "tell") else as_int(get_path(raw, ("content", "total_bytes")))
