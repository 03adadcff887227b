"""End calls whose stream was garbage collected or is open at interpreter exit.

A finalizer ends the call. It can run at any line of any code. If that code may hold a lock that is needed to end a call,
the call is ended later. The finalizer keeps no stream alive and does not change the context.
"""

from __future__ import annotations

import atexit
import sys
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from ... import bus, fork
from ...guard import guarded, guarded_later
from ..call import ABANDONED, Call

_open: set[Call] = set()
_lost: deque[Call] = deque()
_LOCKED = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.instrumentation.llm.reporters", "queue", "prometheus_client")
_BELOW_A_THREAD = frozenset({"run", "_bootstrap", "_bootstrap_inner"})


class _Turn:
    """Run ``end_open`` first at interpreter exit, before exporters shut down.

    Handlers that were registered earlier run later. ``atexit.unregister`` leaves an empty slot. Therefore ``end_open`` is
    registered again only if other handlers were registered in the meantime.
    """

    def __init__(self) -> None:
        self._entries: Callable[[], int] = getattr(atexit, "_ncallbacks", lambda: 0)
        self._last = -1

    def take(self) -> None:
        """Register ``end_open`` as the last handler."""
        if self._last != self._entries():
            atexit.unregister(end_open)
            atexit.register(end_open)
            self._last = self._entries()


_turn = _Turn()


def end_when_collected(holder: Any, call: Call) -> None:
    """End the call when ``holder`` is garbage collected or the interpreter exits.

    It does nothing if the call has ended before.
    """
    guarded(end_collected)
    if call.watcher is not None:
        call.watcher.detach()
    else:
        _open.add(call)
        _turn.take()
    call.watcher = weakref.finalize(holder, guarded_later, call_collected, call, rescue=partial(_lost.append, call))
    call.watcher.atexit = False


def keep_open(call: Call) -> None:
    """End the call when the interpreter exits, until ``no_longer_open`` is called.

    For calls that share one object, whose owner observes its end.
    """
    guarded(end_collected)
    _open.add(call)
    _turn.take()


def no_longer_open(call: Call) -> None:
    """Forget a call that has ended."""
    _open.discard(call)


def call_collected(call: Call) -> None:
    """End a call whose stream or socket was garbage collected."""
    _open.discard(call)
    if call.ended or call.pid != fork.process:
        return
    if guarded(_inside_a_lock, default=True):
        _lost.append(call)
    else:
        guarded(call.on_stream_end, ABANDONED, rescue=call.abort)


def is_collected(call: Call) -> bool:
    """Return True if the stream of a call has been garbage collected."""
    return call.watcher is not None and not call.watcher.alive


def _inside_a_lock() -> bool:
    """Return True if the code that a finalizer interrupted may hold a lock.

    A handler of the application may hold its own lock, so no call is ended while any handler runs in this thread.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in bus.DELIVERS:
            return True
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_LOCKED) or (module == "threading" and frame.f_code.co_name not in _BELOW_A_THREAD):
            return True
        frame = frame.f_back
    return False


def end_collected() -> None:
    """End the calls whose streams were collected while ending them was not safe."""
    while _lost:
        call = _lost.popleft()
        guarded(call.on_stream_end, ABANDONED, rescue=call.abort)


def end_open() -> None:
    """End every call whose stream is still open, with the data received so far."""
    guarded(end_collected)
    for call in list(_open):
        _open.discard(call)
        if call.pid == fork.process:
            guarded(call.on_stream_end, ABANDONED, rescue=call.abort)


def _leave_to_the_parent() -> None:
    for call in list(_open):
        call.leave_to_the_parent()
    _open.clear()
    _lost.clear()


fork.in_child(_leave_to_the_parent)
