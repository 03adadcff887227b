"""Report targets that the installed release should have, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pytest

from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.patches import Patches
from opentelemetry.instrumentation.llm.testing import capture_events
from opentelemetry.instrumentation.llm.wrapper import Patch


@pytest.fixture
def patches() -> Iterator[Patches]:
    patches = Patches()
    patches.begin()
    yield patches
    patches.restore()


def test_target_of_other_releases_is_not_missing(patches: Patches) -> None:
    with capture_events("ex_llm.telemetry.missing_target") as events:
        patches.place(Patch(f"pytest > {version('pytest')}", "json:newer", lambda original: original, optional=False))
    assert events == [] and patches.missing == []


def test_target_that_this_release_should_have_is_missing(patches: Patches) -> None:
    with capture_events("ex_llm.telemetry.missing_target") as events:
        patches.place(Patch(f"pytest == {version('pytest')}", "json:removed", lambda original: original, optional=False))
    assert [event.metadata for event in events] == [{"sdk": "pytest", "target": "json:removed"}]


@pytest.mark.parametrize("sdk", providers.ALL, ids=lambda sdk: sdk.name)
def test_patterns_of_releases_match_a_target(sdk: providers.Sdk) -> None:
    needed = {sdk.required(point.target) for point in sdk.points}
    assert set(sdk.releases.values()) <= needed
