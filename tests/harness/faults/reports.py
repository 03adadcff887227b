"""Run a case with a fault and return the errors that a user would report.

The case runs without instrumentation, with it, and with a function that raises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from inspect import CO_GENERATOR
from typing import Any, NamedTuple

from contract.unguarded import ASKS_LATER, LEAVES_IT_OPEN, LOSES_THE_SPAN, READERS, TELLS_IT_TWICE
from harness.faults.injection import (
    Functions,
    Way,
    forget_what_is_known,
    functions_by_code,
    listening,
    named,
    planted,
    raising_always,
    raising_once,
    ways_run,
)
from harness.measures.fast_clients import forget_the_past
from harness.observation.account import Account
from harness.observation.new_telemetry import Begun
from harness.scripts.one_run import Case, run
from harness.scripts.styles import NotApplicable
from harness.scripts.twin import comparable, differences
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.calls.streams import finalize

SETTINGS: dict[str, Any] = {"capture_message_content": "span_and_event", "emit_event": True, "cost_threshold_cents": 0.0}


_TAPS = frozenset({"calls/result.py:dispatch_result", "calls/streams/reiterable.py:_relayed", "calls/streams/class_iterator.py:_stepping"})
TRIES = 3
"""The network splits a response at random, which changes the functions that run."""


class Reported(NamedTuple):
    """Telemetry of one run: the spans that began, and the status of each ended span."""

    begun: int
    ended: tuple[str, ...]


def bare(case: Case, stand_in: Any) -> Any:
    """Return the account of the second run without instrumentation.

    ``None`` if the case is not applicable.
    """
    assert not LLMInstrumentor().is_instrumented_by_opentelemetry
    seen: Any = None
    for _ in range(2):
        stand_in.clear()
        try:
            seen = _collected(run(case, stand_in.url, chunks=True))
        except NotApplicable:
            return None
    return seen


def _collected(account: Account) -> Any:
    # Log records keep frames alive, and those the responses: one that is gone counts as closed.
    return json.loads(json.dumps(comparable(account.as_json())).replace('"gone"', '"closed"'))


class Bench:
    """Run cases watched, with and without a fault."""

    def __init__(self, seen: Any, stand_in: Any) -> None:
        self._seen, self._stand_in = seen, stand_in
        self._begun = Begun(seen)
        self._functions: Functions = {}

    def reported(self) -> Reported:
        """Return the telemetry of the last run."""
        # A stream that was dropped at a bad moment is ended when the next stream begins.
        finalize.end_collected()
        return Reported(self._begun.count, tuple(span.status.status_code.name for span in self._seen.spans()))

    def account(self, case: Case) -> Any:
        """Run a case from a clean state and return its account."""
        forget_the_past()
        self._stand_in.clear()
        self._seen.clear()
        self._begun.count = 0
        try:
            return _collected(run(case, self._stand_in.url, chunks=True))
        except NotApplicable:
            return None

    def ways(self, case: Case, warm: bool = True) -> tuple[list[Way], Reported]:
        """Run a case; return the call paths to package functions, and the telemetry.

        A ``warm`` case runs twice, and the second run is returned.
        """
        if warm:
            self.account(case)
        _, ways = ways_run(lambda: self.account(case))
        return list(ways), self.reported()

    def wrong(self, case: Case, unwatched: Any, well: Reported, way: Way, always: bool = False) -> list[str]:
        """Make a function raise, once on its call path or always, and return the errors."""
        name = named(way[-1])
        self._functions = self._functions or (functions_by_code() if always else {})
        # A stream that could not be wrapped ends with the known values; its later chunks are not observed. Nor is it known
        # that a response is an error if it could not be read.
        blind = (case.sample.stream and any(named(code) in _TAPS for code in way)) or not case.sample.raises
        lost = name in LOSES_THE_SPAN or not READERS.isdisjoint(way)
        twice = name in TELLS_IT_TWICE or (blind and case.sample.id in ASKS_LATER)
        for _ in range(1 if always else TRIES):
            fault = raising_always(way[-1], self._functions) if always else raising_once(way)
            found = self.complaints(case, unwatched, well, fault, name, once=not always, blind=blind, lost=lost, twice=twice)
            if planted.happened:
                break
        if always and not planted.happened:
            return []  # it is made anew for each call
        if way[-1].co_flags & CO_GENERATOR:
            # Closed with its last name gone, a generator raises where nobody can hear it.
            found = [what for what in found if what != "no line is logged"]
        found = found if planted.happened else ["it was not reached again"]
        through = " < ".join(named(code).rpartition(":")[2] for code in reversed(way[:-1]))
        return [f"{name} ({through}) raises {'always' if always else 'once'}: {what} | {case.exit.name}, {case.style}" for what in found]

    def complaints(
        self,
        case: Case,
        unwatched: Any,
        well: Reported,
        fault: AbstractContextManager[Any],
        name: str = "",
        once: bool = False,
        blind: bool = False,
        lost: bool = False,
        twice: bool = False,
    ) -> list[str]:
        """Run a case with a fault and return the errors for application and operator."""
        with listening() as received, fault:
            watched = self.account(case)
        found = [f"the application sees it: {difference}" for difference in differences(unwatched, watched)[:1]]
        reported = begun, ended = self.reported()
        if begun != len(ended) and name not in LEAVES_IT_OPEN:
            found.append(f"{begun} spans began, {len(ended)} ended")
        elif not begun and well.begun and not lost:
            found.append("no span is told")
        elif (
            begun and reported != well and not ((blind and begun == well.begun) or name in LEAVES_IT_OPEN or (twice and begun > well.begun))
        ):
            found.append(f"{reported} is told where {well} was to be")
        if not received.reported:
            found.append("no line is logged")
        elif once and (len(received.reported) > 1 or not received.reported[0].startswith("DEBUG")):
            found.append(f"more than a debug line is logged: {received.reported}")
        return found


@contextmanager
def anew(watch: Any, stand_in: Any) -> Iterator[Bench]:
    """Watch anew, with nothing known of earlier calls."""
    if LLMInstrumentor().is_instrumented_by_opentelemetry:
        LLMInstrumentor().uninstrument()
    forget_what_is_known()
    yield Bench(watch(**SETTINGS), stand_in)
    LLMInstrumentor().uninstrument()
