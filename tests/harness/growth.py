"""Measure whether a process grows while it does the same again and again: objects of the collector, blocks, and memory.

A first round is for warming up, and what is there after it is left out of sight. Each further round ends with what is left when all
garbage is collected. What grows without end grows in most steps from one round to the next: a cache that fills takes one step, and
what comes and goes takes one up for each down, so the median of the steps is what a round leaves behind.
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

from .quick import forget_the_past

ROUNDS = 7
"""The first of them warms up; the second replaces what was kept by the first; between the others are five steps."""
TRACED = 2000
"""How many calls, at the most, are made once more with every allocation traced: that takes three times as long."""
_TRIES = 3
"""How often it has to be seen to grow: a process that is young fills more than one cache."""
_SHOWN = 5


class Left(NamedTuple):
    """What a round left: objects that the collector knows, blocks of objects of every kind, and bytes where they are traced."""

    objects: int
    blocks: int
    memory: int


def tolerated(calls: int) -> Left:
    """Return what may be more after so many calls: what comes and goes with no end, and less than an object for each of any kind of them."""
    return Left(8 + calls // 100, 32 + calls // 50, 4096 + calls * 2)


class Growth(NamedTuple):
    """What each round left, how many calls it made, and what grew."""

    calls: int
    left: list[Left]
    grew: list[str]

    @property
    def steady(self) -> Left:
        """By how much a round has grown: the median of the steps."""
        return Left(*(int(median(after - before for before, after in pairwise(column))) for column in zip(*self.left, strict=True)))

    def beyond(self, bare: Growth | None = None) -> bool:
        """Say whether it grows, and by more than the same without us."""
        theirs = Left(0, 0, 0) if bare is None else bare.steady
        ours = (mine - max(without, 0) for mine, without in zip(self.steady, theirs, strict=True))
        return any(more > odd for more, odd in zip(ours, tolerated(self.calls), strict=True))

    def told(self) -> str:
        """Say in one line what grew."""
        more = " ".join(f"{number} {what}" for what, number in self.steady._asdict().items())
        return f"{more} more after each {self.calls} calls; in one of these: {', '.join(self.grew)}"


def measured(run: Callable[[int], object], calls: int) -> list[Growth]:
    """Make this many calls in rounds, and some of them traced; ``run(n)`` makes ``n`` and keeps nothing of its own.

    Where there are few all of them are traced. The last growth is the one that is too much, if there is one.
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
    """Run one more round and name the types and the lines of which there is more after it."""
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
