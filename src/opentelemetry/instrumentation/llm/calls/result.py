"""What comes back decides: a value, a stream, or an answer that was kept raw. Not what was asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from .. import context
from ..extraction.paths import is_model
from ..guard import guarded
from .call import Call
from .declaration import PatchPoint
from .documents import document
from .streams import inner_iterator
from .streams.finalize import end_when_collected
from .streams.response_close import call_of_response, on_response_close


def dispatch_result(call: Call, point: PatchPoint, result: Any) -> Any:
    """Look at what the SDK's function returned, end the call or see it through, and return what the application gets.

    That is the very same object, but for a bare generator, which has no inside to tap: it comes back relayed.
    """
    call.response = None
    if point.open is not None and point.open(call, result):
        return result
    if isinstance(result, dict) or _is_data(result.__class__):
        # A dict may raise KeyError for an attribute that it lacks, and a model searches for it at length.
        call.on_response(result)
    elif point.stream_in is not None and hasattr(result, point.stream_in):
        inner_iterator.tap(result, point.stream_in, call)
    elif isinstance(result, GeneratorType):
        return inner_iterator.relay(result, call, context.here())
    elif isinstance(result, AsyncGeneratorType):
        return inner_iterator.relay_async(result, call, context.here())
    elif hasattr(result, "http_response"):
        _receive_raw(call, result)
    elif hasattr(result, "is_stream_consumed"):
        call.on_response(document(result))
    else:
        call.on_response(result)
    return result


@lru_cache(maxsize=1024)
def _is_data(kind: type) -> bool:
    """Return whether a class is a pydantic model that has nothing of a stream or of a response that is kept raw."""
    marks = ("http_response", "is_stream_consumed", "__next__", "__anext__")
    return is_model(kind) and not any(hasattr(kind, mark) or mark in getattr(kind, "__pydantic_fields__", ()) for mark in marks)


def _receive_raw(call: Call, result: Any) -> None:
    response = result.http_response
    if isinstance(getattr(response, "_content", None), bytes):
        call.on_response(document(response))
        return
    if call.asked_to_stream:
        call.on_stream_start()
    on_response_close(response, call, read_later)
    end_when_collected(result, call)


def read_later(call: Call, response: Any) -> None:
    """End a call whose whole answer was left unread at first, as soon as its body is there or will never be.

    Reading a body closes its response before the body can be seen; leaving the ``with`` block closes it once more.
    """
    read = document(response)
    if read is not None or not response.is_stream_consumed or call.inside:
        call.on_response(read)
    call.inside = True


def parsed(stream_in: str | None, original: Any) -> Callable[..., Any]:
    """Make the wrapper of the SDK's function ``original``, which parses an answer that was kept raw."""

    def parse(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        result = wrapped(*args, **kwargs)
        guarded(_receive_behind, instance, stream_in, result)
        return result

    async def parse_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        result = await wrapped(*args, **kwargs)
        guarded(_receive_behind, instance, stream_in, result)
        return result

    return parse_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else parse


def _receive_behind(instance: Any, stream_in: str | None, result: Any) -> None:
    call = call_of_response(getattr(instance, "http_response", None))
    if call is not None and not call.tapped:
        guarded(_receive_parsed, call, stream_in, result, rescue=call.abort)


def _receive_parsed(call: Call, stream_in: str | None, result: Any) -> None:
    if stream_in is not None and hasattr(result, stream_in):
        inner_iterator.tap(result, stream_in, call)
    elif not call.streaming:
        call.on_response(result)
