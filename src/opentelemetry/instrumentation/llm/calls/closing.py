"""Notice that an HTTP response is closed: all ways of closing a stream of the generated SDKs meet there."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from .call import CLOSED_EARLY, UNPARSED, Call
from ..guard import guarded


class _Noticed:
    """Mark the closing functions that we put on a response, so that the call behind a response can be found."""

    __slots__ = ("call",)

    def __init__(self, call: Call) -> None:
        self.call = call


def call_behind(response: Any) -> Call | None:
    """Return the call whose answer is still open on this HTTP response."""
    noticed = vars(response).get("_ex_llm_noticed") if hasattr(response, "__dict__") else None
    return noticed.call if isinstance(noticed, _Noticed) and not noticed.call.ended else None


def notice_close(response: Any, call: Call, then: Callable[[Call, Any], None] | None = None) -> None:
    """Notice when an HTTP response is closed, by whomever, and let ``then`` decide what that means."""
    if call_behind(response) is call or not hasattr(response, "__dict__"):
        return
    decide = then if then is not None and not call.streaming else closed
    kind = type(response)

    # These hold the response that holds them. The call's end takes them off again, so that nothing outlives it; a weak
    # reference would be dead by the time that a collected stream closes its response.
    def close() -> None:
        try:
            kind.close(response)
        finally:
            guarded(decide, call, response)

    async def aclose() -> None:
        try:
            await kind.aclose(response)
        finally:
            guarded(decide, call, response)

    response._ex_llm_noticed = _Noticed(call)
    if hasattr(kind, "close"):
        response.close = close
    if hasattr(kind, "aclose"):
        response.aclose = aclose
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
        call.stream_ended(CLOSED_EARLY if call.tapped else UNPARSED)
