"""Handle the result of an SDK function: a value, a stream or a raw response.

The type of the result decides, and not the arguments of the call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from .. import context
from ..extraction.paths import is_model
from ..guard import guarded
from ..wrapper import Driver, Patch, driven
from .call import Call
from .declaration import PatchPoint
from .documents import document
from .streams import inner_iterator
from .streams.finalize import end_when_collected
from .streams.response_close import call_of_response, on_response_close


def dispatch_result(call: Call, point: PatchPoint, result: Any) -> Any:
    """End the call or observe its stream, and return the application's result.

    The result is returned unchanged, except for a bare generator, which has no inner iterator to replace: the application
    receives a generator that relays it.
    """
    call.response = None
    if point.open is not None and point.open(call, result):
        return result
    if isinstance(result, dict) or _is_data(result.__class__):
        # Checked first: a dict may raise KeyError for a missing attribute, and the attribute search of a model is slow.
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
    """Return True if a class is a pydantic model, and not a stream or raw response."""
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
    """End the call when its body has been read or the response is closed unread.

    Reading a body closes the response before the body is available; leaving the ``with`` block closes it a second time.
    """
    read = document(response)
    if read is not None or not response.is_stream_consumed or call.inside:
        call.on_response(read)
    call.inside = True


def raw_responses(requires: str, targets: Iterable[str], stream_in: str | None = None) -> tuple[Patch, ...]:
    """Make the patches of the functions of an SDK that parse a raw response."""
    return tuple(Patch(requires, target, driven(partial(_parsed, stream_in)), optional=False) for target in targets)


def _parsed(stream_in: str | None, original: Any) -> Driver:

    def parse(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        result = wrapped(*args, **kwargs)
        guarded(_receive_behind, instance, stream_in, result)
        return result

    async def parse_async(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        result = await wrapped(*args, **kwargs)
        guarded(_receive_behind, instance, stream_in, result)
        return result

    return parse_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else parse


def _receive_behind(instance: object, stream_in: str | None, result: object) -> None:
    call = call_of_response(getattr(instance, "http_response", None))
    if call is not None and not call.tapped:
        guarded(_receive_parsed, call, stream_in, result, rescue=call.abort)


def _receive_parsed(call: Call, stream_in: str | None, result: object) -> None:
    if stream_in is not None and hasattr(result, stream_in):
        inner_iterator.tap(result, stream_in, call)
    elif not call.streaming:
        call.on_response(result)
