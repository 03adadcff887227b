"""Notice that an HTTP response is closed: all ways of closing a stream of the generated SDKs meet there."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from ...guard import guarded
from ..call import CLOSED_EARLY, UNPARSED, Call


class _Noticed:
    """Mark a response, so that the call behind it can be found; a copy of the response has none behind it."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


class _Close:
    """Stand in for ``close`` of one response; its copies get the function of their own class."""

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
    """Stand in for ``aclose`` of one response, as ``_Close`` does for ``close``."""

    __slots__ = ()
    name = "aclose"

    async def __call__(self) -> None:  # type: ignore[override]
        try:
            await type(self._response).aclose(self._response)
        finally:
            guarded(self._then)


def call_of_response(response: Any) -> Call | None:
    """Return the call whose answer is still open on this HTTP response."""
    noticed = vars(response).get("_ex_llm_noticed") if hasattr(response, "__dict__") else None
    return noticed.call if isinstance(noticed, _Noticed) and not noticed.call.ended else None


def on_response_close(response: Any, call: Call, then: Callable[[Call, Any], None] | None = None) -> None:
    """Notice when an HTTP response is closed, by whomever, and let ``then`` decide what that means."""
    if call_of_response(response) is call or not hasattr(response, "__dict__"):
        return
    decide = then if then is not None and not call.streaming else closed
    kind = type(response)

    # These hold the response that holds them. The call's end takes them off again, so that nothing outlives it; a weak
    # reference would be dead by the time that a collected stream closes its response.
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
    """Decide what a closed response means; inside ``next`` the outcome of that decides instead."""
    if call.streaming and not call.inside:
        # A stream that was closed without having been parsed was read, if at all, as bytes that we do not see.
        call.on_stream_end(CLOSED_EARLY if call.tapped else UNPARSED)
