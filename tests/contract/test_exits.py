"""Every exit of a call gives one span, ended once, and leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import calls
from contract.driving import MODES
from harness.observation.complaints import complaints
from harness.observation.descriptions import shown
from harness.observation.instrumented import Watching
from harness.processes import python
from harness.scripts.dropped_streams import dropped
from harness.scripts.one_run import cases
from harness.scripts.process_end import untold
from harness.scripts.styles import STYLES

# Sockets that the application leaves open, and the SDKs' log lines about their operations.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", list(calls.read()), ids=lambda p: p.id)
def test_one_span_however_it_is_left(
    sample: calls.SampleCall, mode: str, style: str, reported: Any, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found, ran, reasons = complaints(cases(sample, mode, style), reported, stand_in, caplog)
    if not ran:
        pytest.skip(reasons[0] if reasons else "a variant of another sample, which is left in every way")
    assert not found, "\n".join(found)


STREAMS = [sample for sample in calls.read() if sample.stream]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", STREAMS, ids=lambda p: p.id)
def test_what_is_dropped_goes_as_early_as_unwatched(sample: calls.SampleCall, mode: str, watching: Watching, stand_in: Any) -> None:
    watching.bare()
    dropped(sample, mode, stand_in.url)
    bare = dropped(sample, mode, stand_in.url)
    watching.watched()
    assert dropped(sample, mode, stand_in.url) == bare


PROVIDERS = sorted({sample.provider for sample in calls.read() if sample.stream})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_streams_that_are_open_when_the_process_ends_are_exported(provider: str, mode: str, stand_in: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        bare, watched = pool.map(
            lambda side: python("-m", "harness.scripts.process_end", side, provider, mode, stand_in.url), ("bare", "watched")
        )
    noisy = any(sample.noise for sample in calls.read() if sample.provider == provider)
    assert (watched.returncode, shown(watched.stderr)) == (3, shown("" if noisy else bare.stderr))
    assert untold(provider, mode, watched.stdout) == []
