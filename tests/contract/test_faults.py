"""Each function of the package raises; the application notices nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest

import calls
from contract.driving import MODES
from harness.faults.injection import Way, named
from harness.faults.reports import SETTINGS, TRIES, Bench, anew, bare
from harness.scripts.one_run import Case, cases

from .unguarded import FRAMES

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
    # Python 3.13 warns of the code that replaces that of a generator.
    pytest.mark.filterwarnings("ignore:Assigning a code object:DeprecationWarning"),
]
EVERYWHERE = {("plain", "answered"), ("plain", "exhausted")}
KINDS = {
    "sync": {
        *EVERYWHERE, ("plain", "refused"), ("raw", "parsed"), ("streamed", "parsed"), ("plain", "broken off in with"), ("plain", "closed"),
        ("plain", "dropped"), ("plain", "server cuts"), ("raw", "exhausted"), ("streamed", "left unread"),
    },
    "async": {*EVERYWHERE, ("plain", "server cuts"), ("plain", "closed")},
}  # fmt: skip
_THOROUGH = "LLM_CONTRACT" in os.environ
"""Whether every sample runs every exit; otherwise two represent the rest."""
FEW = ("openai-chat.completions.create", "openai-chat.completions.create-stream")
SAMPLES = [sample for sample in calls.read() if _THOROUGH or sample.id in FEW]
_NEAR = 4
_done: set[tuple[Any, ...]] = set()


def _is_new(way: Way, case: Case, always: bool) -> bool:
    """Return True if a fault is new in this exit, or on a similar call path.

    Steps of a frame are tested in each frame; deeper functions are the same in sync and async calls.
    """
    names = tuple(map(named, way))
    if names[-1] in FRAMES:
        return False
    key: tuple[Any, ...] = (names, always, case.exit.name, case.style) if _THOROUGH else (names[-_NEAR:], always)
    if key in _done:
        return False
    _done.add(key)
    return True


def _tried(bench: Bench, case: Case, unwatched: Any) -> list[str]:
    """Make each function of a case raise once on each call path, or always."""
    ways, well = bench.ways(case)
    found = [what for way in ways if _is_new(way, case, False) for what in bench.wrong(case, unwatched, well, way)]
    if (case.style, case.exit.name) in EVERYWHERE:
        found += [what for way in ways if _is_new(way[-1:], case, True) for what in bench.wrong(case, unwatched, well, way, True)]
    lost = set(ways)
    for _ in range(TRIES):
        lost = lost and lost - set(bench.ways(case)[0])
    return found + [f"{named(way[-1])} is not reached any more after all this | {case.id}" for way in lost]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_no_mistake_of_ours_reaches_the_application(sample: calls.SampleCall, mode: str, watch: Any, stand_in: Any) -> None:
    chosen = [case for case in cases(sample, mode) if (case.style, case.exit.name) in KINDS[mode]]
    bares = {case.id: bare(case, stand_in) for case in chosen}
    bench = Bench(watch(**SETTINGS), stand_in)
    found = [what for case in chosen if bares[case.id] is not None for what in _tried(bench, case, bares[case.id])]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("provider", sorted({sample.provider for sample in SAMPLES}))
def test_nor_does_one_in_what_is_worked_out_in_the_first_call_only(provider: str, watch: Any, stand_in: Any) -> None:
    found: list[str] = []
    for stream in (False, True):
        mine = [case for p in SAMPLES if p.provider == provider and p.stream is stream for case in cases(p, "sync", "plain")]
        case = next((case for case in mine if (case.style, case.exit.name) in EVERYWHERE and case.sample.call is not None), None)
        unwatched = None if case is None else bare(case, stand_in)
        if case is None or unwatched is None:
            continue
        with anew(watch, stand_in) as bench:
            first, well = bench.ways(case, warm=False)
            later = set(bench.ways(case)[0])
        for way in (way for way in first if way not in later and _is_new(way, case, False)):
            with anew(watch, stand_in) as bench:
                found += bench.wrong(case, unwatched, well, way)
    assert not found, "\n".join(found)
