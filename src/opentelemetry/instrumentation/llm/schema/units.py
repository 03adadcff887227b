"""Units of time: the unit of ``duration``, and conversion to other units."""

from __future__ import annotations

_NANOSECONDS = {"native": 1, "nanosecond": 1, "microsecond": 1_000, "millisecond": 1_000_000, "second": 1_000_000_000}


def convert_time_unit(value: float, from_unit: str, to_unit: str) -> float:
    """Convert a time between units.

    Units are native, nanosecond, microsecond, millisecond and second. ``native`` is the unit of measurements in events:
    nanoseconds of ``time.perf_counter_ns``. Any other unit raises ``ValueError``.

    >>> convert_time_unit(1_500_000, "native", "millisecond")
    1.5
    """
    for unit in (from_unit, to_unit):
        if unit not in _NANOSECONDS:
            raise ValueError(f"unknown time unit {unit!r}; use one of {', '.join(_NANOSECONDS)}")
    return value * _NANOSECONDS[from_unit] / _NANOSECONDS[to_unit]
