"""Accept entries from any thread and finalizer without blocking."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ..fork import register_at_fork


class DeferredQueue:
    """A queue that any thread can add to and one thread at a time processes.

    A finalizer can emit an event at any line of its thread, even while that thread holds a reporter's lock. Therefore ``put``
    never waits for a lock.
    """

    def __init__(self, take: Callable[..., None]) -> None:
        self._take = take
        self.waiting: deque[tuple[Any, ...]] = deque()
        self.lock = threading.Lock()
        register_at_fork(self)

    def after_fork_in_child(self) -> None:
        """Reset the queue in a forked child.

        Another thread of the parent may have held the lock. The parent processes its own entries.
        """
        self.lock = threading.Lock()
        self.waiting.clear()

    def put(self, *entry: Any) -> None:
        """Process an entry now, or leave it to the thread that holds the lock."""
        if self.lock.acquire(blocking=False):
            try:
                self._take(*entry)
            finally:
                self.lock.release()
        else:
            self.waiting.append(entry)
        if self.waiting:
            self.drain()

    def drain(self) -> None:
        """Process waiting entries, unless another thread holds the lock and does so."""
        # Repeated after the lock was released, because entries added in the meantime were left to this thread.
        while self.waiting and self.lock.acquire(blocking=False):
            try:
                self.empty()
            finally:
                self.lock.release()

    def empty(self) -> None:
        """Process the waiting entries. The caller must hold the lock."""
        for _ in range(len(self.waiting)):
            self._take(*self.waiting.popleft())
