"""The few functions of the package whose own mistakes cannot be caught, each with the reason. Nothing else may be on these lists."""

from __future__ import annotations

_BETWEEN = "it is itself the frame between the application and the SDK"
_GUARD = "it is the guard"

FRAMES: dict[str, str] = {
    "calls/watch.py:Watch.around": _BETWEEN,
    "calls/watch.py:Watch.around_async": _BETWEEN,
    "calls/watch.py:Watch.around_lazy": _BETWEEN,
    "calls/answers.py:parsed.<locals>.parse": _BETWEEN,
    "calls/answers.py:parsed.<locals>.parse_async": _BETWEEN,
    "calls/streams.py:Tap.__next__": _BETWEEN,
    "calls/streams.py:Tap.__iter__": _BETWEEN,
    "calls/streams.py:AsyncTap.__anext__": _BETWEEN,
    "calls/streams.py:AsyncTap.__aiter__": _BETWEEN,
    "calls/streams.py:_Passing.__getattr__": _BETWEEN,
    "calls/streams.py:rewrapped.<locals>.wrap": _BETWEEN,
    "calls/streams.py:relay_open": _BETWEEN,
    "calls/streams.py:relay_async_open": _BETWEEN,
    "calls/lazy.py:_lazily": _BETWEEN,
    "calls/lazy.py:_lazily_async": _BETWEEN,
    "calls/closing.py:notice_close.<locals>.close": _BETWEEN,
    "calls/closing.py:notice_close.<locals>.aclose": _BETWEEN,
    "transports/attempt.py:Transport._around": _BETWEEN,
    "transports/attempt.py:Transport._around_async": _BETWEEN,
    "guard.py:guarded": _GUARD,
    "guard.py:_tell": _GUARD,
}
"""What raises here reaches the application."""

LOSES_THE_SPAN: dict[str, str] = {}
"""What raises here costs the call its span."""

TELLS_NOBODY: dict[str, str] = {}
"""What raises here is not logged."""
