"""Record the time of each chunk of a stream, and later count the gaps in buckets.

Recording a time stores one number only.
"""

from __future__ import annotations

from itertools import islice
from operator import sub

from ..schema.spread import CHUNK_GAP_BOUNDS, Histogram

KEPT = 250
"""Number of times that are kept before they are counted in buckets. It limits the
memory of a stream of any length.
"""


class ChunkTimes:
    """The chunk times of one stream, in nanoseconds of ``time.perf_counter_ns``.

    ``times.append`` records a time.
    """

    __slots__ = ("_gaps", "_sorted", "first", "times")

    def __init__(self) -> None:
        self.times: list[int] = []
        self.first: int | None = None
        self._sorted = 0
        self._gaps: Histogram | None = None

    @property
    def count(self) -> int:
        """Number of recorded chunks."""
        return self._sorted + len(self.times)

    def since_last(self, before: int) -> int:
        """Return the time between the last two chunks.

        For the first chunk, ``before`` is the start of the stream.
        """
        times = self.times
        return times[-1] - (times[-2] if len(times) > 1 else before)

    def sort(self) -> None:
        """Count the gaps between chunks in buckets, and keep only the last time."""
        times = self.times
        if len(times) < 2:
            return
        if self._gaps is None:
            self._gaps = Histogram(CHUNK_GAP_BOUNDS)
        self._gaps.add_many(list(map(sub, islice(times, 1, None), times)))
        self._sorted += len(times) - 1
        del times[:-1]

    def gaps(self) -> Histogram | None:
        """Return the gaps between all chunks, or ``None`` if there were fewer than two.

        Call this once, at the end of the stream.
        """
        self.sort()
        return self._gaps
