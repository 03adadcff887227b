"""The fault injection finds each planted defect of the error handling.

A defect lets an error through, loses a span, or logs too loudly or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import calls
from harness.faults.injection import named
from harness.faults.reports import SETTINGS, Bench, bare
from harness.scripts.one_run import Case, cases
from opentelemetry.instrumentation.llm import guard
from opentelemetry.instrumentation.llm.calls import wrap as watching

CHAT = next(p for p in calls.read() if p.id == "openai-chat.completions.create")
CASE: Case = next(case for case in cases(CHAT, "sync", "plain") if case.exit.name == "answered")
STEP = "calls/result.py:dispatch_result"


def _unguarded(step: Callable[..., Any], *arguments: Any, default: Any = None, rescue: Any = None) -> Any:
    return step(*arguments)


def _without_rescue(step: Callable[..., Any], *arguments: Any, default: Any = None, rescue: Any = None) -> Any:
    return guard.guarded(step, *arguments, default=default)


def _without_result(step: Callable[..., Any], *arguments: Any, default: Any = None, rescue: Any = None) -> Any:
    return guard.guarded(step, *arguments, rescue=rescue)


def _loudly(step: Callable[..., Any], error: Exception) -> None:
    logging.getLogger(guard.__name__).warning("%s", type(error).__name__)


def _silently(step: Callable[..., Any], error: Exception) -> None:
    return


FAULTS: dict[str, tuple[Any, str, Any, str]] = {
    "nobody guards": (watching, "guarded", _unguarded, "the application sees it"),
    "nobody ends the call": (watching, "guarded", _without_rescue, "1 spans began, 0 ended"),
    "the answer is lost": (watching, "guarded", _without_result, "the application sees it"),
    "a warning is logged": (guard, "_report_failure", _loudly, "more than a debug line is logged"),
    "nothing is logged": (guard, "_report_failure", _silently, "no line is logged"),
}


def _wrong(watch: Any, stand_in: Any, plant: Callable[[], None]) -> list[str]:
    unwatched = bare(CASE, stand_in)
    bench = Bench(watch(**SETTINGS), stand_in)
    ways, well = bench.ways(CASE)
    (way,) = (way for way in ways if named(way[-1]) == STEP)
    plant()
    return bench.wrong(CASE, unwatched, well, way)


def test_nothing_is_wrong_without_a_fault(watch: Any, stand_in: Any) -> None:
    assert _wrong(watch, stand_in, lambda: None) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, watch: Any, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module, name, planted, expected = FAULTS[fault]
    found = _wrong(watch, stand_in, lambda: monkeypatch.setattr(module, name, planted))
    monkeypatch.undo()
    assert any(expected in complaint for complaint in found), found
