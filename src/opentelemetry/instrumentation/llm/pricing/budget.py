"""Add up costs, and report a crossed limit once per level, window and scope.

``CostBudget`` only observes. It does not reject calls and emits no events: a handler adds the cost of each call and
forwards the crossings that ``add`` returns. Sums are in a ``Store``: in this process (``MemoryStore``) or, for
several processes and machines, in Redis (``redis_budget``). Sums are integers, in units of 1e-9 cents.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from math import inf
from typing import Literal, NamedTuple

from .store import PER_CENT, Counter, MemoryStore, Store

_LONGEST_SCOPE = 200
_SECONDS = {"hour": 3600.0, "day": 86400.0}


class Crossing(NamedTuple):
    """A level of a budget that was crossed; amounts are in cents."""

    level: Literal["warning", "exceeded"]
    spent: float
    limit: float
    exceeded_by: float
    """Cents above ``limit``; zero for a warning before the limit."""
    scope: str | None
    name: str
    window_start: float | None
    """Seconds since the epoch; ``None`` for a budget without windows."""


class CostBudget:
    """Sum of costs per window and scope; reports ``warn_at`` and the limit once each.

    ``per`` is the window: ``"hour"``, ``"day"`` or ``"month"`` in UTC, a ``timedelta`` (counted from the epoch), or
    ``None`` for all time. ``scope`` is a metadata or baggage key; each of its values has its own limit. Calls without
    this key share one further limit. At most ``max_scopes`` sums are kept.

    >>> budget = CostBudget("team", 100, per="day", warn_at=0.8, clock=lambda: 0.0)
    >>> budget.add(70)
    []
    >>> [(c.level, c.spent, c.exceeded_by) for c in budget.add(40)]
    [('warning', 110.0, 10.0), ('exceeded', 110.0, 10.0)]
    >>> budget.add(1), budget.spent()
    ([], 111.0)
    """

    def __init__(
        self,
        name: str,
        limit_cents: float,
        per: Literal["hour", "day", "month"] | timedelta | None = None,
        scope: str | None = None,
        warn_at: float | None = 0.8,
        max_scopes: int = 10_000,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        _check("name", name, isinstance(name, str) and name != "", "a text that is not empty")
        _check("limit_cents", limit_cents, _number(limit_cents) and 0 < limit_cents <= 1e9, "cents above zero, to 1e9")
        _check("scope", scope, scope is None or (isinstance(scope, str) and scope != ""), "a metadata or baggage key, or None")
        _check("warn_at", warn_at, warn_at is None or (_number(warn_at) and 0 < warn_at < 1), "a share between 0 and 1, or None")
        _check("max_scopes", max_scopes, isinstance(max_scopes, int) and max_scopes > 0, "a whole number above zero")
        _check("clock", clock, callable(clock), "a function that returns seconds since the epoch")
        missing = [method for method in ("add", "spent") if not callable(getattr(store, method, None))]
        _check("store", store, store is None or not missing, "an object with the methods add and spent, or None")
        self.name = name
        self.limit_cents = float(limit_cents)
        self.per = per
        self.scope = scope
        self.warn_at = warn_at
        self.store: Store = MemoryStore(max_scopes) if store is None else store
        self._window_of = _windows(per)
        self._clock = clock
        self._window: tuple[float | None, float | None] = (inf, -inf)
        levels: list[tuple[Literal["warning", "exceeded"], float]] = [("exceeded", self.limit_cents)]
        if warn_at is not None:
            levels.insert(0, ("warning", self.limit_cents * warn_at))
        self._levels = [(level, round(cents * PER_CENT)) for level, cents in levels]
        self._late: deque[Crossing] = deque(maxlen=2 * max_scopes)
        self._listener: Callable[[Crossing], None] | None = None

    def add(self, cost_cents: float, scope_value: object = None) -> list[Crossing]:
        """Add the cost of a call and return the crossings, usually none.

        ``scope_value`` is the value of the key in ``scope``. The result may include amounts that another thread added
        at the same time. Crossings that a store detects later are returned by a later ``add`` or passed to
        ``listen``. Every crossing is reported once. Never blocks. Raises ``ValueError`` for an invalid cost.
        """
        if not _number(cost_cents) or not 0 <= cost_cents < inf:
            raise ValueError(f"cost_cents={cost_cents!r} is not allowed; give cents, zero or more")
        counter = self._counter(scope_value)
        units = round(cost_cents * PER_CENT)
        sums = self.store.add(counter, units, self._add_crossings) if units else None
        crossings = self._crossings(counter, *sums) if sums else []
        while self._late:
            try:
                crossings.append(self._late.popleft())
            except IndexError:  # another thread was faster
                break
        return crossings

    def spent(self, scope_value: object = None) -> float:
        """Return the cents spent in this window, for ``scope_value`` if there is a scope."""
        return self.store.spent(self._counter(scope_value)) / PER_CENT

    def listen(self, listener: Callable[[Crossing], None]) -> None:
        """Pass crossings that are detected after ``add`` to ``listener``.

        It runs on the thread that detects them.
        """
        self._listener = listener
        while self._late:
            listener(self._late.popleft())

    def _add_crossings(self, counter: Counter, before: int, after: int) -> None:
        for crossing in self._crossings(counter, before, after):
            if self._listener is not None:
                self._listener(crossing)
            else:
                self._late.append(crossing)

    def _crossings(self, counter: Counter, before: int, after: int) -> list[Crossing]:
        spent, limit = after / PER_CENT, self.limit_cents
        return [
            Crossing(level, spent, limit, max(0.0, spent - limit), counter.scope, self.name, counter.start)
            for level, mark in self._levels
            if before <= mark < after
        ]

    def _counter(self, scope_value: object) -> Counter:
        start, end = self._window
        if start is not None and end is not None:
            now = self._clock()
            if not start <= now < end:
                start, end = self._window = self._window_of(now)
        scope = None
        if self.scope is not None and scope_value is not None:
            scope = str(scope_value)
            if len(scope) > _LONGEST_SCOPE:
                scope = sha256(scope.encode("utf-8", "surrogatepass")).hexdigest()
        return Counter(self.name, scope, start, end)

    def __repr__(self) -> str:
        return f"CostBudget({self.name!r}, {self.limit_cents:g}, per={self.per!r}, scope={self.scope!r})"


def _check(argument: str, value: object, right: bool, allowed: str) -> None:
    if not right:
        raise ValueError(f"{argument}={value!r} is not allowed; allowed: {allowed}")


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _windows(per: object) -> Callable[[float], tuple[float | None, float | None]]:
    """Return the function that maps a time to start and end of its window."""
    if per is None:
        return lambda now: (None, None)
    if per == "month":
        return _month
    seconds = per.total_seconds() if isinstance(per, timedelta) else _SECONDS.get(per, 0) if isinstance(per, str) else 0
    _check("per", per, seconds > 0, "'hour', 'day', 'month', a timedelta above zero, or None")
    return lambda now: (now // seconds * seconds, (now // seconds + 1) * seconds)


def _month(now: float) -> tuple[float, float]:
    first = datetime.fromtimestamp(now, timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + timedelta(days=32)).replace(day=1)
    return first.timestamp(), after.timestamp()
