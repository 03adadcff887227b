"""Count values of a distribution by bucket, without keeping the values."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import partial

CHUNK_GAP_BOUNDS = tuple(10_000_000 * 2**power for power in range(14))
"""Buckets for the times between chunks of a stream, in nanoseconds: 10 ms to 82 s."""


class Spread:
    """Hold counts by bucket, the number of values, their sum, extremes, and the newest value of each bucket."""

    __slots__ = ("bounds", "count", "counts", "highest", "lowest", "newest", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.count = 0
        self.sum: float = 0
        self.lowest, self.highest = float("inf"), float("-inf")
        self.newest: dict[int, float] = {}

    def add(self, value: float) -> None:
        """Add one value."""
        place = bisect_left(self.bounds, value)
        self.counts[place] += 1
        self.count += 1
        self.sum += value
        if value < self.lowest:
            self.lowest = value
        if value > self.highest:
            self.highest = value
        self.newest[place] = value

    def add_many(self, values: Iterable[float]) -> None:
        """Add values in their order, at a small part of what ``add`` costs for each."""
        values = list(values)
        if not values:
            return
        places = list(map(partial(bisect_left, self.bounds), values))
        for place, number in Counter(places).items():
            self.counts[place] += number
        self.newest.update(zip(places, values, strict=True))
        self.count += len(values)
        self.sum += sum(values)
        self.lowest, self.highest = min(self.lowest, min(values)), max(self.highest, max(values))

    def merge(self, other: Spread, scale: float = 1.0) -> None:
        """Add all values of ``other``, whose bounds times ``scale`` are those of this one."""
        self.counts = [count + added for count, added in zip(self.counts, other.counts, strict=True)]
        self.count, self.sum = self.count + other.count, self.sum + other.sum * scale
        self.lowest, self.highest = min(self.lowest, other.lowest * scale), max(self.highest, other.highest * scale)
        for place, value in other.newest.items():
            self.newest[place] = value * scale

    def copy(self) -> Spread:
        """Return a copy that does not change with this one."""
        twin = Spread(self.bounds)
        twin.counts = list(self.counts)
        twin.count, twin.sum, twin.lowest, twin.highest = self.count, self.sum, self.lowest, self.highest
        twin.newest = dict(self.newest)
        return twin

    def __repr__(self) -> str:
        return f"Spread(count={self.count}, sum={self.sum}, lowest={self.lowest}, highest={self.highest})"
