"""Every patch point of the release exists, with one start, stop and span.

The environments ``sdk-...-oldest`` and ``sdk-...-newest`` of ``tox.ini`` run this on the releases at both ends of each claim.
"""

from __future__ import annotations

from typing import Any

import pytest

import calls
from census.releases import floor
from contract.driving import MODES
from harness.observation.firing import Fired, amiss, fire
from harness.observation.new_telemetry import Reported
from harness.report.matrix import Observer, Row
from harness.report.results import is_there
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.declaration import Sdk
from opentelemetry.instrumentation.llm.calls.patches import installed

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
CALLS = [(sample, mode) for sample in calls.read() for mode in MODES]
ASKED = [sample.provider for sample, _ in CALLS]
TABLES = [provider for provider in providers.ALL if provider.name in ASKED]
FIRED = dict[tuple[str, str], Fired]


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer(providers.ALL)


@pytest.fixture(scope="module")
def fired() -> FIRED:
    """Collect the observed calls for the check over all patch points."""
    return {}


def _fire(sample: calls.SampleCall, mode: str, observer: Observer, reported: Reported, url: str, fired: FIRED) -> Fired:
    if (sample.id, mode) not in fired:
        fired[sample.id, mode] = fire(sample, mode, observer, reported, url)
    return fired[sample.id, mode]


@pytest.mark.parametrize(("sample", "mode"), CALLS, ids=lambda value: getattr(value, "id", value))
def test_a_call_fires(sample: calls.SampleCall, mode: str, observer: Observer, reported: Reported, stand_in: Any, fired: FIRED) -> None:
    assert _fire(sample, mode, observer, reported, stand_in.url, fired).complaints(sample.provider) == []


def _rows(provider: Sdk, *context: Any) -> set[Row]:
    """Return the Points that fire in some call of a provider."""
    found: set[Row] = set()
    for sample, mode in CALLS:
        if sample.provider == provider.name:
            try:
                found |= _fire(sample, mode, *context).points
            except pytest.skip.Exception:
                continue
    return found


@pytest.mark.parametrize("table", TABLES, ids=lambda provider: provider.name)
def test_every_point_is_where_it_is_claimed(table: Sdk, observer: Observer, reported: Reported, stand_in: Any, fired: FIRED) -> None:
    assert list(amiss(table, is_there, _rows(table, observer, reported, stand_in.url, fired))) == []


def test_the_release_that_was_asked_for_is_installed() -> None:
    """The tox environment has the release in its name; otherwise its tests are void."""
    if not calls.ASKED_FOR:
        pytest.skip("no release is asked for")
    (table,) = (provider for provider in providers.ALL if provider.name == calls.ASKED_FOR)
    assert calls.ASKED_FOR in ASKED and calls.END in ("oldest", "newest")
    release, meets = installed(f"{table.distribution} == {floor(table.requires)}" if calls.END == "oldest" else table.requires)
    assert meets, release
