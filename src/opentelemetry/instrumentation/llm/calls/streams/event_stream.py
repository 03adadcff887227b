"""Streams of events that stand inside a result, beside what is known before the first event.

The application keeps the stream that the SDK made. Inside it, what comes over the wire is tapped, so that the end is
seen; and what parses an event is watched, so that each event is told as the very object that the application gets.
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
    """Make the strategy for a result with a stream of events under ``key``; the dialect absorbs the parsed events."""

    def opened(call: Call, result: Any) -> bool:
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
    """Tap what comes over the wire; an event is told when it is parsed."""

    __slots__ = ()

    def _on_chunk(self, chunk: Any) -> None:
        return


class _AsyncEvents(AsyncTap):
    """Tap what comes over the wire asynchronously, as ``_Events`` does."""

    __slots__ = ()

    def _on_chunk(self, chunk: Any) -> None:
        return


def _parsing(call: Call) -> Driver:
    def parse(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
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
    async def parse(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
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
    """Return how many bytes came over the wire, as the HTTP library counted them."""
    raw: Any = getattr(stream(), "_raw_stream", None)
    return as_int(raw.tell()) if hasattr(raw, "tell") else as_int(get_path(raw, ("content", "total_bytes")))
