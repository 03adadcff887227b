"""Buffer the measurements of events that have equal tags.

An event is then counted once for all metrics. A ``Plan`` is created once for each event: the metadata keys that
distinguish its rows, and the values that its metrics share. For example, the duration of a call is stored in one
``Histogram`` in nanoseconds. Metrics in milliseconds and in seconds are computed from it when they are read. A ``Row``
only buffers, so it can be dropped after it was emptied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..metrics import Metric, Parts
from ..schema.spread import Histogram
from .amounts import LIMIT, SPREAD_KINDS, unscaled

ROWS_KEPT = 2000

Bounds = tuple[float, ...] | None
Use = tuple[Metric, Mapping[str, Any] | None]
"""A metric that uses a value, and the tags that apply to this value only."""

Column = tuple[str, Bounds, tuple[Use, ...]]
"""The key of a value, the bucket bounds for it, and the metrics that are computed
from it.
"""

Count = Callable[[Use, Mapping[str, Any], Any], None]
"""Add a buffered value to a metric, given the bounded metadata of its row."""


class Row:
    """The sums and histograms of one event and one set of tags since the last reset."""

    __slots__ = ("hits", "known", "last", "spreads", "sums")

    def __init__(self, plan: Plan, known: Mapping[str, Any]) -> None:
        self.known = known
        self.hits = 0
        self.sums: list[tuple[str, list[float]]] = [(key, [0, 0]) for key, bounds, _ in plan.columns if bounds is None]
        self.spreads = [(key, Histogram(bounds)) for key, bounds, _ in plan.columns if bounds is not None]
        self.last: list[tuple[str, list[Any]]] = [(key, [None, 0]) for key in plan.last]

    def book(self, measured: Mapping[str, Any], known: Mapping[str, Any], mark: Any, order: int) -> list[str] | None:
        """Count one event; return the keys of values that are not valid amounts.

        Those values are not counted.
        """
        odd = None
        self.hits += 1
        for key, total in self.sums:
            value = measured.get(key)
            if value is None:
                value = known.get(key)
                if value is None:
                    continue
            kind = value.__class__
            if (kind is int or kind is float) and 0 <= value < LIMIT:
                total[0] += value
                total[1] = 1
            else:
                odd = [key, *(odd or ())]
        for key, spread in self.spreads:
            value = measured.get(key)
            if value is None:
                value = known.get(key)
                if value is None:
                    continue
            kind = value.__class__
            if (kind is int or kind is float) and 0 <= value < LIMIT:
                spread.add(value, mark)
            else:
                odd = [key, *(odd or ())]
        for key, newest in self.last:
            value = measured.get(key)
            if value is None:
                value = known.get(key)
                if value is None:
                    continue
            kind = value.__class__
            if (kind is int or kind is float) and 0 <= value < LIMIT:
                newest[0], newest[1] = value, order
            else:
                odd = [key, *(odd or ())]
        return odd


class Plan:
    """The rules for counting one event for all metrics that it changes."""

    def __init__(self, event: str, metrics: Iterable[Metric], detailed: bool = False) -> None:
        metrics = list(metrics)
        self.event = event
        self.parts: frozenset[str] = frozenset()
        if not detailed:
            wholes = [
                metric.measurement for metric in metrics if isinstance(metric.measurement, Parts) and metric.measurement.whole is not None
            ]
            self.parts = frozenset(key for takes in wholes for key in takes.keys.values())
        self.counters = [metric for metric in metrics if metric.measurement is None]
        self.rest: list[Metric] = []
        self.by_key: dict[str, list[Use]] = {}
        for metric in metrics:
            uses = _uses(metric, detailed)
            if uses is None:
                self.rest.append(metric)
            for key, extra in uses or ():
                self.by_key.setdefault(key, []).append((metric, extra))
        self.columns = list(_columns(self.by_key))
        self.last = [key for key, found in self.by_key.items() if any(metric.kind == "last_value" for metric, _ in found)]
        tagged = [*self.counters, *(metric for found in self.by_key.values() for metric, _ in found)]
        self.keys = tuple(dict.fromkeys(key for metric in tagged for key in metric.tags.values()))
        self.rows: dict[tuple[Any, ...], Row] = {}
        self.detailed = Plan(event, metrics, detailed=True) if self.parts else self

    def row(self, known: Mapping[str, Any], bounded: Callable[[str, Any], Any], full: Callable[[], None]) -> Row:
        """Return the row for the metadata of an event; create it if it does not exist."""
        raw = tuple([known.get(key) for key in self.keys])
        shown = tuple([bounded(key, value) for key, value in zip(self.keys, raw, strict=True)])
        # A value that is replaced (by ``other``, for example) is checked each time, so that its frequency is known.
        found = self.rows.get(shown)
        if found is None:
            if len(self.rows) >= ROWS_KEPT:
                full()
            found = self.rows[shown] = Row(self, dict(zip(self.keys, shown, strict=True)))
        return found

    def empty(self, row: Row, count: Count, last: Callable[[Use, Mapping[str, Any], Any, int], None]) -> None:
        """Move the buffered values of a row to its metrics."""
        for metric in self.counters:
            count((metric, None), row.known, row.hits)
        totals = iter(row.sums)
        spreads = iter(row.spreads)
        for _, bounds, uses in self.columns:
            if bounds is None:
                _, total = next(totals)
                if total[1]:
                    for use in uses:
                        count(use, row.known, total[0])
                    total[0] = total[1] = 0
                continue
            _, spread = next(spreads)
            if spread.count:
                taken = spread.take()
                for use in uses:
                    count(use, row.known, taken if use[0].kind in SPREAD_KINDS else taken.sum)
        for key, newest in row.last:
            if newest[1]:
                for use in self.by_key[key]:
                    if use[0].kind == "last_value":
                        last(use, row.known, newest[0], newest[1])
                newest[1] = 0
        row.hits = 0


def _uses(metric: Metric, detailed: bool) -> Iterable[tuple[str, Mapping[str, Any] | None]] | None:
    """Return the keys of the values that a metric uses, with the tags of each.

    Return ``None`` if a function computes the values.
    """
    takes = metric.measurement
    if takes is None:
        return ()
    if isinstance(takes, str):
        return ((takes, None),)
    if not isinstance(takes, Parts):
        return None
    if takes.whole is None:
        return [(key, {takes.tag: part}) for part, key in takes.keys.items()]
    # Parts of a total are rare. For an event without parts, the total is counted with the tag ``unknown``, which other metrics
    # can share.
    return None if detailed else ((takes.whole, {takes.tag: "unknown"}),)


def _columns(by_key: Mapping[str, list[Use]]) -> Iterable[Column]:
    for key, uses in by_key.items():
        found: dict[Bounds, list[Use]] = {}
        plain = [use for use in uses if use[0].kind not in (*SPREAD_KINDS, "last_value")]
        for metric, extra in uses:
            if metric.kind in SPREAD_KINDS:
                found.setdefault(unscaled(metric.buckets, metric.scale), []).append((metric, extra))
        if plain:
            # A histogram also stores the sum of its values.
            found.setdefault(next(iter(found), None), []).extend(plain)
        for bounds, made in found.items():
            yield key, bounds, tuple(made)
