"""Judge what was told of one run: one span, ended, true and a child of the application's; every figure once; no noise."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry.instrumentation.llm.metrics import METRICS
from opentelemetry.instrumentation.llm.words.events import OPERATIONS
from .account import OURS, Account
from .running import Case

_NAMES = frozenset(metric.name for metric in METRICS)
_QUIET = ("opentelemetry.context", "opentelemetry.sdk", "opentelemetry.attributes")


def judged(case: Case, account: Account, spans: list[Any], requests: int = 1) -> list[str]:
    """Return what is wrong with the spans of a case that has run and sent so many requests."""
    if not requests and not spans:
        return []  # a generator that was never asked has called nobody
    if len(spans) != 1:
        return [f"{len(spans)} spans have ended: {[span.name for span in spans]}"]
    return [*_span(case, account, spans[0], requests), *_context(account)]


def _unnoticed(case: Case, account: Account) -> bool:
    """Say whether an SDK hides from the application that its stream was cut or brought an error."""
    return account.error is None and case.exit.name in ("error event", "server cuts", "server resets")


def _span(case: Case, account: Account, span: Any, requests: int) -> Iterable[str]:
    end, status = span.attributes.get("ex_llm.stream.end"), span.status.status_code.name
    ends = ("complete", "error") if _unnoticed(case, account) else case.exit.ends
    if end not in (ends if ends and requests else (*ends, None)):
        yield f"ex_llm.stream.end is {end!r} and not {ends}"
    expected = {True: "ERROR", False: "UNSET", None: status}[None if _unnoticed(case, account) else case.exit.failed]
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

    def __init__(self) -> None:
        self._expected: Counter[str] = Counter()
        self._unknown: set[str] = set()
        self.runs = 0

    def add(self, case: Case, account: Account, span: Any) -> None:
        """Add one run, which told this one span."""
        self.runs += 1
        ours = f"ex_llm.{OPERATIONS[span.attributes['gen_ai.operation.name']].family}"
        began, failed = "ex_llm.stream.end" in span.attributes, span.status.status_code.name == "ERROR"
        self._expected[f"{ours}.requests.total"] += 1
        self._expected[f"{ours}.duration.milliseconds"] += 1
        self._expected[f"{ours}.errors.total"] += failed
        self._expected["ex_llm.stream.started.total"] += began
        self._expected["ex_llm.stream.duration.milliseconds"] += began
        self._expected["ex_llm.stream.chunks.total"] += account.chunks if began else 0
        self._expected["ex_llm.telemetry.extraction_errors.total"] += 0
        self._expected["ex_llm.telemetry.handler_failures.total"] += 0
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
