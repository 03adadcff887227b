"""Test interruptions at every line of the package.

No call, step, span or context variable is left behind.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanProcessor

from harness.faults.interrupted_work import WAYS, Clients, plain
from harness.faults.interruptions import Interrupter, Place, TimeLimit, places_of
from opentelemetry import baggage, trace
from opentelemetry.instrumentation.llm import context

EVERY = os.environ.get("LLM_INTERRUPTS") == "all"
"""True to try every line with every error, False for a sample."""

SAMPLE = 15
ERRORS = (KeyboardInterrupt, SystemExit, TimeLimit)
Way = Callable[[Clients], None]


class Balance(SpanProcessor):
    """Count the spans that are open."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.begun += 1

    def on_end(self, span: Any) -> None:
        self.ended += 1


@pytest.fixture
def balance(seen: Any) -> Balance:
    made = Balance()
    seen.tracer_provider.add_span_processor(made)
    return made


@pytest.fixture
def clients(stand_in: Any) -> Iterator[Clients]:
    made = Clients(f"{stand_in.url}/v1")
    # Freeze the existing objects, so that the hundreds of collections below skip them.
    gc.freeze()
    yield made
    gc.unfreeze()
    made.close()


class Variables:
    """Compare the context variables of a thread or task with those before its work.

    A variable that holds its default value again counts as not set. A step that has ended may stay in the context.
    """

    def __init__(self) -> None:
        self._before = self._set()
        self.found: list[str] = []

    @staticmethod
    def _set() -> dict[str, Any]:
        held = {variable.name: value for variable, value in copy_context().items() if variable.name.startswith("ex_llm")}
        held |= {"running call": context.running_call(), "running step": context.running_step(), "baggage": baggage.get_all()}
        span = trace.get_current_span()
        held["current span"] = span.get_span_context() if span.get_span_context().is_valid else None
        return {name: value for name, value in held.items() if value}

    def check(self) -> None:
        for name, value in self._set().items():
            if self._before.get(name) != value:
                self.found.append(f"{name} is left at {str(value)[:300]}")


def _left_behind(balance: Balance) -> list[str]:
    gc.collect()
    found = []
    if balance.begun != balance.ended:
        found.append(f"{balance.begun - balance.ended} spans are open")
    return found


def _seen(run: Way, clients: Clients, interrupter: Interrupter, error: type[BaseException]) -> str:
    """Interrupt one call; return a description of every wrong result."""
    try:
        with interrupter.tracing():
            run(clients)
    except error:
        return ""
    except BaseException as other:
        return f"the application gets {type(other).__name__}"
    return "" if interrupter.ignored or not interrupter.raised else "the application does not get the exception"


def _wrong_alone(run: Way, clients: Clients, balance: Balance, at: Place, error: type[BaseException]) -> list[str]:
    variables = Variables()
    clients.check = variables.check
    found = [_seen(run, clients, Interrupter(at, error), error), *_left_behind(balance)]
    variables.check()
    found += variables.found
    before = balance.ended
    clients.check = lambda: None
    plain(clients)
    if balance.ended != before + 1:
        found.append("the next call is not recorded")
    balance.begun = balance.ended
    return [f"{error.__name__} at {Path(at.file).name}:{at.line} ({at.nth}): {what}" for what in found if what]


def _wrong(*arguments: Any) -> list[str]:
    """Run with a copy of the context, so that one failure does not cause the next."""
    return copy_context().run(_wrong_alone, *arguments)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("way", WAYS)
def test_an_interruption_at_any_line_leaves_nothing(way: str, error: type[BaseException], clients: Clients, balance: Balance) -> None:
    run = WAYS[way]
    run(clients)
    places = places_of(lambda: run(clients))
    assert len(places) > 30
    step = 1 if EVERY else max(1, len(places) // SAMPLE)
    first = ERRORS.index(error) * step // len(ERRORS)
    found = [what for at in places[first::step] for what in _wrong(run, clients, balance, at, error)]
    assert not found, "\n".join(found)
