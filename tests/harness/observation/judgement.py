"""Check the telemetry of one run: spans, metrics and log lines.

One span, ended, with true values and the application's span as parent; each metric counted once; no noise.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from harness.observation.account import OURS, Account
from harness.scripts.exits_sync import ConsumerFault
from harness.scripts.one_run import Case
from opentelemetry.instrumentation.llm.metrics import METRICS
from opentelemetry.instrumentation.llm.schema.events import OPERATIONS

_NAMES = frozenset(metric.name for metric in METRICS)
_QUIET = ("opentelemetry.context", "opentelemetry.sdk", "opentelemetry.attributes")


def judged(case: Case, account: Account, spans: list[Any], requests: int = 1) -> list[str]:
    """Return the errors in the spans of a case that sent this number of requests."""
    if not requests:
        # A generator that was never started made no request. A span for it is optional, but it must be ended.
        return [] if len(spans) <= 1 else [f"{len(spans)} spans have ended without a request"]
    if len(spans) != 1:
        return [f"{len(spans)} spans have ended: {[span.name for span in spans]}"]
    return [*_span(case, account, spans[0]), *_context(account)]


def _expected(case: Case, account: Account) -> tuple[tuple[str | None, ...], bool | None]:
    """Return the possible stream ends of a case, and whether it failed."""
    exit = case.exit
    if account.error is None and exit.name in ("error event", "server cuts", "server resets"):
        return ("complete", "error"), None  # the SDK hides it
    if account.error is None and exit.name == "cut":
        return (None,), False  # the SDK makes an answer of it
    if account.error is None and exit.name == "refused":
        return (None, "complete"), True  # the SDK hands the refusal on as an answer
    if not exit.failed and account.error not in (None, ConsumerFault.__name__):
        return ("error", None), True  # the SDK itself cannot do the requested operation here
    if "closed_early" in exit.ends and (account.generator == "theirs" or (account.generator and exit.name == "closed unread")):
        # Closing an unstarted generator executes none of its code, so close and drop look the same.
        return (*exit.ends, "abandoned"), exit.failed
    return exit.ends or (None,), exit.failed


def _span(case: Case, account: Account, span: Any) -> Iterable[str]:
    end, status = span.attributes.get("ex_llm.stream.end"), span.status.status_code.name
    ends, failed = _expected(case, account)
    if end not in ends:
        yield f"ex_llm.stream.end is {end!r} and not {ends}"
    if failed is not None and status != ("ERROR" if failed else "UNSET"):
        yield f"the status is {status}"
    if failed:
        reported = str(span.attributes.get("error.type", "")).rpartition(".")[2]
        if not reported or account.error not in (None, "TimeoutError", reported):
            yield f"error.type is {reported!r}, the application got {account.error}"
    if span.parent is None or span.parent.span_id != OURS.span_id:
        yield f"the parent is {span.parent} and not the application's span"
    if not span.end_time or span.end_time < span.start_time:
        yield f"it ends at {span.end_time} and began at {span.start_time}"


class Figures:
    """Expected totals: each run counts once in each metric that concerns it."""

    def __init__(self) -> None:
        self._expected: Counter[str] = Counter()
        self._unknown: set[str] = set()
        self.runs = 0

    def add(self, span: Any, account: Account | None = None) -> None:
        """Add one run with this span. A run without an account stopped before a read."""
        self.runs += 1
        ours = f"ex_llm.{OPERATIONS[span.attributes['gen_ai.operation.name']].family}"
        began, failed = "ex_llm.stream.end" in span.attributes, span.status.status_code.name == "ERROR"
        self._expected[f"{ours}.requests.total"] += 1
        self._expected[f"{ours}.duration.milliseconds"] += 1
        self._expected[f"{ours}.errors.total"] += failed
        self._expected["ex_llm.stream.started.total"] += began
        self._expected["ex_llm.stream.duration.milliseconds"] += began
        self._expected["ex_llm.stream.chunks.total"] += account.chunks if began and account is not None else 0
        self._expected["ex_llm.telemetry.extraction_errors.total"] += 0
        self._expected["ex_llm.telemetry.handler_failures.total"] += 0
        if account is not None and not account.relays:
            # The object from a context manager contains chunks, but is not always a chunk.
            self._unknown.add("ex_llm.stream.chunks.total")

    def compared(self, total: Callable[[str], float]) -> list[str]:
        """Return the metrics whose value differs from the expected value."""
        requested = [(name, figure, total(name)) for name, figure in self._expected.items() if name in _NAMES and name not in self._unknown]
        return [
            f"{name} is {reported} after {self.runs} runs and not {figure}" for name, figure, reported in requested if reported != figure
        ]


def _context(account: Account) -> Iterable[str]:
    if account.strayed:
        yield f"the application's span was not the current one {account.strayed} times"


def noise(records: Iterable[logging.LogRecord]) -> list[str]:
    """Return the log records that nobody should ever see because of us."""
    reported = [
        r
        for r in records
        if r.name.startswith(_QUIET) or (r.name.startswith("opentelemetry.instrumentation.llm") and r.levelno > logging.INFO)
    ]
    return [f"{r.name} says {r.getMessage()!r}" for r in reported]
