"""Note when each chunk of a stream was taken, at the price of one number; sort the times between them into buckets later."""

from __future__ import annotations

from array import array
from itertools import islice
from operator import sub

from ..schema.spread import CHUNK_GAP_BOUNDS, Histogram

KEPT = 1000
"""Times that are held before they are sorted, so that an open stream of any length has the same size."""


class ChunkTimes:
    """The times of one stream, in nanoseconds of ``time.perf_counter_ns``; ``times.append`` notes one."""

    __slots__ = ("_gaps", "_sorted", "first", "times")

    def __init__(self) -> None:
        self.times = array("q")
        self.first: int | None = None
        self._sorted = 0
        self._gaps: Histogram | None = None

    @property
    def count(self) -> int:
        """How many chunks were taken."""
        return self._sorted + len(self.times)

    def since_last(self, before: int) -> int:
        """Return the time between the last two chunks; ``before`` is when the stream began, for the first."""
        times = self.times
        return times[-1] - (times[-2] if len(times) > 1 else before)

    def sort(self) -> None:
        """Count the times between chunks by bucket, and keep only the last time, where the next one begins."""
        times = self.times
        if len(times) < 2:
            return
        if self._gaps is None:
            self._gaps = Histogram(CHUNK_GAP_BOUNDS)
        self._gaps.add_many(list(map(sub, islice(times, 1, None), times)))
        self._sorted += len(times) - 1
        del times[:-1]

    def gaps(self) -> Histogram | None:
        """Return the times between all chunks, or ``None`` where there were fewer than two; asked once, at the end."""
        self.sort()
        return self._gaps
