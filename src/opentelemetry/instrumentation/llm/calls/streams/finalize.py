"""Streams that nobody sees to their end: dropped and collected, or still open when the process ends.

A finaliser ends their calls. It may run at any line of any code, so it looks whether that code may hold a lock that
ending a call takes, and waits for a better moment if so. It holds no stream alive and touches no context.
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
from ...guard import guarded
from ..call import ABANDONED, Call

_open: set[Call] = set()
_lost: deque[Call] = deque()
_LOCKED = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.instrumentation.llm.reporters", "queue", "prometheus_client")
_BELOW_A_THREAD = frozenset({"run", "_bootstrap", "_bootstrap_inner"})


class _Turn:
    """The turn of ``end_open`` as the process ends: the first, so before exporters shut down, and those who came first end last.

    Whatever is taken off Python's list leaves a hole in it that stays, so the turn is taken anew only where others came since.
    """

    def __init__(self) -> None:
        self._entries: Callable[[], int] = getattr(atexit, "_ncallbacks", lambda: 0)
        self._last = -1

    def take(self) -> None:
        """Be the last who was registered."""
        if self._last != self._entries():
            atexit.unregister(end_open)
            atexit.register(end_open)
            self._last = self._entries()


_turn = _Turn()


def end_when_collected(holder: Any, call: Call) -> None:
    """End the call when ``holder`` is collected, or at the end of the process, if nothing else has ended it."""
    guarded(end_collected)
    if call.watcher is not None:
        call.watcher.detach()
    else:
        _open.add(call)
        _turn.take()
    call.watcher = weakref.finalize(holder, guarded, _collected, call, rescue=partial(_lost.append, call))
    call.watcher.atexit = False


def _collected(call: Call) -> None:
    _open.discard(call)
    if call.ended or call.pid != fork.process:
        return
    if guarded(_inside_a_lock, default=True):
        _lost.append(call)
    else:
        guarded(call.on_stream_end, ABANDONED, rescue=call.abort)


def is_collected(call: Call) -> bool:
    """Say whether the stream of a call has been collected."""
    return call.watcher is not None and not call.watcher.alive


def _inside_a_lock() -> bool:
    """Say whether the garbage collection that runs us interrupted code which may hold a lock that ending a call takes.

    A handler of the application may hold a lock of its own, so no call is ended while any handler runs in this thread.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is bus.DELIVERS:
            return True
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_LOCKED) or (module == "threading" and frame.f_code.co_name not in _BELOW_A_THREAD):
            return True
        frame = frame.f_back
    return False


def end_collected() -> None:
    """End the calls whose streams were collected at a moment when that was not safe."""
    while _lost:
        call = _lost.popleft()
        guarded(call.on_stream_end, ABANDONED, rescue=call.abort)


def end_open() -> None:
    """End every call whose stream is still open, with what was seen of it."""
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
