"""Count the values of a distribution in buckets, without storing the values."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from typing import Any

CHUNK_GAP_BOUNDS = tuple(10_000_000 * 2**power for power in range(14))
"""Buckets for the time between chunks of a stream, in nanoseconds: 10 ms to 82 s."""


class Histogram:
    """Counts by bucket, the number, sum and extremes of values, and newest values.

    ``newest`` contains the newest value of each bucket with its mark. A mark identifies the span in which a value was measured.
    A value with a mark has priority over a value without a mark.
    """

    __slots__ = ("bounds", "count", "counts", "highest", "lowest", "newest", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self._clear()

    def _clear(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)
        self.count = 0
        self.sum: float = 0
        self.lowest, self.highest = float("inf"), float("-inf")
        self.newest: dict[int, tuple[float, Any]] = {}

    def add(self, value: float, mark: object = None) -> None:
        """Add one value."""
        place = bisect_left(self.bounds, value)
        self.counts[place] += 1
        self.count += 1
        self.sum += value
        if value < self.lowest:
            self.lowest = value
        if value > self.highest:
            self.highest = value
        if mark is not None or place not in self.newest or self.newest[place][1] is None:
            self.newest[place] = (value, mark)

    def add_many(self, values: Iterable[float]) -> None:
        """Add values in their order, at much less cost than ``add`` for each."""
        values = list(values)
        if not values:
            return
        # One search for each bucket of the sorted values costs less than one search for each value.
        ordered, below = sorted(values), 0
        for place, bound in enumerate((*self.bounds, ordered[-1])):
            upto = bisect_right(ordered, bound, below)
            if upto > below:
                self.counts[place] += upto - below
                least, most = ordered[below], ordered[upto - 1]
                self.newest[place] = (next(value for value in reversed(values) if least <= value <= most), None)
                below = upto
        self.count += len(values)
        self.sum += sum(values)
        self.lowest, self.highest = min(self.lowest, ordered[0]), max(self.highest, ordered[-1])

    def merge(self, other: Histogram, mark: object = None) -> None:
        """Add all values of ``other``, which has the same bounds.

        ``mark`` is used for values without a mark.
        """
        self.counts = [count + added for count, added in zip(self.counts, other.counts, strict=True)]
        self.count, self.sum = self.count + other.count, self.sum + other.sum
        self.lowest, self.highest = min(self.lowest, other.lowest), max(self.highest, other.highest)
        for place, (value, marked) in other.newest.items():
            marked = mark if marked is None else marked
            if marked is not None or place not in self.newest or self.newest[place][1] is None:
                self.newest[place] = (value, marked)

    def converted(self, convert: Callable[[float], float], bounds: tuple[float, ...] | None = None) -> Histogram:
        """Return the same values in another unit.

        ``bounds`` are the bounds in the new unit.
        """
        twin = self.copy()
        twin.bounds = tuple(map(convert, self.bounds)) if bounds is None else bounds
        twin.sum, twin.lowest, twin.highest = convert(self.sum), convert(self.lowest), convert(self.highest)
        twin.newest = {place: (convert(value), mark) for place, (value, mark) in self.newest.items()}
        return twin

    def take(self) -> Histogram:
        """Return a copy and reset this histogram."""
        taken = self.copy()
        self._clear()
        return taken

    def copy(self) -> Histogram:
        """Return an independent copy."""
        twin = Histogram(self.bounds)
        twin.counts = list(self.counts)
        twin.count, twin.sum, twin.lowest, twin.highest = self.count, self.sum, self.lowest, self.highest
        twin.newest = dict(self.newest)
        return twin

    def __repr__(self) -> str:
        return f"Histogram(count={self.count}, sum={self.sum}, lowest={self.lowest}, highest={self.highest})"
