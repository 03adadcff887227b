"""Wait for the price and the provider, which LiteLLM sets after the response."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...calls.call import ABANDONED, Call
from ...calls.streams import class_iterator
from ...calls.streams.finalize import end_when_collected
from ...dialects.litellm.operations import cost_in_cents, counted_in
from ...extraction.paths import get_path
from ...guard import guarded
from .destination import use_recorded

_priced_soon: dict[int, Call] = {}


def observe(call: Call, result: object) -> bool:
    """Follow a stream through its steps; let a whole answer wait for its price."""
    if class_iterator.is_stepped(result):
        _follow(call, result)
        return True
    if not hasattr(result, "_hidden_params") or not hasattr(result, "__weakref__"):
        return False
    call.hold_response(result)
    _priced_soon[id(result)] = call
    # Stored by id: data about a response must not keep the response alive.
    call.forget = partial(_forget, id(result))
    end_when_collected(result, call)
    return True


def _forget(key: int) -> None:
    _priced_soon.pop(key, None)


def _follow(call: Call, stream: object) -> None:
    inner = stream if hasattr(stream, "chunks") else getattr(stream, "completion_stream", None)
    guarded(use_recorded, call, getattr(stream, "logging_obj", None) or getattr(inner, "logging_obj", None))
    class_iterator.observe(stream, call)
    chunks = getattr(inner, "chunks", None)
    if isinstance(chunks, list):
        # The list itself: it does not hold the stream, and the stream may be gone when its call ends.
        call.forget = lambda: _count(call, chunks)


def _count(call: Call, chunks: list[Any]) -> None:
    if call.draft is not None:
        call.draft.usage = counted_in(chunks)


def price_stored(original: object) -> Callable[..., Any]:
    """Wrap the function that stores a response's price: it ends the call.

    The end of the call has the time of the response.
    """

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        try:
            return wrapped(*args, **kwargs)
        finally:
            guarded(_end, instance, next(iter((*args, *kwargs.values())), None))

    return around


def _end(metadata: object, known: object) -> None:
    call = _priced_soon.get(id(getattr(metadata, "result", None)))
    if call is None or call.draft is None:
        return
    guarded(use_recorded, call, known)
    hidden = getattr(metadata, "_hidden_params", None)
    # LiteLLM writes zero for a model that it does not know, as for a model that is free.
    if cost := cost_in_cents(get_path(hidden, ("response_cost",))):
        call.draft.usage.reported_cost_cents = cost
    call.on_stream_end(ABANDONED)
