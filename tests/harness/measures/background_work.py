"""Wait for the background work of an SDK, which holds arguments of the call."""

from __future__ import annotations

import asyncio
import gc
import queue
import sys
import threading
import time
import weakref
from concurrent.futures import thread as pools

_PATIENCE, _STEP = 5.0, 0.002
_lasting: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
"""Threads that did not end in the wait, because they serve requests."""


def _waits(thread: threading.Thread) -> bool:
    """Return True if a thread waits for an item of a queue."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code is not queue.Queue.get.__code__:
        frame = frame.f_back
    return frame is not None


def _at_work() -> list[threading.Thread]:
    """List the threads that interpreter exit waits for, without idle pool threads."""
    here = {threading.main_thread(), threading.current_thread(), *pools._threads_queues, *_lasting}
    return [each for each in threading.enumerate() if not (each.daemon or each in here or _waits(each))]


def _busy() -> bool:
    """Return True if a thread or a pool has unfinished work."""
    return bool(_at_work()) or any(type(held) is pools._WorkItem and not held.future.done() for held in gc.get_objects())


def rest() -> None:
    """Wait for all threads."""
    until = time.monotonic() + _PATIENCE
    while _busy():
        if time.monotonic() > until:
            _lasting.update(_at_work())
            return
        time.sleep(_STEP)
    time.sleep(_STEP)  # work is let go a moment after it is done


async def rest_asynchronously() -> None:
    """Wait for all threads while the event loop runs, which some of them need."""
    until = time.monotonic() + _PATIENCE
    while _busy():
        if time.monotonic() > until:
            _lasting.update(_at_work())
            return
        await asyncio.sleep(_STEP)
    time.sleep(_STEP)  # work is let go a moment after it is done
