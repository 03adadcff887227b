"""Observe streams that put updates into a queue.

The stream of azure-ai-inference is its own iterator: it parses a block of bytes into updates in a queue, and returns
these one by one. Updates are recorded when they leave the queue, and failures at the iterator of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import ref

from ...guard import guarded
from ..call import CLOSED_EARLY, COMPLETE, Call
from .finalize import end_when_collected
from .inner_iterator import AsyncTap, Tap, stream_failed
from .instance_methods import Driver, before, forget, watched

_STREAMS = frozenset({"StreamingChatCompletions", "AsyncStreamingChatCompletions"})
_PARSE = "_deserialize_and_add_to_queue"


class _Blocks(Tap):
    """Observe the blocks of bytes; record updates when the application reads them."""

    __slots__ = ()
    _records = False


class _AsyncBlocks(AsyncTap):
    """Tap the blocks of bytes asynchronously, as ``_Blocks`` does."""

    __slots__ = ()
    _records = False


def _taking(call: Call) -> Driver:
    def get(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        update = wrapped(*args, **kwargs)
        guarded(call.on_chunk, update)
        return update

    return get


def _looking(call: Call, stream: Any) -> Driver:
    def empty(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        nothing = wrapped(*args, **kwargs)
        if nothing and getattr(stream(), "_done", False):
            guarded(call.on_stream_end, COMPLETE)
        return nothing

    return empty


def _parsing(call: Call, stream: Any, kind: Any) -> Callable[[Any], Any]:
    # Not bound to the stream, which would then hold itself and be collected later than it is without us.
    def parse(element: Any) -> Any:
        try:
            return getattr(kind, _PARSE)(stream(), element)
        except BaseException as error:
            guarded(stream_failed, call, error)
            raise

    return parse


def _closed(call: Call) -> None:
    if not call.inside:
        call.on_stream_end(CLOSED_EARLY)


def observe(call: Call, result: Any) -> bool:
    """Observe the stream, if the result is a stream."""
    if type(result).__name__ not in _STREAMS:
        return False
    blocks, stream = result._bytes_iterator, ref(result)
    call.on_stream_start()
    call.tapped = True
    result._bytes_iterator = (_AsyncBlocks if hasattr(blocks, "__anext__") else _Blocks)(blocks, call)
    setattr(result, _PARSE, _parsing(call, stream, type(result)))
    methods = [
        *watched(result._queue, "get", _taking(call)),
        *watched(result._queue, "empty", _looking(call, stream)),
        *watched(result._response, "close", before(partial(_closed, call))),
    ]
    call.forget = partial(_forget, methods, stream)
    end_when_collected(result, call)
    return True


def _forget(methods: Any, stream: Any) -> None:
    forget(methods)
    if (held := stream()) is not None:
        vars(held).pop(_PARSE, None)
