"""Observe streams that create a generator each time they are iterated.

They have no inner iterator. The first generator is relayed. Further generators find the response consumed and are returned
unchanged.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import AsyncGeneratorType
from typing import Any

from ... import context
from ...guard import guarded
from ..call import Call
from .finalize import end_when_collected
from .inner_iterator import relay, relay_async
from .response_close import on_response_close

_open: weakref.WeakKeyDictionary[Any, tuple[Call, context.Context]] = weakref.WeakKeyDictionary()


def observe(stream: object, response: object, call: Call) -> None:
    """Record ``stream``, which reads ``response``, when it is iterated.

    The call also ends if the stream is closed or garbage collected.
    """
    call.on_stream_start()
    call.tapped = True
    _open[stream] = (call, context.here())
    on_response_close(response, call)
    end_when_collected(stream, call)


def iterated(original: object) -> Callable[..., Any]:
    """Make the wrapper of the method that creates the generator of a stream class."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        made = wrapped(*args, **kwargs)
        return guarded(_relayed, instance, made, default=made)

    return around


def _relayed(stream: Any, made: Any) -> Any:
    call, inside = _open.pop(stream, (None, None))
    if call is None or inside is None or call.ended:
        return made
    return (relay_async if isinstance(made, AsyncGeneratorType) else relay)(made, call, inside)
