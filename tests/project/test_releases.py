"""Test the environments for the oldest and the newest releases.

They install the claimed releases, and a wrong PatchPoint is found.
"""

from __future__ import annotations

import configparser
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from census.releases import RELEASES, below, floor, required
from harness.observation.firing import Fired, amiss
from harness.report.matrix import Row
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint, Sdk
from opentelemetry.instrumentation.llm.calls.result import dispatch_result
from opentelemetry.instrumentation.llm.providers.openai import OPENAI

TOX = configparser.ConfigParser(interpolation=None)
TOX.read(Path(__file__).parents[2] / "tox.ini", encoding="utf-8")
(SDKS,) = (name for name in TOX.sections() if name.startswith("testenv:sdk-"))
OF_ITS_OWN = {
    "litellm": "testenv:litellm{,-oldest}",
    "transformers": "testenv:local{,-oldest}",
    "llama_cpp": "testenv:local{,-oldest}",
}
"""SDKs that share an environment with no other SDK."""
ROWS = [Row("openai", point) for point in OPENAI.points]


def _pins(section: str, factor: str) -> set[Requirement]:
    lines = (line.partition(":") for line in TOX[section]["deps"].splitlines())
    return {Requirement(wanted.strip()) for name, _, wanted in lines if name.strip() == factor}


@pytest.mark.parametrize("provider", providers.ALL, ids=lambda provider: provider.name)
def test_the_oldest_claimed_release_has_an_environment(provider: Sdk) -> None:
    section = OF_ITS_OWN.get(provider.name, SDKS)
    factor = "oldest" if section != SDKS else f"{provider.name}-oldest"
    pin = next(pin for pin in _pins(section, factor) if pin.name == provider.distribution)
    assert [(bound.operator, Version(bound.version)) for bound in pin.specifier] == [("==", Version(floor(provider.requires)))]


@pytest.mark.parametrize("provider", [p for p in providers.ALL if p.name not in OF_ITS_OWN], ids=lambda provider: provider.name)
def test_the_newest_release_has_an_environment(provider: Sdk) -> None:
    assert provider.name in SDKS.partition("{")[2].partition("}")[0].split(",")
    assert Requirement(f"{provider.distribution}{below(provider.requires)}") in _pins(SDKS, f"{provider.name}-newest")


def test_every_release_pattern_matches_a_point() -> None:
    tables = {provider.name: provider for provider in providers.ALL}
    recorded = {(name, requirement) for name, patterns in RELEASES.items() for requirement in patterns.values()}
    assert recorded <= {(name, required(tables[name], point)) for name in RELEASES for point in tables[name].points}


def test_points_that_exist_and_fire_are_right() -> None:
    assert list(amiss(_plain(), lambda point: True, ROWS)) == []


def test_a_point_that_does_not_exist_is_found() -> None:
    assert _amiss(_plain(), lambda point: point is not OPENAI.points[0], ROWS) == ["does not exist"]


def test_a_point_that_never_fires_is_found() -> None:
    assert _amiss(_plain(), lambda point: True, ROWS[1:]) == ["never fires"]


def test_a_point_that_fires_outside_its_releases_is_found() -> None:
    """Check points of releases that are not claimed, where none of them exists."""
    unclaimed = replace(OPENAI, requires="openai < 0", points=OPENAI.points[:1])
    assert _amiss(unclaimed, lambda point: True, ROWS) == ["is there"]


def test_a_call_recorded_twice_or_not_at_all_is_found() -> None:
    right = Fired(frozenset(ROWS[:1]), starts=1, stops=1, failures=0, spans=1)
    assert right.complaints("openai") == []
    for wrong in ({"starts": 2}, {"stops": 0}, {"failures": 1}, {"spans": 2}, {"points": frozenset()}):
        (complaint,) = right._replace(**wrong).complaints("openai")
        assert complaint
    assert right.complaints("groq") == ["no Point of groq began"]


class Odd(dict[str, object]):
    """A response object of the first releases of dashscope."""

    __getattr__ = dict.__getitem__


@pytest.mark.parametrize("point", [OPENAI.points[0], replace(OPENAI.points[0], stream_in=None)])
def test_a_response_with_keys_for_attributes_is_read(point: PatchPoint) -> None:
    result, answered = Odd(usage=None), []
    assert dispatch_result(SimpleNamespace(on_response=answered.append), point, result) is result  # type: ignore[arg-type]
    assert answered == [result]


def _plain() -> Sdk:
    """Return the table of openai with the points that all of its releases have."""
    return replace(OPENAI, points=tuple(point for point in OPENAI.points if required(OPENAI, point) == OPENAI.requires))


def _amiss(table: Sdk, there: object, fired: list[Row]) -> list[str]:
    found = list(amiss(table, there, fired))  # type: ignore[arg-type]
    return [what for line in found for what in ("does not exist", "never fires", "is there") if what in line]
