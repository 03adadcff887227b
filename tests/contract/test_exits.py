"""Every exit of a call gives one span, ended once, and leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import payloads
from contract.driving import MODES
from harness.complaining import complaints
from harness.describing import shown
from harness.dropping import dropped
from harness.leaving import untold
from harness.processes import python
from harness.running import cases
from harness.styles import STYLES
from harness.watching import Watching

# Sockets that the application leaves open, and the SDKs' log lines about their operations.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", list(payloads.read()), ids=lambda p: p.id)
def test_one_span_however_it_is_left(
    payload: payloads.Payload, mode: str, style: str, told: Any, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found, ran, reasons = complaints(cases(payload, mode, style), told, stand_in, caplog)
    if not ran:
        pytest.skip(reasons[0] if reasons else "a variant of another payload, which is left in every way")
    assert not found, "\n".join(found)


STREAMS = [payload for payload in payloads.read() if payload.stream]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", STREAMS, ids=lambda p: p.id)
def test_what_is_dropped_goes_as_early_as_unwatched(payload: payloads.Payload, mode: str, watching: Watching, stand_in: Any) -> None:
    watching.bare()
    dropped(payload, mode, stand_in.url)
    bare = dropped(payload, mode, stand_in.url)
    watching.watched()
    assert dropped(payload, mode, stand_in.url) == bare


PROVIDERS = sorted({payload.provider for payload in payloads.read() if payload.stream})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_streams_that_are_open_when_the_process_ends_are_exported(provider: str, mode: str, stand_in: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        bare, watched = pool.map(lambda side: python("-m", "harness.leaving", side, provider, mode, stand_in.url), ("bare", "watched"))
    noisy = any(payload.noise for payload in payloads.read() if payload.provider == provider)
    assert (watched.returncode, shown(watched.stderr)) == (3, shown("" if noisy else bare.stderr))
    assert untold(provider, mode, watched.stdout) == []
