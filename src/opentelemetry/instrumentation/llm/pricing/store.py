"""Where a budget's sums are kept: the protocol of a store, and the one of this process.

``budget`` adds to a store and reads it; ``redis_budget`` is the other store. Sums are integers, so nothing is lost to
rounding however many calls there are.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol
from weakref import WeakSet

PER_CENT = 10**9
"""Units of a cent. A cost is rounded to them once, so a million calls lose less than a thousandth of a cent."""


class Counter(NamedTuple):
    """Name one sum: what a budget spent in one window for one scope."""

    name: str
    scope: str | None
    start: float | None
    end: float | None


Tell = Callable[[Counter, int, int], None]
"""Takes a counter and its sum before and after an addition, in units."""


class Store(Protocol):
    """Keep sums. Every addition must be seen as an interval of its own: that makes each crossing happen once.

    An implementation must return quickly from ``add`` and be safe in any number of threads.
    """

    def add(self, counter: Counter, units: int, tell: Tell) -> tuple[int, int] | None:
        """Add, and return the sums before and after; or return ``None`` and call ``tell`` once they are known."""

    def spent(self, counter: Counter) -> int:
        """Return the sum as it is known now, zero for a counter that was never added to."""


_alive: WeakSet[ForkSafe] = WeakSet()


class ForkSafe:
    """Call ``renew`` on every living instance in a forked child, where a lock may be held by a thread that is gone."""

    def __init__(self) -> None:
        _alive.add(self)

    def renew(self) -> None:
        """Replace locks, threads and connections; runs alone in the child."""
        raise NotImplementedError


def _renew_all() -> None:
    for one in list(_alive):
        one.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


class MemoryStore(ForkSafe):
    """Keep at most ``most`` sums in this process; the least recently used leaves first.

    Nobody waits for the lock: who finds it taken leaves the amount to its holder. Waiting could be for ever, because
    garbage collection may end a forgotten stream, and add its cost, while this very thread is in the middle of adding.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._sums: OrderedDict[Counter, int] = OrderedDict()
        self.renew()

    def renew(self) -> None:
        """Begin at zero: what the parent has spent is in its own sums, and would be counted once a process."""
        self._sums.clear()
        self._lock = threading.Lock()
        self._inbox: deque[tuple[Counter, int, Tell]] = deque()

    def add(self, counter: Counter, units: int, tell: Tell) -> tuple[int, int] | None:
        """Add at once, or have it added and told by the thread that is adding already."""
        mine = (counter, units, tell)
        self._inbox.append(mine)
        answer = None
        for item, before, after in self._add_all():
            if item is mine:
                answer = (before, after)
            else:
                item[2](item[0], before, after)
        return answer

    def spent(self, counter: Counter) -> int:
        """Return the sum, zero for one that has left."""
        return self._sums.get(counter, 0)

    def _add_all(self) -> list[tuple[tuple[Counter, int, Tell], int, int]]:
        done = []
        # What arrives between the last look and the release is seen by the next look, after it.
        while self._inbox and self._lock.acquire(blocking=False):
            try:
                while self._inbox:
                    item = self._inbox.popleft()
                    counter, units, _ = item
                    before = self._sums.get(counter, 0)
                    self._sums[counter] = before + units
                    self._sums.move_to_end(counter)
                    if len(self._sums) > self._most:
                        self._sums.popitem(last=False)
                    done.append((item, before, before + units))
            finally:
                self._lock.release()
        return done
