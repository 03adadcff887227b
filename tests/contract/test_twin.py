"""An application finds no difference with instrumentation, in two processes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import calls
from harness.processes import python
from harness.scripts.one_run import cases
from harness.scripts.twin import differences

SAMPLES = list(calls.read())
PROVIDERS = sorted({sample.provider for sample in SAMPLES})
SIDES = ("bare", "watched")


@cache
def twins(provider: str, directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run both sides of a provider once, next to each other."""
    files = {side: directory / f"{provider}-{side}.json" for side in SIDES}
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda side: python("-m", "harness.scripts.twin", side, provider, str(files[side])), SIDES))
    assert [(d.returncode, d.stdout, _without_garbage(d.stderr)) for d in done] == [(0, "", "")] * 2
    bare, watched = (json.loads(files[side].read_text()) for side in SIDES)
    return bare, watched


def _without_garbage(printed: str) -> str:
    """Remove the warnings about open sockets that Python prints at exit."""
    return "".join(line for line in printed.splitlines(keepends=True) if "ResourceWarning: unclosed" not in line)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("twins")
    (made / "again").mkdir()
    return made


def found(sample: calls.SampleCall, directory: Path) -> tuple[dict[str, list[str]], int]:
    """Return the cases of a sample that differ, and the number of compared cases."""
    bare, watched = twins(sample.provider, directory)
    every = [case for mode in ("sync", "async") for case in cases(sample, mode)]
    differ = {case.id: differences(bare[case.id], watched[case.id], case.exit.races, case.id) for case in every}
    return {id: how for id, how in differ.items() if how}, sum("seen" in bare[case.id] for case in every)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_an_application_finds_no_difference(sample: calls.SampleCall, directory: Path) -> None:
    differ, compared = found(sample, directory)
    if differ:
        # Event loop and collector race when a generator is dropped; a defect of ours shows every time.
        again, _ = found(sample, directory / "again")
        differ = {id: how for id, how in differ.items() if id in again}
    assert not differ, "\n".join(line for how in differ.values() for line in how)
    if not compared:
        bare, _ = twins(sample.provider, directory)
        pytest.skip(next(account["not applicable"] for name, account in bare.items() if name.startswith(f"{sample.id} /")))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_functions_look_as_before(provider: str, directory: Path) -> None:
    bare, watched = twins(provider, directory)
    assert bare["outsides"]
    assert differences(bare["outsides"], watched["outsides"]) == []
