"""Test budgets in one process.

Sums are exact, each level is crossed once, and windows, scopes and memory are bounded.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.pricing import CostBudget, Crossing
from opentelemetry.instrumentation.llm.pricing.store import Counter, Tell


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def at(*when: int) -> float:
    return datetime(*when, tzinfo=timezone.utc).timestamp()  # type: ignore[misc,arg-type]


def test_each_level_is_reported_once_with_its_values() -> None:
    budget = CostBudget("team", 100, per="day", clock=Clock(at(2026, 5, 4, 13)))
    start = at(2026, 5, 4)
    assert budget.add(80) == []
    assert budget.add(0.5) == [Crossing("warning", 80.5, 100.0, 0.0, None, "team", start)]
    assert budget.add(19.5) == [], "the whole limit is not more than the limit"
    assert budget.add(2.5) == [Crossing("exceeded", 102.5, 100.0, 2.5, None, "team", start)]
    assert budget.add(1000) == []
    assert budget.spent() == 1102.5


def test_one_call_can_cross_both_levels() -> None:
    crossings = CostBudget("b", 10, warn_at=0.5).add(12)
    assert [(c.level, c.exceeded_by) for c in crossings] == [("warning", 2.0), ("exceeded", 2.0)]


def test_budget_without_a_warning_reports_only_exceeded() -> None:
    assert [c.level for c in CostBudget("b", 10, warn_at=None).add(12)] == ["exceeded"]


@pytest.mark.parametrize(
    ("per", "moments", "starts"),
    [
        ("hour", [(2026, 1, 1, 9, 59, 59), (2026, 1, 1, 10), (2026, 1, 1, 10, 59)], [at(2026, 1, 1, 9), at(2026, 1, 1, 10)]),
        ("day", [(2026, 1, 1, 23, 59, 59), (2026, 1, 2)], [at(2026, 1, 1), at(2026, 1, 2)]),
        ("month", [(2024, 2, 29, 23), (2024, 3, 1), (2024, 12, 31), (2025, 1, 1)], [at(2024, m, 1) for m in (2, 3, 12)] + [at(2025, 1, 1)]),
        (timedelta(minutes=15), [(2026, 1, 1, 0, 14), (2026, 1, 1, 0, 15)], [at(2026, 1, 1), at(2026, 1, 1, 0, 15)]),
        (None, [(2020, 1, 1), (2030, 1, 1)], [None]),
    ],
)
def test_a_new_window_starts_at_zero(per: Any, moments: list[tuple[int, ...]], starts: list[float | None]) -> None:
    clock = Clock()
    budget = CostBudget("b", 1, per=per, warn_at=None, clock=clock)
    seen = []
    for moment in moments:
        clock.now = at(*moment)
        seen += [crossing.window_start for crossing in budget.add(2)]
    assert seen == starts


def test_a_clock_set_back_finds_the_sums_of_its_window() -> None:
    clock = Clock(at(2026, 1, 2))
    budget = CostBudget("b", 10, per="day", clock=clock)
    budget.add(1)
    clock.now = at(2026, 1, 1, 23)
    budget.add(4)
    assert budget.spent() == 4
    clock.now = at(2026, 1, 2, 1)
    assert budget.spent() == 1


def test_each_scope_value_has_its_own_limit() -> None:
    budget = CostBudget("b", 10, scope="user_id")
    crossings = [crossing for user in ("ann", "bob", None, 7) for _ in range(2) for crossing in budget.add(6, user)]
    assert [(c.scope, c.level) for c in crossings] == [
        (user, level) for user in ("ann", "bob", None, "7") for level in ("warning", "exceeded")
    ]
    assert (budget.spent("ann"), budget.spent(7), budget.spent(), budget.spent("eve")) == (12, 12, 12, 0)


def test_budget_without_scope_adds_all_calls_together() -> None:
    budget = CostBudget("b", 10)
    budget.add(1, "ann")
    budget.add(2, "bob")
    assert budget.spent() == budget.spent("ann") == 3


def test_a_very_long_scope_is_stored_as_a_digest() -> None:
    budget = CostBudget("b", 10, scope="s", warn_at=None)
    one, two = "x" * 100_000 + "1", "x" * 100_000 + "2"
    assert [len(c.scope or "") for c in budget.add(11, one)] == [64]
    assert (budget.spent(one), budget.spent(two)) == (11, 0)


def test_the_least_recently_used_scope_is_evicted_first() -> None:
    budget = CostBudget("b", 10, scope="s", max_scopes=3)
    for value in ("a", "b", "c", "a", "d"):
        budget.add(1, value)
    assert [budget.spent(value) for value in "abcd"] == [2, 0, 1, 1]
    for number in range(10_000):
        budget.add(1, number)
    assert len(budget.store._sums) == 3  # type: ignore[attr-defined]


def test_small_amounts_are_added_exactly() -> None:
    budget = CostBudget("b", 1, warn_at=None)
    crossings = [crossing for _ in range(100_000) for crossing in budget.add(0.00001)]
    assert (budget.spent(), crossings) == (1.0, [])
    assert [c.exceeded_by for c in budget.add(0.000000001)] == [pytest.approx(1e-9)]
    assert budget.spent() == 1.000000001


def test_a_thousand_threads_add_exactly_and_cross_once(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)
    budget = CostBudget("b", 500, scope="s")
    crossings: list[Crossing] = []
    go = threading.Event()

    def spend() -> None:
        go.wait()
        for number in range(20):
            crossings.extend(budget.add(0.07, number % 2))

    running = [threading.Thread(target=spend) for _ in range(1000)]
    for thread in running:
        thread.start()
    go.set()
    for thread in running:
        thread.join()
    assert (budget.spent(0), budget.spent(1)) == (700.0, 700.0)
    assert sorted((c.scope, c.level) for c in crossings) == [(s, level) for s in "01" for level in ("exceeded", "warning")]


class Interrupting(str):
    """A scope whose look-up is interrupted by another addition.

    A garbage-collection finalizer can interrupt a look-up in this way.
    """

    def __new__(cls, value: str, interruption: Callable[[], object]) -> Interrupting:
        made = super().__new__(cls, value)
        made.interruption = interruption  # type: ignore[attr-defined]
        return made

    def __str__(self) -> str:
        return self

    def __hash__(self) -> int:
        self.interruption()  # type: ignore[attr-defined]
        return super().__hash__()


def test_a_cost_added_by_a_finalizer_during_an_addition_is_counted() -> None:
    budget = CostBudget("b", 1000, scope="s", warn_at=None)
    received: list[Crossing] = []
    interruptions = []

    def interrupt() -> None:
        interruptions.append(10)
        received.extend(budget.add(10, "x"))

    def spend() -> None:
        for _ in range(100):
            received.extend(budget.add(1, Interrupting("x", interrupt)))

    thread = threading.Thread(target=spend, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it waits for itself"
    assert len(interruptions) >= 100 and budget.spent("x") == 100 + sum(interruptions)
    assert [c.level for c in received] == ["exceeded"]


GOOD: dict[str, Any] = {"name": "b", "limit_cents": 1}


@pytest.mark.parametrize(
    ("argument", "value", "allowed"),
    [
        ("name", "", "a text that is not empty"),
        ("name", None, "a text"),
        ("limit_cents", 0, "cents above zero"),
        ("limit_cents", -3, "cents above zero"),
        ("limit_cents", float("nan"), "cents above zero"),
        ("limit_cents", float("inf"), "cents above zero"),
        ("limit_cents", "10", "cents above zero"),
        ("limit_cents", True, "cents above zero"),
        ("per", "week", "'hour', 'day', 'month', a timedelta above zero, or None"),
        ("per", 60, "'hour'"),
        ("per", timedelta(0), "a timedelta above zero"),
        ("scope", "", "a metadata or baggage key"),
        ("warn_at", 1, "a share between 0 and 1"),
        ("warn_at", 0, "a share between 0 and 1"),
        ("warn_at", 80, "a share between 0 and 1"),
        ("max_scopes", 0, "a whole number above zero"),
        ("max_scopes", 1.5, "a whole number above zero"),
        ("store", "redis://localhost", "an object with the methods add and spent"),
        ("clock", 0, "a function"),
    ],
)
def test_an_invalid_argument_is_named_with_the_allowed_values(argument: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValueError) as raised:
        CostBudget(**{**GOOD, argument: value})
    assert f"{argument}={value!r} is not allowed; allowed: " in str(raised.value) and allowed in str(raised.value)


@pytest.mark.parametrize("cost", [-0.1, float("nan"), float("inf"), "1", None, True])
def test_an_invalid_cost_is_refused_and_changes_nothing(cost: Any) -> None:
    budget = CostBudget("b", 1)
    with pytest.raises(ValueError, match=r"cost_cents=.* is not allowed"):
        budget.add(cost)
    assert budget.spent() == 0 and budget.add(0) == []


class Later:
    """A store that responds only when the test calls ``respond``.

    A store shared by several processes responds late in the same way.
    """

    def __init__(self) -> None:
        self.requested: list[tuple[Counter, int, Tell]] = []
        self.total = 0

    def add(self, counter: Counter, units: int, tell: Tell) -> None:
        self.requested.append((counter, units, tell))

    def spent(self, counter: Counter) -> int:
        return self.total

    def respond(self) -> None:
        for counter, units, tell in self.requested:
            self.total += units
            tell(counter, self.total - units, self.total)
        self.requested.clear()


def test_late_crossings_are_returned_by_the_next_add() -> None:
    store = Later()
    budget = CostBudget("b", 10, store=store, warn_at=None)
    assert budget.add(11) == []
    store.respond()
    assert [c.spent for c in budget.add(1)] == [11.0]
    store.respond()
    assert budget.add(1) == [] and budget.spent() == 12


def test_only_a_listener_receives_late_crossings() -> None:
    store, received = Later(), []
    budget = CostBudget("b", 10, store=store)
    budget.add(9)
    store.respond()
    budget.listen(received.append)
    budget.add(9)
    store.respond()
    assert [c.level for c in received] == ["warning", "exceeded"]
    assert budget.add(1) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_can_add_if_a_thread_held_the_lock() -> None:
    budget = CostBudget("b", 10)
    budget.add(1)
    lock = budget.store._lock  # type: ignore[attr-defined]
    with lock:
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # ends a child that waits for the lock
            budget.add(1)
            os._exit(0 if budget.spent() == 1 else 1)  # the amounts that the parent spent stay in the parent
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert budget.spent() == 1
