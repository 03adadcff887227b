"""However an application leaves what it opened: one span, ended once and truly, and nothing left behind."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

import payloads
from contract.driving import MODES
from harness.account import Account
from harness.judging import Figures, judged, noise
from harness.leaving import streams
from harness.processes import python
from harness.quick import forget_the_past
from harness.running import Case, cases, run
from harness.styles import STYLES, NotApplicable

# What an application leaves open it leaves open: sockets, and what some SDKs say of their own operations.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]


def run_if_applicable(case: Case, url: str, reasons: list[str]) -> Account | None:
    """Run a case, or write down why it is not applicable; its stream is free to go by then."""
    try:
        return run(case, url)
    except NotApplicable as reason:
        reasons.append(str(reason))
        return None


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", list(payloads.read()), ids=lambda p: p.id)
def test_one_span_however_it_is_left(
    payload: payloads.Payload, mode: str, style: str, told: Any, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[str] = []
    reasons: list[str] = []
    figures = Figures()
    ran = 0
    with caplog.at_level(logging.DEBUG, logger="opentelemetry"):
        for case in cases(payload, mode, style):
            forget_the_past()
            stand_in.clear()
            caplog.clear()
            told.clear()
            account = run_if_applicable(case, stand_in.url, reasons)
            if account is None:
                forget_the_past()
                for span in told.spans():
                    figures.add(span)
                continue
            ran += 1
            requests, spans = len(stand_in.journal), told.spans()
            wrong = [*judged(case, account, spans, requests), *noise(caplog.records)]
            if requests > 1:
                wrong.append(f"{requests} requests were sent")
            if len(spans) == 1:
                figures.add(spans[0], account)
            found += [f"{case.exit.name}: {what}" for what in wrong]
    if not ran:
        pytest.skip(reasons[0] if reasons else "a variant of another payload, which is left in every way")
    found += figures.compared(told.total)
    assert not found, "\n".join(found)


PROVIDERS = sorted({payload.provider for payload in payloads.read() if payload.stream})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_streams_that_are_open_when_the_process_ends_are_exported(provider: str, mode: str, stand_in: Any) -> None:
    bare, watched = (python("-m", "harness.leaving", side, provider, mode, stand_in.url) for side in ("bare", "watched"))
    there = [p for p in streams(provider) if (p.call if mode == "sync" else p.async_call) is not None]
    assert (watched.returncode, watched.stderr) == (3, bare.stderr)
    told = [json.loads(line) for line in watched.stdout.splitlines()]
    assert [(end, status) for _, end, status in told] == [("abandoned", "UNSET")] * len(there)
