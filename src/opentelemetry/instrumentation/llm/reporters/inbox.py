"""Take entries from any thread and any finaliser without waiting, and begin anew in the child of a fork."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol


class AtFork(Protocol):
    """An object with a lock, a thread, a socket or unsent lines, none of which works in the child of a fork."""

    def after_fork_in_child(self) -> None:
        """Begin anew in the child of a fork, before anything else runs there."""


_keepers: weakref.WeakSet[AtFork] = weakref.WeakSet()


def register_at_fork(keeper: AtFork) -> None:
    """Call ``keeper.forked()`` in every child of this process, for as long as ``keeper`` lives."""
    _keepers.add(keeper)


def _forked() -> None:
    for keeper in list(_keepers):
        keeper.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class DeferredQueue:
    """A queue of entries: any thread may ``put``, and one thread at a time takes them out.

    A finaliser may emit an event at any line of its thread, also while that thread holds the lock of a reporter.
    So ``put`` never waits for a lock.
    """

    def __init__(self, take: Callable[..., None]) -> None:
        self._take = take
        self._waiting: deque[tuple[Any, ...]] = deque()
        self.lock = threading.Lock()
        register_at_fork(self)

    def after_fork_in_child(self) -> None:
        """Begin anew in a child: another thread of the parent may have held the lock, and the parent takes what waits."""
        self.lock = threading.Lock()
        self._waiting.clear()

    def put(self, *entry: Any) -> None:
        """Take an entry out at once, or leave it to the thread that holds the lock."""
        if self.lock.acquire(blocking=False):
            try:
                self._take(*entry)
            finally:
                self.lock.release()
        else:
            self._waiting.append(entry)
        # Once more after the lock is free: entries that came in the meantime were left to this thread.
        while self._waiting and self.lock.acquire(blocking=False):
            try:
                self.empty()
            finally:
                self.lock.release()

    def empty(self) -> None:
        """Take out the entries that wait; only for the holder of the lock."""
        for _ in range(len(self._waiting)):
            self._take(*self._waiting.popleft())
