"""Format lines of the StatsD protocol.

The functions are pure; only the levels of gauges are stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ...metrics import Metric

Tagging = Literal["dogstatsd", "none"]
TAGGINGS = ("dogstatsd", "none")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\-]")
_NOT_IN_TAGS = re.compile("[,|#\\s\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_TAG_LENGTH = 200
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}

Queued = tuple[Metric, tuple[Any, ...], float]


def number(value: float) -> str:
    """Format a number without an exponent, because strict servers reject exponents.

    >>> number(0.0000012), number(1500.0), number(-3)
    ('0.0000012', '1500', '-3')
    """
    return str(value) if isinstance(value, int) else f"{value:.12f}".rstrip("0").rstrip(".")


def name_of(name: str, prefix: str = "") -> str:
    """Return the name of a metric with its prefix and without special characters.

    >>> name_of("ex_llm.chat.requests.total", "my app.")
    'my_app.ex_llm.chat.requests.total'
    """
    parts = (prefix.strip("."), name)
    return _NOT_IN_NAMES.sub("_", ".".join(part for part in parts if part))


def tail_of(tags: Mapping[str, Any], tagging: Tagging) -> str:
    """Return the tags as the end of a line, or an empty text if tags are disabled.

    >>> tail_of({"model": "ft:a|b", "team": None}, "dogstatsd"), tail_of({"model": "m"}, "none")
    ('|#model:ft:a_b', '')
    """
    if tagging == "none":
        return ""
    pairs = [f"{name_of(name)}:{_NOT_IN_TAGS.sub('_', str(value))[:_TAG_LENGTH]}" for name, value in tags.items() if value is not None]
    return f"|#{','.join(pairs)}" if pairs else ""


def counted(name: str, value: float, tail: str) -> str:
    """Return the line that adds a value to a counter."""
    return f"{name}:{number(value)}|c{tail}"


def gauged(name: str, value: float, tail: str) -> list[str]:
    """Return the lines that set a gauge.

    A negative value needs two lines, because a sign in the first line would mean a change.
    """
    zero = [f"{name}:0|g{tail}"] if value < 0 else []
    return [*zero, f"{name}:{number(value)}|g{tail}"]


class StatsdFormatter:
    """Convert queued values to lines.

    Counts are added up, gauges keep the newest value, and each duration has its own line.
    """

    def __init__(self, metrics: Iterable[Metric], prefix: str, tagging: Tagging) -> None:
        if tagging not in TAGGINGS:
            raise ValueError(f"tags={tagging!r} is not allowed; use one of {', '.join(TAGGINGS)}")
        if not isinstance(prefix, str):
            raise ValueError(f"prefix={prefix!r} is not allowed; use a text such as 'myapp'")
        self._tagging = tagging
        self._names = {metric.name: name_of(metric.name, prefix) for metric in metrics}
        self._levels: dict[tuple[str, str], float] = {}

    def forget(self) -> None:
        """Remove the levels of all gauges."""
        self._levels.clear()

    def of(self, queued: Iterable[Queued]) -> list[str]:
        """Return the lines for queued values."""
        counts: dict[tuple[str, str], float] = {}
        gauges: dict[tuple[str, str], float] = {}
        times: list[str] = []
        for metric, values, value in queued:
            key = self._names[metric.name], tail_of(dict(zip(metric.tags, values, strict=True)), self._tagging)
            if metric.kind in ("counter", "total"):
                counts[key] = counts.get(key, 0) + value
            elif metric.kind == "level":
                gauges[key] = self._levels[key] = self._levels.get(key, 0) + value
            elif metric.kind == "last_value":
                gauges[key] = value
            else:
                times.append(self._timed(metric, key, value))
        lines = [counted(name, value, tail) for (name, tail), value in counts.items() if value]
        return [*lines, *(line for (name, tail), value in gauges.items() for line in gauged(name, value, tail)), *times]

    def _timed(self, metric: Metric, key: tuple[str, str], value: float) -> str:
        name, tail = key
        factor = _MILLISECONDS.get(metric.unit)
        # Only DogStatsD has a type for distributions that are not durations. For other servers a timer has the same effect.
        kind = "h" if factor is None and self._tagging == "dogstatsd" else "ms"
        return f"{name}:{number(value * (factor or 1.0))}|{kind}{tail}"
