"""Prices of one model: selected by time and by the conditions of a call.

``prices`` creates a ``Model`` for an entry of a price file and reads ``Rates`` from it at every call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from typing import Any, NamedTuple

from .conditions import OF_SOME, REASONS
from .cost import Rates, Unpriced, rates
from .price_file import Entry
from .units import UNITS

_LONG = "cache_write_12h"


class Condition(NamedTuple):
    """Start date, or times of day, of prices (UTC)."""

    day: date | None
    start: time | None
    end: time | None

    @classmethod
    def of(cls, entry: Entry) -> Condition:
        """Read the condition of a change or variant."""
        start, end = map(time.fromisoformat, entry["between"]) if "between" in entry else (None, None)
        return cls(date.fromisoformat(entry["from"]) if "from" in entry else None, start, end)

    def holds(self, moment: datetime) -> bool:
        """Return whether ``moment`` (UTC) matches; an empty condition always matches."""
        day, start, end = self
        if day is not None and moment.date() < day:
            return False
        if start is None or end is None:
            return True
        now = moment.time()
        return start <= now < end if start <= end else now >= start or now < end


class Model:
    """A model's entry of a price file; each set of prices is compiled once."""

    __slots__ = ("_added", "_always", "_changes", "_compiled", "_entry", "_rows", "_variants")

    def __init__(self, entry: Entry, added: Entry | None = None) -> None:
        """Store ``entry``, and prices and variants that other sources ``added`` to it."""
        self._entry = entry
        self._added = {key: value for key, value in (added or {}).items() if key in UNITS}
        self._changes = tuple(Condition.of(change) for change in entry.get("changes", ()))
        own = entry.get("variants", ())
        self._rows = (*own, *(added or {}).get("variants", ()))
        self._variants = tuple((variant["when"].items(), Condition.of(variant)) for variant in self._rows)
        self._compiled: dict[tuple[int, ...], Rates] = {}
        self._always = None if self._changes else self._compile(-1, ())

    def rates(self, when: datetime | None, conditions: Mapping[str, str] | None) -> Rates:
        """Return the prices at ``when`` for the conditions in ``asked``."""
        fitting: tuple[int, ...] = ()
        if conditions and self._variants:
            kind = conditions.items()
            fitting = tuple(place for place, (needed, _) in enumerate(self._variants) if needed <= kind)
        if self._always is not None and not fitting:
            return self._always
        moment = _utc(when)
        change = len(self._changes) - 1
        while change >= 0 and not self._changes[change].holds(moment):
            change -= 1
        chosen = tuple(place for place in fitting if self._variants[place][1].holds(moment))
        key = (change, *chosen)
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = self._compile(change, chosen)
        return found

    @property
    def entry(self) -> Entry:
        """The entry of the price file."""
        return self._entry

    def current(self, when: datetime | None = None) -> Entry:
        """Return the standard prices at ``when``."""
        moment, chosen = _utc(when), self._entry
        for place, condition in enumerate(self._changes):
            if condition.holds(moment):
                chosen = self._entry["changes"][place]
        return chosen

    def unpriced(self, when: datetime | None, conditions: Mapping[str, str]) -> Unpriced | None:
        """Return the reason if a condition of ``asked`` has no price, else ``None``."""
        kind, priced = conditions.items(), set()
        told_apart = {name for needed, _ in self._variants for name, _ in needed}
        for needed, condition in self._variants:
            if needed <= kind and condition.holds(_utc(when)):
                priced |= needed
        for name, value in kind:
            concerned = name in REASONS and (name not in OF_SOME or name in told_apart)
            if concerned and (name, value) not in priced:
                return Unpriced(REASONS[name])
        return None

    def _compile(self, change: int, chosen: tuple[int, ...]) -> Rates:
        prices: dict[str, Any] = dict(self._added)
        standard = self._entry if change < 0 else self._entry["changes"][change]
        # The first variant with a price for a unit wins, so it is applied last.
        for source in (standard, *(self._rows[place] for place in reversed(chosen))):
            prices.update((key, value) for key, value in source.items() if key in UNITS)
        rows = [self._rows[place] for place in chosen]
        if any("cache_write" in row for row in rows) and not any(_LONG in row for row in rows):
            prices.pop(_LONG, None)  # do not apply the standard price of cache lifetimes to a tier
        for place in chosen:
            if (factor := self._rows[place].get("times")) is not None:
                prices.update((key, _times(price, factor)) for key, price in prices.items() if UNITS[key].kind.family == "tokens")
        return rates(prices, self._entry.get("min_seconds", 0))


def _times(price: Any, factor: float) -> Any:
    if isinstance(price, list):
        return [price[0] * factor, *([start, dollars * factor] for start, dollars in price[1:])]
    return price * factor


def _utc(when: datetime | None) -> datetime:
    if when is None:
        return datetime.now(timezone.utc)
    return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)
