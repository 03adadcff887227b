"""Wait until an SDK has done what it does behind a call: threads that keep its books hold what they were given until then."""

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
"""Threads that have not ended while they were waited for: they serve, and have nothing to finish."""


def _waits(thread: threading.Thread) -> bool:
    """Say whether a thread stands still in a queue, until it is given something to do."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None and frame.f_code is not queue.Queue.get.__code__:
        frame = frame.f_back
    return frame is not None


def _at_work() -> list[threading.Thread]:
    """List the threads that the end of the process would wait for, but for those of pools, which wait for work."""
    here = {threading.main_thread(), threading.current_thread(), *pools._threads_queues, *_lasting}
    return [each for each in threading.enumerate() if not (each.daemon or each in here or _waits(each))]


def _busy() -> bool:
    """Say whether a thread is at work, or any pool has work that is not done."""
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
    """Wait for all threads, and let the event loop, which some of them may wait for, go on."""
    until = time.monotonic() + _PATIENCE
    while _busy():
        if time.monotonic() > until:
            _lasting.update(_at_work())
            return
        await asyncio.sleep(_STEP)
    time.sleep(_STEP)  # work is let go a moment after it is done
