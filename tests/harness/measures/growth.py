"""Measure whether a process grows while it repeats the same calls.

It counts objects of the garbage collector, allocated blocks, and bytes. The first round is a warm-up. Each later round
ends after a garbage collection. A leak grows in most steps from one round to the next; a cache grows in one step, and
temporary objects go up as often as down. So the median of the steps is the growth of a round.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from harness.measures.fast_clients import forget_the_past

ROUNDS = 7
"""Round 1 warms up, round 2 replaces its leftovers, then come five steps."""
TRACED = 2000
"""Maximum number of calls with traced allocations (3 times slower)."""
_TRIES = 3
"""Measurements that must show growth: a new process fills several caches."""
_SHOWN = 5


class Left(NamedTuple):
    """State after a round: collector objects, allocated blocks, and traced bytes."""

    objects: int
    blocks: int
    memory: int


def tolerated(calls: int) -> Left:
    """Return the growth that is tolerated after so many calls.

    It covers temporary objects, and is less than one object of each kind for a call.
    """
    return Left(8 + calls // 100, 32 + calls // 50, 4096 + calls * 2)


class Growth(NamedTuple):
    """State after each round, the number of calls in a round, and the growing types."""

    calls: int
    left: list[Left]
    grew: list[str]

    @property
    def steady(self) -> Left:
        """By how much a round has grown: the median of the steps."""
        return Left(*(int(median(after - before for before, after in pairwise(column))) for column in zip(*self.left, strict=True)))

    def beyond(self, bare: Growth | None = None) -> bool:
        """Return True if it grows, and grows more than without instrumentation."""
        theirs = Left(0, 0, 0) if bare is None else bare.steady
        ours = (mine - max(without, 0) for mine, without in zip(self.steady, theirs, strict=True))
        return any(more > odd for more, odd in zip(ours, tolerated(self.calls), strict=True))

    def reported(self) -> str:
        """Return one line that describes the growth."""
        more = " ".join(f"{number} {what}" for what, number in self.steady._asdict().items())
        return f"{more} more after each {self.calls} calls; in one of these: {', '.join(self.grew)}"


def measured(run: Callable[[int], object], calls: int) -> list[Growth]:
    """Run so many calls in rounds, some traced; ``run(n)`` makes ``n`` calls.

    If there are few calls, all are traced. The last growth is the excessive growth, if there is any.
    """
    found = [] if calls <= TRACED else [_watched(run, calls)]
    if not any(growth.beyond() for growth in found):
        with _tracing():
            found.append(_watched(run, min(calls, TRACED)))
    return found


@contextmanager
def _tracing() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def _watched(run: Callable[[int], object], calls: int) -> Growth:
    each = calls // ROUNDS
    run(each)
    forget_the_past()
    for _ in range(_TRIES):
        growth = Growth(each, [_left_by(run, each) for _ in range(ROUNDS - 1)], [])
        if not growth.beyond():
            return growth
    return growth._replace(grew=_what_grows(run, each))


def _left_by(run: Callable[[int], object], calls: int) -> Left:
    run(calls)
    _collect()
    return Left(len(gc.get_objects()), sys.getallocatedblocks(), tracemalloc.get_traced_memory()[0])


def _collect() -> None:
    # A finaliser makes garbage too.
    for _ in range(3):
        gc.collect()


def _what_grows(run: Callable[[int], object], calls: int) -> list[str]:
    """Run one more round; return the types and source lines that grew."""
    with _tracing() if not tracemalloc.is_tracing() else nullcontext():
        before, lines = _types(), tracemalloc.take_snapshot()
        run(calls)
        _collect()
        more = [f"{number} {name}" for name, number in (_types() - before).most_common(_SHOWN)]
        where = tracemalloc.take_snapshot().compare_to(lines, "lineno")
    grown = sorted((line for line in where if line.size_diff > 0), key=lambda line: -line.size_diff)
    return [*more, *(f"{line.size_diff} bytes at {line.traceback}" for line in grown[:_SHOWN])]


def _types() -> Counter[str]:
    return Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in map(type, gc.get_objects()))
