"""Count events as plain numbers by metric and tags, for reporters to read later.

One update of a synchronous SDK counter costs about half as much as a span. Therefore each event is counted here once,
under one lock, in a row that all metrics of the event share (see ``rows``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .. import bus
from ..fork import register_at_fork
from ..metrics import Metric
from ..schema.spread import Histogram
from .amounts import SPREAD_KINDS, bounded_number, by_event, converter, samples
from .inbox import DeferredQueue
from .rows import Count, Plan, Use
from .tags import OTHER, SETS_PER_METRIC, VALUES_PER_TAG, TagMapper, Tags, Values

__all__ = ["OVERFLOW", "VALUES_PER_TAG", "Aggregator", "tagged"]

OVERFLOW = "otel.metric.overflow"
"""The only tag of the overflow series, which is used after a metric has 2,000
sets of tags.
"""

Mark = Callable[[Mapping[str, Any]], Any]


def tagged(metrics: Iterable[Metric], keys: Iterable[str]) -> list[Metric]:
    """Return the metrics with more tags, each from the metadata key of that name.

    >>> from ..metrics import cost_metrics
    >>> [sorted(metric.tags) for metric in tagged(cost_metrics()[:1], ["tenant.id"])]
    [['model', 'provider', 'tenant.id']]
    """
    more = {key: key for key in keys}
    return [metric._replace(tags={**metric.tags, **more}) for metric in metrics]


class _Counted:
    """The numbers of one metric, by set of tags.

    Each is a ``Histogram``, or a list of a number and its order.
    """

    def __init__(self, metric: Metric, values: Values) -> None:
        self.metric = metric
        self.tagger = TagMapper(metric, values)
        self.convert = converter(metric.scale)
        self.cells: dict[Tags | None, Any] = {}

    def cell(self, tags: Tags | None) -> Any:
        """Return the numbers for a set of tags.

        Above the limit, return those of the overflow series, whose key is ``None``.
        """
        found = self.cells.get(tags)
        if found is None:
            if tags is not None and len(self.cells) >= SETS_PER_METRIC - (None not in self.cells):
                return self.cell(None)
            found = self.cells[tags] = Histogram(self.metric.buckets) if self.metric.kind in SPREAD_KINDS else [0, 0]
        return found

    def forget(self, key: str, value: Any) -> None:
        """Move the numbers of one tag value to ``other``."""
        places = [place for place, source in enumerate(self.metric.tags.values()) if source == key]
        for tags in [tags for tags in self.cells if tags is not None and any(tags[place] == value for place in places)]:
            merged = tuple([OTHER if place in places and tag == value else tag for place, tag in enumerate(tags)])
            old, cell = self.cells.pop(tags), self.cell(merged)
            if isinstance(cell, Histogram):
                cell.merge(old)
            elif self.metric.kind != "last_value":
                cell[0] += old[0]
            elif old[1] > cell[1]:
                cell[:] = old


class Aggregator:
    """Aggregate events into metrics between ``attach`` and ``detach``; thread-safe.

    ``mark`` returns the data to keep with the newest value of a bucket, computed from the metadata of its event.
    """

    def __init__(self, metrics: Iterable[Metric], mark: Mark | None = None) -> None:
        self.metrics: list[Metric] = []
        self.before: Callable[[str, Mapping[str, Any], Mapping[str, Any]], None] | None = None
        """Called with each event before it is counted."""
        self._values = Values(self._settle, self._forgotten)
        self._counted: dict[str, _Counted] = {}
        self._plans: dict[str, Plan] = {}
        self._mark = mark
        self._marked: frozenset[str] = frozenset()
        self._order = itertools.count(1)
        self._inbox = DeferredQueue(self._book)
        self.id = f"aggregator-{bus.new_ref()}"
        self.extend(metrics)
        register_at_fork(self)

    def extend(self, metrics: Iterable[Metric]) -> bool:
        """Add metrics; return False, without any change, if an event is being counted."""
        if not self._inbox.lock.acquire(blocking=False):
            return False
        try:
            self._settle()
            metrics = list(metrics)
            self.metrics += metrics
            self._counted |= {metric.name: _Counted(metric, self._values) for metric in metrics}
            changed = by_event(self.metrics)
            self._plans = {event: Plan(event, found) for event, found in changed.items()}
            spread = {event for event, found in changed.items() if any(metric.kind in SPREAD_KINDS for metric in found)}
            self._marked = frozenset(spread if self._mark is not None else ())
        finally:
            self._inbox.lock.release()
        return True

    def attach(self) -> None:
        """Start counting."""
        bus.attach_many(self.id, list(self._plans), self.handle, keep=True)

    def detach(self) -> None:
        """Stop counting; the numbers are kept."""
        bus.detach(self.id)

    def after_fork_in_child(self) -> None:
        """Start from zero in a forked child: the parent reports its own numbers."""
        self._values.clear()
        for counted in self._counted.values():
            counted.cells.clear()
        for plan in self._every_plan():
            plan.rows.clear()

    def handle(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any = None) -> None:
        """Count one event."""
        if self.before is not None:
            self.before(event, measurements, metadata)
        plan = self._plans.get(event)
        if plan is None:
            return
        mark = self._mark(metadata) if self._mark is not None and event in self._marked else None
        # Copied, because a dict is read at half the cost of a read-only view, and because the event may wait in the queue.
        measured = measurements.copy() if hasattr(measurements, "copy") else dict(measurements)
        known = metadata.copy() if hasattr(metadata, "copy") else dict(metadata)
        # The same as ``DeferredQueue.put``, without its frame and the packing of its arguments.
        inbox = self._inbox
        lock = inbox.lock
        if lock.acquire(False):
            try:
                self._book(plan, measured, known, mark)
            finally:
                lock.release()
        else:
            inbox.waiting.append((plan, measured, known, mark))
        if inbox.waiting:
            inbox.drain()

    def read(self, metric: Metric) -> Iterator[tuple[dict[str, Any], Any]]:
        """Return each set of tags of a metric with its number.

        The number is a ``Histogram`` for distributions and summaries.
        """
        with self._inbox.lock:
            self._inbox.empty()
            self._settle()
            counted = self._counted[metric.name]
            numbers = [(tags, cell.copy() if isinstance(cell, Histogram) else cell[0]) for tags, cell in counted.cells.items()]
        for tags, value in numbers:
            yield _named(counted, tags), bounded_number(metric, value)

    def take(self, metrics: Iterable[Metric]) -> list[tuple[Metric, dict[str, Any], Histogram]]:
        """Return the distribution values since the last call of ``take``, by tags."""
        taken = []
        with self._inbox.lock:
            self._inbox.empty()
            self._settle()
            for metric in metrics:
                counted = self._counted[metric.name]
                taken += [(metric, _named(counted, tags), cell.take()) for tags, cell in counted.cells.items() if cell.count]
        return taken

    def _every_plan(self) -> Iterator[Plan]:
        for plan in self._plans.values():
            yield plan
            if plan.detailed is not plan:
                yield plan.detailed

    def _book(self, plan: Plan, measured: Mapping[str, Any], known: dict[str, Any], mark: Any) -> None:
        # Most events have no part, or parts of zero only.
        parts = plan.parts
        if parts and (
            (not parts.isdisjoint(known) and any(map(known.get, parts)))
            or (not parts.isdisjoint(measured) and any(map(measured.get, parts)))
        ):
            plan = plan.detailed
        try:
            row = plan.rows.get(tuple(map(known.get, plan.keys)))
        except TypeError:  # An unhashable value is always replaced.
            row = None
        if row is None:
            row = plan.row(known, self._uncounted, self._drop_rows)
        odd = row.book(measured, known, mark, next(self._order) if row.last else 0)
        if odd or plan.rest:
            self._book_each(plan, odd or (), measured, known, mark)

    def _book_each(self, plan: Plan, odd: Iterable[str], measured: Mapping[str, Any], known: Mapping[str, Any], mark: Any) -> None:
        """Count values that rows do not support.

        These are values from functions, parts of a total, and unusual numbers.
        """
        for metric in plan.rest:
            for value, extra in samples(metric, measured, known):
                self._book_one(metric, extra, value, plan.event, known, mark)
        for metric, own in (use for key in dict.fromkeys(odd) for use in plan.by_key[key]):
            for value, extra in samples(metric, measured, known):
                if own is None or own == extra:
                    self._book_one(metric, extra, value, plan.event, known, mark)

    def _book_one(self, metric: Metric, extra: Mapping[str, Any], value: Any, event: str, known: Mapping[str, Any], mark: Any) -> None:
        counted = self._counted[metric.name]
        cell = counted.cell(counted.tagger.shown(counted.tagger.bounded(known), extra))
        if isinstance(value, Histogram):
            if value.bounds == cell.bounds:  # Counts of other buckets cannot be merged.
                cell.merge(value, mark)
        elif isinstance(cell, Histogram):
            cell.add(value * metric.events[event], mark)
        elif metric.kind == "last_value":
            cell[:] = value * metric.events[event], next(self._order)
        else:
            cell[0] += value * metric.events[event]

    def _uncounted(self, key: str, value: Any) -> Any:
        # Count 0 here: a row counts how often it is used, and adds that number when it is emptied.
        return self._values.bounded(key, value, 0)

    def _settle(self) -> None:
        """Move the buffered values of all rows to the metrics."""
        for plan in self._every_plan():
            count, newest = self._count_for(plan), self._newest_for(plan)
            for row in plan.rows.values():
                if row.hits:
                    for key, value in row.known.items():
                        self._values.add(key, value, row.hits)
                    plan.empty(row, count, newest)

    def _drop_rows(self) -> None:
        self._settle()
        for plan in self._every_plan():
            plan.rows.clear()

    def _forgotten(self, key: str, value: Any) -> None:
        self._drop_rows()
        for counted in self._counted.values():
            counted.forget(key, value)

    def _count_for(self, plan: Plan) -> Count:
        def count(use: Use, known: Mapping[str, Any], value: Any) -> None:
            metric, extra = use
            counted = self._counted[metric.name]
            factor, convert = metric.events[plan.event], counted.convert
            if metric.whole:
                factor = int(factor)
            cell = counted.cell(counted.tagger.shown(known, extra))
            if isinstance(value, Histogram):
                cell.merge(value if convert is None else value.converted(convert, metric.buckets))
            else:
                cell[0] += (value if convert is None else convert(value)) * factor

        return count

    def _newest_for(self, plan: Plan) -> Callable[[Use, Mapping[str, Any], Any, int], None]:
        def newest(use: Use, known: Mapping[str, Any], value: Any, order: int) -> None:
            metric, extra = use
            counted = self._counted[metric.name]
            cell = counted.cell(counted.tagger.shown(known, extra))
            if order > cell[1]:
                cell[:] = (value if counted.convert is None else counted.convert(value)) * metric.events[plan.event], order

        return newest


def _named(counted: _Counted, tags: Tags | None) -> dict[str, Any]:
    if tags is None:
        return {OVERFLOW: True}
    return {name: tag for name, tag in zip(counted.tagger.names, tags, strict=True) if tag is not None}
