"""Stores of budget sums: the protocol, and the store in this process.

``redis_budget`` is the other store. Sums are integers, so rounding errors do not accumulate.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from .. import fork

PER_CENT = 10**9
"""Units per cent; rounding loses less than 0.001 cents per million calls."""


class Counter(NamedTuple):
    """Key of one sum: the spending of a budget in one window and scope."""

    name: str
    scope: str | None
    start: float | None
    end: float | None


Tell = Callable[[Counter, int, int], None]
"""Takes a counter and its sum before and after an addition, in units."""


class Store(Protocol):
    """Keep sums; every addition has its own interval, so each crossing happens once.

    An implementation must return quickly from ``add`` and must be thread-safe.
    """

    def add(self, counter: Counter, units: int, tell: Tell) -> tuple[int, int] | None:
        """Add, and return the sums before and after.

        A store may return ``None`` and call ``tell`` later, when the sums are known.
        """

    def spent(self, counter: Counter) -> int:
        """Return the sum known now; zero for a counter that was never added to."""


class ForkSafe:
    """Calls ``renew`` in a forked child, where another thread may have held a lock."""

    def __init__(self) -> None:
        fork.register_at_fork(self)

    def after_fork_in_child(self) -> None:
        """Reset the store."""
        self.renew()

    def renew(self) -> None:
        """Replace locks, threads and connections; runs alone in the child."""
        raise NotImplementedError


class MemoryStore(ForkSafe):
    """At most ``most`` sums in this process; the oldest unused is removed first.

    No thread waits for the lock: if it is held, the amount is queued for the holder. Waiting could deadlock, because
    garbage collection may end a stream and add its cost on the thread that holds the lock.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._sums: OrderedDict[Counter, int] = OrderedDict()
        self.renew()

    def renew(self) -> None:
        """Start at zero: the parent reports its own sums, which must not count twice."""
        self._sums.clear()
        self._lock = threading.Lock()
        self._inbox: deque[tuple[Counter, int, Tell]] = deque()

    def add(self, counter: Counter, units: int, tell: Tell) -> tuple[int, int] | None:
        """Add now, or queue for the thread that is adding."""
        mine = (counter, units, tell)
        self._inbox.append(mine)
        result = None
        for item, before, after in self._add_all():
            if item is mine:
                result = (before, after)
            else:
                item[2](item[0], before, after)
        return result

    def spent(self, counter: Counter) -> int:
        """Return the sum; zero for a sum that was removed."""
        return self._sums.get(counter, 0)

    def _add_all(self) -> list[tuple[tuple[Counter, int, Tell], int, int]]:
        done = []
        # Amounts queued between the last check and the release are handled by the next check.
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
