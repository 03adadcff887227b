"""Units of time: what ``duration`` is measured in and how to read it in another unit."""

from __future__ import annotations

_NANOSECONDS = {"native": 1, "nanosecond": 1, "microsecond": 1_000, "millisecond": 1_000_000, "second": 1_000_000_000}


def convert_time_unit(value: float, from_unit: str, to_unit: str) -> float:
    """Convert a time between units; ``native`` is what events measure in: nanoseconds of ``time.perf_counter_ns``.

    Units are native, nanosecond, microsecond, millisecond and second. Raises ``ValueError`` for any other.

    >>> convert_time_unit(1_500_000, "native", "millisecond")
    1.5
    """
    for unit in (from_unit, to_unit):
        if unit not in _NANOSECONDS:
            raise ValueError(f"unknown time unit {unit!r}; use one of {', '.join(_NANOSECONDS)}")
    return value * _NANOSECONDS[from_unit] / _NANOSECONDS[to_unit]
