"""The harness can fail: each fault that it is there to find, planted, is found."""

from __future__ import annotations

import contextvars
import dataclasses
import logging
from collections.abc import Iterator
from typing import Any

import pytest

import calls
from conftest import Seen
from harness.faults import planted as planted_faults
from harness.faults.planted import IN_THE_CALL, IN_WHAT_IS_TOLD, Planted, around_requests
from harness.observation.complaints import complaints
from harness.observation.new_telemetry import Reported
from harness.observation.signatures import outsides
from harness.processes import python
from harness.scripts.dropped_streams import dropped
from harness.scripts.one_run import Case, cases
from harness.scripts.process_end import untold
from harness.scripts.twin import Hearing, differences, observed
from opentelemetry.instrumentation.llm import LLMInstrumentor

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def _case(exit: str, stream: bool = True) -> Case:
    sample = next(p for p in calls.read() if p.provider == "openai" and p.stream is stream)
    return next(case for case in cases(sample, "sync", "plain") if case.exit.name == exit)


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load the SDK: only the responses of an HTTP client that is loaded are noticed."""
    _case("exhausted").sample.client("http://127.0.0.1:1").close()


@pytest.fixture(autouse=True)
def _cleared() -> Iterator[None]:
    yield
    planted_faults.clear()


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    """Collect the log records of this process."""
    made, root = Hearing(), logging.getLogger()
    before = root.level
    root.addHandler(made)
    root.setLevel(logging.DEBUG)
    yield made
    root.setLevel(before)
    root.removeHandler(made)


def _named(planted: Planted) -> str:
    return f"{planted.plant.__name__.strip('_')}-{planted.noticed}"


def _apart(*steps: Any) -> Any:
    """Run in a context of its own: faults may spoil it."""
    return contextvars.copy_context().run(*steps)


def test_twins_without_a_fault_are_alike(stand_in: Any, hearing: Hearing) -> None:
    for exit in {planted.exit for planted in IN_THE_CALL}:
        bare, again = (observed(_case(exit), stand_in, hearing) for _ in range(2))
        assert differences(bare, again) == []


@pytest.mark.parametrize("planted", IN_THE_CALL, ids=_named)
def test_a_fault_tells_twins_apart(planted: Planted, stand_in: Any, hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = observed(_case(planted.exit), stand_in, hearing)
    around_requests(monkeypatch, planted.plant)
    found = differences(bare, _apart(observed, _case(planted.exit), stand_in, hearing))
    assert any(difference.startswith(planted.noticed) or planted.noticed in difference.partition(":")[0] for difference in found), found


def test_a_function_that_looks_another_tells_twins_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = outsides("openai")
    around_requests(monkeypatch, lambda request, *args, **kwargs: request(*args, **kwargs))
    found = {difference.split("request.")[1].partition(":")[0].partition("[")[0] for difference in differences(bare, outsides("openai"))}
    assert {"signature", "hints", "names"} <= found


@pytest.fixture
def reported() -> Iterator[Reported]:
    """Watch for this test alone: its figures are spoiled."""
    seen = Seen()
    seen.instrument()
    made = Reported(seen)
    made.begin()
    yield made
    LLMInstrumentor().uninstrument()
    seen.close()


def test_nothing_is_complained_of_without_a_fault(reported: Reported, stand_in: Any, caplog: pytest.LogCaptureFixture) -> None:
    found = complaints([_case(exit) for exit in ("exhausted", "refused")], reported, stand_in, caplog)
    assert (found.found, found.ran) == ([], 2)


@pytest.mark.parametrize("planted", IN_WHAT_IS_TOLD, ids=_named)
def test_a_fault_is_complained_of(
    planted: Planted, reported: Reported, stand_in: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.plant(monkeypatch)
    found = _apart(complaints, [_case(planted.exit)], reported, stand_in, caplog).found
    monkeypatch.undo()
    assert any(planted.noticed in complaint for complaint in found), found


class _Endless:
    """A stream that nothing inside holds."""

    def __iter__(self) -> _Endless:
        return self

    def __next__(self) -> str:
        return "chunk"


def _left_to_the_collector(client: Any) -> _Endless:
    cycle: list[Any] = [_Endless()]
    cycle.append(cycle)
    return cycle[0]  # type: ignore[no-any-return]


def test_a_stream_that_is_left_to_the_collector_is_told_apart(stand_in: Any) -> None:
    sample = _case("dropped").sample
    calls = (lambda client: _Endless(), _left_to_the_collector)
    states = [dropped(dataclasses.replace(sample, call=call), "sync", stand_in.url) for call in calls]
    assert states == [["no stream"], ["a stream"]]


UNTOLD = """
import sys
from harness.scripts import process_end
from opentelemetry.instrumentation.llm.calls.streams import finalize
finalize.end_open = lambda: None
process_end.main("watched", "openai", "sync", sys.argv[1])
"""


def test_streams_that_a_process_takes_along_are_complained_of(stand_in: Any) -> None:
    left = python("-c", UNTOLD, stand_in.url)
    assert (left.returncode, left.stderr) == (3, "")
    (complaint,) = untold("openai", "sync", left.stdout)
    assert complaint.startswith("0 spans are told of ")
