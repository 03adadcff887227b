"""Matrix: mechanism x {chat, stream, embeddings} x {parent, baggage, no leak}.

Every mechanism runs once for all of its cells, and the cells check the context at the place of the call.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Seen
from integration.across import asking
from integration.across.asking import NOWHERE, OPERATIONS, Asked, Cell, Place, Reported, observe
from integration.across.mechanisms import MECHANISMS
from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),
    # The SDK leaves its generators unclosed at the last event, and trio warns of it.
    pytest.mark.filterwarnings("ignore:Async generator '(openai|httpx|httpcore):ResourceWarning"),
]
GREEN = {
    "gevent": ("spawn", "Pool", "Thread", "Timer", "ThreadPoolExecutor"),
    "eventlet": ("spawn", "GreenPool", "Thread", "Timer", "ThreadPoolExecutor"),
}
_ASKING: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sync": (asking.ask, asking.look),
    "async": (asking.ask_async, asking.look_async),
    "elsewhere": (asking.ask_elsewhere, asking.look),
}
Outcome = dict[str, Cell]


@pytest.fixture(scope="module")
def watched(_stand_in: Any) -> Iterator[str]:
    """Watch with the default settings, and give the stand-in's address."""
    seen = Seen()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace, "get_tracer_provider", lambda: seen.tracer_provider)
        seen.instrument()
        asking.keep_spans(seen._spans)
        yield _stand_in.url
        LLMInstrumentor().uninstrument()
        seen.close()


@pytest.fixture(scope="module")
def outcome_of(watched: str) -> Iterator[Callable[[str], Outcome]]:
    """Run a mechanism the first time that it is asked for."""
    outcomes: dict[str, Outcome] = {}
    failures: dict[str, BaseException] = {}

    def outcome(name: str) -> Outcome:
        library = name.partition(" ")[0]
        if name not in outcomes:
            try:
                if library in failures or name in failures:
                    raise failures[library if library in failures else name]
                outcomes.update(_green(library, watched) if library in GREEN else {name: _mechanism(name, watched)})
            except BaseException as failure:
                failures[library if library in GREEN else name] = failure
                raise
        return outcomes[name]

    yield outcome


def _mechanism(name: str, url: str) -> Outcome:
    mechanism = MECHANISMS[name]
    ask, look = _ASKING[mechanism.form]
    try:
        with mechanism.open() as run:
            return observe(run, url, ask, look, f"session of {name}")
    except ModuleNotFoundError as missing:
        pytest.skip(f"{missing.name} is not installed")


def _green(library: str, url: str) -> dict[str, Outcome]:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    program = Path(__file__).with_name("greenlets.py")
    paths = os.pathsep.join(path for path in sys.path if path)
    ran = subprocess.run(
        [sys.executable, str(program), library, url], capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": paths}
    )
    assert ran.returncode == 0, ran.stderr
    found = {name: {operation: _cell(*cell) for operation, cell in cells.items()} for name, cells in json.loads(ran.stdout).items()}
    return {f"{library} {way}": found.get(f"{library} {way}", {}) for way in GREEN[library]}


def _cell(parent: Any, requested: Any, outside: Any, caller_as_before: bool) -> Cell:
    before, after, spans = requested
    return Cell(
        Place(*parent), Asked(Place(*before), Place(*after), [Reported(*span) for span in spans]), Place(*outside), caller_as_before
    )


NAMES = [*MECHANISMS, *(f"{library} {way}" for library, ways in GREEN.items() for way in ways)]
_BROKEN = pytest.mark.xfail(reason="opentelemetry-instrumentation-threading hides the run() of the Timer that gevent puts in place")
cells = pytest.mark.parametrize(
    ("name", "operation"),
    [pytest.param(name, operation, marks=[_BROKEN] if name == "gevent Timer" else []) for name in NAMES for operation in OPERATIONS],
)


@cells
def test_the_parent_is_known_in_the_worker(name: str, operation: str, outcome_of: Callable[[str], Outcome]) -> None:
    cell = outcome_of(name)[operation]
    own = name in MECHANISMS and MECHANISMS[name].own_parent
    assert cell.parent.span != NOWHERE
    assert cell.requested.before.trace == cell.parent.trace
    assert (cell.requested.before.span == cell.parent.span) is not own
    (span, *others) = cell.requested.spans
    assert (span.trace, span.parent) == (cell.parent.trace, cell.requested.before.span)
    # Where a mechanism needs two jobs to do one, both have their span, and both below the parent.
    assert all(other == span for other in others) and len(others) < 2


@cells
def test_the_baggage_is_carried(name: str, operation: str, outcome_of: Callable[[str], Outcome]) -> None:
    cell = outcome_of(name)[operation]
    assert cell.parent.session is not None
    assert cell.requested.before.session == cell.parent.session
    assert all(span.session == cell.parent.session for span in cell.requested.spans)


@cells
def test_no_context_leaks_back(name: str, operation: str, outcome_of: Callable[[str], Outcome]) -> None:
    cell = outcome_of(name)[operation]
    assert cell.requested.after == cell.requested.before
    assert cell.caller_as_before
    assert (cell.outside.span, cell.outside.session) == (NOWHERE, None) or (name in MECHANISMS and MECHANISMS[name].own_parent)
