"""Calls leave nothing behind, and the memory of an open stream is bounded.

Some exits of each SDK by default; every exit, with 20,000 calls each, in ``tox -e soak``.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import calls
from contract.driving import MODES, opened
from harness.measures.growth import Growth, Left
from harness.measures.open_streams import BYTES_PER_OPEN_STREAM, OBJECTS_PER_OPEN_STREAM, held
from harness.observation.instrumented import Watching
from harness.processes import python, served
from harness.scripts.styles import NotApplicable
from opentelemetry.instrumentation.llm.calls.streams import finalize

SOAK = os.environ.get("LLM_SOAK")
CALLS = SOAK or "140"
FEW = ("answer, answered", "answer, refused", "stream, exhausted", "stream, broken off in with", "stream, dropped", "stream, cancelled")
PROVIDERS = sorted({sample.provider for sample in calls.read()})
RATIONALE = Path(__file__).parents[2] / "docs" / "rationale.md"
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]


def growths(side: str, provider: str, mode: str, *only: str, before: str = "") -> Iterator[tuple[str, Growth]]:
    """Run ``before`` and exits in a process; yield each with its last growth."""
    started = (
        ("-c", f"{before}\nimport sys\nfrom harness.measures import leaks\nleaks.main(*sys.argv[1:])")
        if before
        else ("-m", "harness.measures.leaks")
    )
    done = python(*started, side, provider, mode, CALLS, *only, timeout=None if SOAK else 240)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        reported = json.loads(line)
        calls, left, grew = reported["growths"][-1]
        yield reported["path"], Growth(calls, [Left(*round) for round in left], grew)


_TIMES = 3
"""Measurements of an exit, each in a new process: some SDKs grow by chance."""


def grown(provider: str, mode: str, *only: str, before: str = "") -> tuple[list[str], int]:
    """Return the exits that always grow, and not without us; and the number of exits."""
    watched = dict(growths("watched", provider, mode, *only, before=before))
    found = {path: growth for path, growth in watched.items() if growth.beyond()}
    bare = dict(growths("bare", provider, mode, *found)) if found else {}
    for time in range(_TIMES):
        again = watched if time == 0 else dict(growths("watched", provider, mode, *found, before=before)) if found else {}
        found = {path: again[path] for path in found if again[path].beyond(bare.get(path))}
    return [f"{path}: {growth.reported()}" for path, growth in found.items()], len(watched)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_nothing_is_left_of_calls_that_are_over(provider: str, mode: str) -> None:
    found, tried = grown(provider, mode, *(() if SOAK else (f"{mode} {way}" for way in FEW)))
    if not tried:
        pytest.skip("this SDK has no such form of it")
    assert not found, "\n".join(found)


_STARTED = """
from opentelemetry.instrumentation.llm import attach
kept = []
attach("keeps", "*.start", lambda name, *said: kept.append({}))
"""
_ENDED = """
from opentelemetry.instrumentation.llm.calls.call import Call
kept, end = [], Call._end
def ending(call, *more):
    {}
    return end(call, *more)
Call._end = ending
"""
PLANTED = {
    "keeps events": _STARTED.format("said"),
    "keeps text, which is no object of the collector": _STARTED.format("bytes(1000)"),
    "keeps small text": _STARTED.format("bytes(300)"),
    "keeps contexts": "import contextvars" + _STARTED.format("contextvars.copy_context()"),
    "keeps calls": _ENDED.format("kept.append(call)"),
    "keeps what it knew": _ENDED.format("kept.append(call.known)"),
    "has the end of the process wait for each": "import atexit" + _ENDED.format("atexit.register(lambda: call)"),
    "never ends": "from opentelemetry.instrumentation.llm.calls.call import Call\nCall._end = lambda *anything: None",
    "keeps streams": """
from opentelemetry.instrumentation.llm.calls.streams import inner_iterator
kept, tap = [], inner_iterator.tap
def keeping(stream, *more):
    kept.append(stream)
    tap(stream, *more)
inner_iterator.tap = keeping
""",
}


@pytest.mark.parametrize(
    ("fault", "mode"), list(zip(PLANTED, itertools.cycle(MODES), strict=False)), ids=lambda recorded: f"openai-{recorded}"
)
def test_what_keeps_something_of_each_call_is_found(fault: str, mode: str) -> None:
    ((_, growth),) = growths("watched", "openai", mode, f"{mode} stream, broken off in with", before=PLANTED[fault])
    assert growth.beyond() and growth.grew


def test_what_grows_each_time_is_said() -> None:
    found, tried = grown("openai", "sync", "sync stream, broken off in with", before=PLANTED["keeps calls"])
    assert (len(found), tried) == (1, 1)


STREAMS = [sample for sample in calls.read() if sample.stream and not sample.of_answers]
_OPEN = 8
"""How many are open at once: fewer than the connections in any SDK's pool."""


@pytest.fixture(scope="module")
def far() -> Iterator[str]:
    """Give the URL of a stand-in whose memory is not in this process."""
    with served() as url:
        yield url


@pytest.mark.parametrize("chunks", (10, 30))
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", STREAMS, ids=lambda sample: sample.id)
def test_an_open_stream_holds_little_of_ours(sample: calls.SampleCall, mode: str, chunks: int, watching: Watching, far: str) -> None:
    watching.bare()
    tracemalloc.start()
    try:
        bare = held(sample, mode, far, _OPEN, chunks)
        watching.watched()
        ours = held(sample, mode, far, _OPEN, chunks).more_than(bare)
    except NotApplicable as reason:
        pytest.skip(str(reason))
    finally:
        tracemalloc.stop()
    assert ours.objects <= OBJECTS_PER_OPEN_STREAM and ours.memory <= BYTES_PER_OPEN_STREAM, ours


def _nothing() -> None:
    """Imitate work of another library at interpreter exit."""


def test_many_streams_leave_one_entry_among_what_runs_as_the_process_ends(watching: Watching, far: str) -> None:
    sample = next(sample for sample in STREAMS if sample.provider == "openai")
    watching.watched()
    entries = []
    with opened(sample, far) as client:
        for _ in range(5):
            list(sample.call(client))  # type: ignore[misc]
            entries.append(atexit._ncallbacks())
        atexit.register(_nothing)
        list(sample.call(client))  # type: ignore[misc]
    assert len(set(entries)) == 1
    assert finalize._turn._last == atexit._ncallbacks() > entries[-1]
    atexit.unregister(_nothing)


def test_the_bound_is_told() -> None:
    text = RATIONALE.read_text(encoding="utf-8")
    assert f"{OBJECTS_PER_OPEN_STREAM} objects" in text and f"{BYTES_PER_OPEN_STREAM // 1024} KiB" in text
