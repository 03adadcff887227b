"""Every patch point of the release exists, with one start, stop and span.

The environments ``sdk-...-oldest`` and ``sdk-...-newest`` of ``tox.ini`` run this on the releases at both ends of each claim.
"""

from __future__ import annotations

from typing import Any

import pytest

import payloads
from census.releases import floor
from contract.driving import MODES
from harness.firing import Fired, amiss, fire
from harness.matrix import Observer, Row
from harness.proving import is_there
from harness.telling import Told
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.declaration import Sdk
from opentelemetry.instrumentation.llm.calls.patches import installed

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
CALLS = [(payload, mode) for payload in payloads.read() for mode in MODES]
ASKED = [payload.provider for payload, _ in CALLS]
TABLES = [provider for provider in providers.ALL if provider.name in ASKED]
FIRED = dict[tuple[str, str], Fired]


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer(providers.ALL)


@pytest.fixture(scope="module")
def fired() -> FIRED:
    """Collect the observed calls for the check over all patch points."""
    return {}


def _fire(payload: payloads.Payload, mode: str, observer: Observer, told: Told, url: str, fired: FIRED) -> Fired:
    if (payload.id, mode) not in fired:
        fired[payload.id, mode] = fire(payload, mode, observer, told, url)
    return fired[payload.id, mode]


@pytest.mark.parametrize(("payload", "mode"), CALLS, ids=lambda value: getattr(value, "id", value))
def test_a_call_fires(payload: payloads.Payload, mode: str, observer: Observer, told: Told, stand_in: Any, fired: FIRED) -> None:
    assert _fire(payload, mode, observer, told, stand_in.url, fired).complaints(payload.provider) == []


def _rows(provider: Sdk, *context: Any) -> set[Row]:
    """Return the Points that fire in some call of a provider."""
    found: set[Row] = set()
    for payload, mode in CALLS:
        if payload.provider == provider.name:
            try:
                found |= _fire(payload, mode, *context).points
            except pytest.skip.Exception:
                continue
    return found


@pytest.mark.parametrize("table", TABLES, ids=lambda provider: provider.name)
def test_every_point_is_where_it_is_claimed(table: Sdk, observer: Observer, told: Told, stand_in: Any, fired: FIRED) -> None:
    assert list(amiss(table, is_there, _rows(table, observer, told, stand_in.url, fired))) == []


def test_the_release_that_was_asked_for_is_installed() -> None:
    """The tox environment has the release in its name; otherwise its tests are void."""
    if not payloads.ASKED_FOR:
        pytest.skip("no release is asked for")
    (table,) = (provider for provider in providers.ALL if provider.name == payloads.ASKED_FOR)
    assert payloads.ASKED_FOR in ASKED and payloads.END in ("oldest", "newest")
    release, meets = installed(f"{table.distribution} == {floor(table.requires)}" if payloads.END == "oldest" else table.requires)
    assert meets, release
