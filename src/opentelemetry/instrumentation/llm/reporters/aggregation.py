"""Plain numbers by metric and tags, kept as events are said; reporters read them when they are asked.

One synchronous counter of an SDK costs about as much as half a span, so counting happens here.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from .. import bus
from ..metrics import Metric, Sample
from ..schema.spread import Spread

OTHER = "other"
VALUES_PER_TAG = 200
_MADE_KEPT = 2000

Tags = tuple[Any, ...]
Numbers = dict[Tags, Any]


class Forked(Protocol):
    """What keeps a lock, a thread, a socket or unsent lines, none of which a fork takes along as they are."""

    def forked(self) -> None:
        """Begin anew in the child of a fork, before anything else runs there."""


_told_of_forks: weakref.WeakSet[Forked] = weakref.WeakSet()


def tell_of_forks(keeper: Forked) -> None:
    """Call ``keeper.forked()`` in every child that this process is forked into, for as long as ``keeper`` lives."""
    _told_of_forks.add(keeper)


def _forked() -> None:
    for keeper in list(_told_of_forks):
        keeper.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Inbox:
    """Values on their way in: anybody may ``put``, and one at a time takes them out.

    An event may be said by a finaliser, in the midst of whatever its thread does: also while that thread holds the lock
    of a reporter. So nobody who brings a value ever waits for a lock.
    """

    def __init__(self, take: Callable[[Metric, Tags, float], None]) -> None:
        self._take = take
        self._waiting: deque[tuple[Metric, Tags, float]] = deque()
        self.lock = threading.Lock()
        tell_of_forks(self)

    def forked(self) -> None:
        """Begin anew in a child: another thread of the parent may have held the lock, and the parent takes what waits."""
        self.lock = threading.Lock()
        self._waiting.clear()

    def put(self, metric: Metric, tags: Tags, value: float) -> None:
        """Bring a value and take it out, or leave it to who is at it just now."""
        if self.lock.acquire(blocking=False):
            try:
                self._take(metric, tags, value)
            finally:
                self.lock.release()
        else:
            self._waiting.append((metric, tags, value))
        # Once more after the lock was let go: what came in the meantime was left to this thread.
        while self._waiting and self.lock.acquire(blocking=False):
            try:
                self.empty()
            finally:
                self.lock.release()

    def empty(self) -> None:
        """Take out what waits; only for who holds the lock."""
        for _ in range(len(self._waiting)):
            self._take(*self._waiting.popleft())


class Tagger:
    """Turn metadata into the tags of one metric; past 200 values of a tag every new one reads ``other``."""

    def __init__(self, metric: Metric) -> None:
        self.names = tuple(metric.tags)
        self._keys = tuple(metric.tags.values())
        self._seen: tuple[set[Any], ...] = tuple(set() for _ in self._keys)
        self._made: dict[Tags, Tags] = {}

    def tags(self, metadata: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> Tags:
        """Return the values of the tags in the order of ``names``; ``None`` where one is not known."""
        raw = tuple([metadata.get(key) for key in self._keys])
        if extra:
            raw = tuple([extra.get(name, value) for name, value in zip(self.names, raw, strict=True)])
        try:
            made = self._made.get(raw)
        except TypeError:
            return self._bounded(raw)  # a value that cannot be hashed is no value of a tag
        if made is None:
            made = self._bounded(raw)
            if len(self._made) < _MADE_KEPT:
                self._made[raw] = made
        return made

    def _bounded(self, raw: Tags) -> Tags:
        values = []
        for value, seen in zip(raw, self._seen, strict=True):
            if value is not None and not isinstance(value, (str, int)):
                value = OTHER
            elif value is not None and value not in seen:
                if len(seen) >= VALUES_PER_TAG:
                    value = OTHER
                else:
                    seen.add(value)
            values.append(value)
        return tuple(values)


def samples(metric: Metric, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
    """Give the values that one event brings to a metric; none where the measurement is missing."""
    if metric.takes is None:
        return ((1, {}),)
    if callable(metric.takes):
        return metric.takes(measurements, metadata)
    value = measurements.get(metric.takes)
    if value is None:
        value = metadata.get(metric.takes)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return ()
    # No number and infinity would stay in a sum for ever (only of them the difference is not 0); a total only grows.
    if value - value != 0 or (value < 0 and metric.kind == "total"):
        return ()
    return ((value if metric.scale == 1.0 else value * metric.scale, {}),)


def by_event(metrics: Iterable[Metric]) -> dict[str, list[Metric]]:
    """Sort metrics by the events they hear."""
    heard: dict[str, list[Metric]] = {}
    for metric in metrics:
        for event in metric.events:
            heard.setdefault(event, []).append(metric)
    return heard


def tagged(metrics: Iterable[Metric], keys: Iterable[str]) -> list[Metric]:
    """Return the metrics with more tags, each of a metadata key of the same name.

    >>> from ..metrics import cost_metrics
    >>> [sorted(metric.tags) for metric in tagged(cost_metrics()[:1], ["tenant.id"])]
    [['model', 'provider', 'tenant.id']]
    """
    more = {key: key for key in keys}
    return [metric._replace(tags={**metric.tags, **more}) for metric in metrics]


class Tally:
    """The numbers of a list of metrics, from ``attach`` to ``detach``; safe from any thread."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics = list(metrics)
        self._by_event = by_event(self.metrics)
        self._taggers = {metric.name: Tagger(metric) for metric in self.metrics}
        self._numbers: dict[str, Numbers] = {metric.name: {} for metric in self.metrics}
        self._inbox = Inbox(self._add)
        self.id = f"tally-{bus.new_ref()}"

    def attach(self) -> None:
        """Begin to hear."""
        bus.attach_many(self.id, self._by_event, self.hear, keep=True)

    def detach(self) -> None:
        """Hear no more; the numbers stay."""
        bus.detach(self.id)

    def hear(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any = None) -> None:
        """Take one event in."""
        for metric in self._by_event[event]:
            for value, extra in samples(metric, measurements, metadata):
                tags = self._taggers[metric.name].tags(metadata, extra)
                self._inbox.put(metric, tags, value * metric.events[event])

    def _add(self, metric: Metric, tags: Tags, value: float) -> None:
        numbers = self._numbers[metric.name]
        if metric.kind in ("distribution", "summary"):
            if tags not in numbers:
                numbers[tags] = Spread(metric.buckets)
            numbers[tags].add(value)
        elif metric.kind == "last_value":
            numbers[tags] = value
        else:
            numbers[tags] = numbers.get(tags, 0) + value

    def read(self, metric: Metric) -> Iterator[tuple[dict[str, Any], Any]]:
        """Give each set of tags of a metric with its number (a ``Spread`` for distributions and summaries)."""
        with self._inbox.lock:
            self._inbox.empty()
            numbers = [(tags, n.copy() if isinstance(n, Spread) else n) for tags, n in self._numbers[metric.name].items()]
        names = self._taggers[metric.name].names
        for tags, value in numbers:
            known = {name: tag for name, tag in zip(names, tags, strict=True) if tag is not None}
            yield known, int(value) if metric.whole and isinstance(value, float) else value
