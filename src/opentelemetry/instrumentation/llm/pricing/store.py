"""Where a budget's sums are kept: the protocol of a store, and the one of this process.

``budget`` adds to a store and reads it; ``redis_budget`` is the other store. Sums are integers, so nothing is lost to
rounding however many calls there are.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
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
        pass


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)


class MemoryStore(ForkSafe):
    """Keep at most ``most`` sums in this process; the least recently used leaves first."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._sums: OrderedDict[Counter, int] = OrderedDict()
        self._lock = threading.Lock()

    def renew(self) -> None:
        """Keep the sums that the parent had."""
        self._lock = threading.Lock()

    def add(self, counter: Counter, units: int, tell: Tell) -> tuple[int, int]:
        """Add at once; ``tell`` is not needed."""
        with self._lock:
            before = self._sums.get(counter, 0)
            self._sums[counter] = before + units
            self._sums.move_to_end(counter)
            if len(self._sums) > self._most:
                self._sums.popitem(last=False)
        return before, before + units

    def spent(self, counter: Counter) -> int:
        """Return the sum, zero for one that has left."""
        return self._sums.get(counter, 0)
