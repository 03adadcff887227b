"""See streams through that make a generator of themselves each time they are iterated, and keep no iterator inside.

The first generator is relayed; the others find the response read, and so they are handed on as they are.
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


def observe(stream: Any, response: Any, call: Call) -> None:
    """Wait for ``stream``, which reads ``response``, to be iterated, closed or lost."""
    call.on_stream_start()
    call.tapped = True
    _open[stream] = (call, context.here())
    on_response_close(response, call)
    end_when_collected(stream, call)


def iterated(original: Any) -> Callable[..., Any]:
    """Make what stands around the function of a class of streams that makes the generator."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        made = wrapped(*args, **kwargs)
        return guarded(_relayed, instance, made, default=made)

    return around


def _relayed(stream: Any, made: Any) -> Any:
    call, inside = _open.pop(stream, (None, None))
    if call is None or inside is None or call.ended:
        return made
    return (relay_async if isinstance(made, AsyncGeneratorType) else relay)(made, call, inside)
