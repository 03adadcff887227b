"""The same scripts, bare and watched, in two processes: an application finds no difference."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import payloads
from harness.processes import python
from harness.running import cases
from harness.twin import differences

PAYLOADS = list(payloads.read())
PROVIDERS = sorted({payload.provider for payload in PAYLOADS})
SIDES = ("bare", "watched")


@cache
def twins(provider: str, directory: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run both sides of a provider once, next to each other."""
    files = {side: directory / f"{provider}-{side}.json" for side in SIDES}
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda side: python("-m", "harness.twin", side, provider, str(files[side])), SIDES))
    assert [(d.returncode, d.stdout, d.stderr) for d in done] == [(0, "", "")] * 2
    bare, watched = (json.loads(files[side].read_text()) for side in SIDES)
    return bare, watched


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("twins")


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: p.id)
def test_an_application_finds_no_difference(payload: payloads.Payload, directory: Path) -> None:
    bare, watched = twins(payload.provider, directory)
    found, compared = [], 0
    for case in (case for mode in ("sync", "async") for case in cases(payload, mode)):
        compared += "seen" in bare[case.id]
        found += differences(bare[case.id], watched[case.id], case.exit.races, case.id)
    assert not found, "\n".join(found)
    if not compared:
        pytest.skip(next(account["not applicable"] for name, account in bare.items() if name.startswith(f"{payload.id} /")))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_functions_look_as_before(provider: str, directory: Path) -> None:
    bare, watched = twins(provider, directory)
    assert bare["outsides"]
    assert differences(bare["outsides"], watched["outsides"]) == []
