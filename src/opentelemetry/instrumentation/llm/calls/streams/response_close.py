"""Observe the closing of an HTTP response.

All ways to close a stream of the generated SDKs close its HTTP response.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from ...guard import guarded
from ..call import CLOSED_EARLY, UNPARSED, Call


class _Noticed:
    """Store the call of a response on the response. Copies of the response lose it."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


class _Close:
    """Replace ``close`` of one response. Its copies get the method of their class."""

    __slots__ = ("_response", "_then")
    name = "close"

    def __init__(self, response: Any, then: Callable[[], None]) -> None:
        self._response, self._then = response, then

    def __call__(self) -> None:
        try:
            type(self._response).close(self._response)
        finally:
            guarded(self._then)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._response, self.name)


class _AsyncClose(_Close):
    """Replace ``aclose`` of one response, like ``_Close``."""

    __slots__ = ()
    name = "aclose"

    async def __call__(self) -> None:  # type: ignore[override]
        try:
            await type(self._response).aclose(self._response)
        finally:
            guarded(self._then)


def call_of_response(response: Any) -> Call | None:
    """Return the open call of an HTTP response."""
    noticed = vars(response).get("_ex_llm_noticed") if hasattr(response, "__dict__") else None
    return noticed.call if isinstance(noticed, _Noticed) and not noticed.call.ended else None


def on_response_close(response: Any, call: Call, then: Callable[[Call, Any], None] | None = None) -> None:
    """Call ``then(call, response)`` when the HTTP response is closed.

    The default is ``closed``.
    """
    if call_of_response(response) is call or not hasattr(response, "__dict__"):
        return
    decide = then if then is not None and not call.streaming else closed
    kind = type(response)

    # The replacements and the response refer to each other. The end of the call removes them, so that nothing is kept longer. A
    # weak reference would already be cleared when a garbage-collected stream closes its response.
    response._ex_llm_noticed = _Noticed(call)
    for stand_in in (_Close, _AsyncClose):
        if hasattr(kind, stand_in.name):
            setattr(response, stand_in.name, stand_in(response, partial(decide, call, response)))
    here = weakref.ref(response)
    call.size_of = lambda: getattr(here(), "num_bytes_downloaded", None)
    call.forget = lambda: _forget_close(here())


def _forget_close(response: Any) -> None:
    for name in ("_ex_llm_noticed", "close", "aclose") if response is not None else ():
        vars(response).pop(name, None)


def closed(call: Call, response: Any) -> None:
    """End the call of a closed stream, except inside ``next``, which ends it itself."""
    if call.streaming and not call.inside:
        # A stream that is closed without being parsed was read as raw bytes, if at all, and these are not observed.
        call.on_stream_end(CLOSED_EARLY if call.tapped else UNPARSED)
