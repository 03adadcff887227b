"""Wait until an SDK has done what it does behind a call: threads that keep its books hold what they were given until then."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from concurrent.futures import thread as pools

_PATIENCE, _STEP = 5.0, 0.002
_lasting: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
"""Threads that have not ended while they were waited for: they serve, and have nothing to finish."""


def _at_work() -> list[threading.Thread]:
    """List the threads that the end of the process would wait for, but for those of pools, which wait for work."""
    here = {threading.main_thread(), threading.current_thread(), *pools._threads_queues, *_lasting}
    return [each for each in threading.enumerate() if not each.daemon and each not in here]


def _busy() -> bool:
    """Say whether a thread is at work, or any pool has work that is not done: a piece of work is let go when it is."""
    return bool(_at_work()) or any(type(held) is pools._WorkItem for held in gc.get_objects())


def rest() -> None:
    """Wait for all threads."""
    until = time.monotonic() + _PATIENCE
    while _busy():
        if time.monotonic() > until:
            _lasting.update(_at_work())
            return
        time.sleep(_STEP)


async def rest_asynchronously() -> None:
    """Wait for all threads, and let the event loop, which some of them may wait for, go on."""
    until = time.monotonic() + _PATIENCE
    while _busy():
        if time.monotonic() > until:
            _lasting.update(_at_work())
            return
        await asyncio.sleep(_STEP)
