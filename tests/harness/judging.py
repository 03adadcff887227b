"""Judge what was told of one run: one span, ended, true and a child of the application's; every figure once; no noise."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.instrumentation.llm.metrics import METRICS
from opentelemetry.instrumentation.llm.providers import ALL
from opentelemetry.instrumentation.llm.words.events import OPERATIONS
from payloads import Payload

from .account import OURS, Account
from .running import Case

_NAMES = frozenset(metric.name for metric in METRICS)
_QUIET = ("opentelemetry.context", "opentelemetry.sdk", "opentelemetry.attributes")


def operation_of(payload: Payload) -> str:
    """Return the operation of the point that a payload calls."""
    for provider in ALL:
        for point in provider.points if provider.name == payload.provider else ():
            places = [place for place in (point.route, point.target) if place is not None]
            if any(payload.point == place or payload.point.endswith(f":{place}") for place in places):
                return point.operation
    raise LookupError(f"{payload.provider} has no point {payload.point!r}; a payload names a Point's route or target")


def judged(case: Case, account: Account, spans: list[Any]) -> list[str]:
    """Return what is wrong with the spans of a case that has run."""
    if len(spans) != 1:
        return [f"{len(spans)} spans have ended: {[span.name for span in spans]}"]
    return [*_span(case, account, spans[0]), *_context(account)]


def _span(case: Case, account: Account, span: Any) -> Iterable[str]:
    end, status = span.attributes.get("ex_llm.stream.end"), span.status.status_code.name
    if end not in (case.exit.ends or (None,)):
        yield f"ex_llm.stream.end is {end!r} and not {case.exit.ends}"
    expected = {True: "ERROR", False: "UNSET", None: status}[case.exit.failed]
    if status != expected:
        yield f"the status is {status} and not {expected}"
    if case.exit.failed:
        told = str(span.attributes.get("error.type", "")).rpartition(".")[2]
        if not told or (account.error not in ("TimeoutError", told) and account.error is not None):
            yield f"error.type is {told!r}, the application got {account.error}"
    if span.parent is None or span.parent.span_id != OURS.span_id:
        yield f"the parent is {span.parent} and not the application's span"
    if not span.end_time or span.end_time < span.start_time:
        yield f"it ends at {span.end_time} and began at {span.start_time}"


class Figures:
    """Add up what the metrics of some runs must say: every run is counted once in each figure that is about it."""

    def __init__(self, payload: Payload) -> None:
        self._family = OPERATIONS[operation_of(payload)].family
        self._expected: Counter[str] = Counter()
        self._unknown: set[str] = set()
        self.runs = 0

    def add(self, case: Case, account: Account) -> None:
        """Add one run."""
        self.runs += 1
        began, ours = bool(case.exit.ends), f"ex_llm.{self._family}"
        self._expected[f"{ours}.requests.total"] += 1
        self._expected[f"{ours}.duration.milliseconds"] += 1
        self._expected["ex_llm.stream.started.total"] += began
        self._expected["ex_llm.stream.duration.milliseconds"] += began
        self._expected["ex_llm.stream.chunks.total"] += account.chunks if began else 0
        self._expected[f"{ours}.errors.total"] += bool(case.exit.failed)
        self._expected["ex_llm.telemetry.extraction_errors.total"] += 0
        self._expected["ex_llm.telemetry.handler_failures.total"] += 0
        if case.exit.failed is None:
            self._unknown.add(f"{ours}.errors.total")
        if not account.relays:
            # What a manager gives is made of chunks, but need not be them.
            self._unknown.add("ex_llm.stream.chunks.total")

    def compared(self, total: Callable[[str], float]) -> list[str]:
        """Return which figures are not what they must be."""
        asked = [(name, figure, total(name)) for name, figure in self._expected.items() if name in _NAMES and name not in self._unknown]
        return [f"{name} is {told} after {self.runs} runs and not {figure}" for name, figure, told in asked if told != figure]


def _context(account: Account) -> Iterable[str]:
    if account.strayed:
        yield f"the application's span was not the current one {account.strayed} times"


def noise(records: Iterable[logging.LogRecord]) -> list[str]:
    """Return the log records that nobody should ever see because of us."""
    told = [r for r in records if r.name.startswith(_QUIET) or (r.name.startswith("opentelemetry.instrumentation.llm") and r.levelno > logging.INFO)]
    return [f"{r.name} says {r.getMessage()!r}" for r in told]
