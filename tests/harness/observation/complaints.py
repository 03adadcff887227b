"""Run cases with instrumentation and return the errors in their telemetry."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

from harness.measures.fast_clients import forget_the_past
from harness.observation.account import Account
from harness.observation.judgement import Figures, judged, noise
from harness.scripts.one_run import Case, run
from harness.scripts.styles import NotApplicable


class Complaints(NamedTuple):
    """Errors, the number of cases that ran, and the reasons of those that did not."""

    found: list[str]
    ran: int
    reasons: list[str]


def run_if_applicable(case: Case, url: str, reasons: list[str]) -> Account | None:
    """Run a case and release its stream, or record why it is not applicable."""
    try:
        return run(case, url)
    except NotApplicable as reason:
        reasons.append(str(reason))
        return None


def complaints(cases: Iterable[Case], reported: Any, server: Any, logged: Any) -> Complaints:
    """Run the cases in turn and check each; finally check the totals of all metrics.

    ``told`` is a ``CacheRecorder`` that has begun, ``server`` the stand-in, ``logged`` the fixture ``caplog``.
    """
    found: list[str] = []
    reasons: list[str] = []
    figures = Figures()
    ran = 0
    with logged.at_level(logging.DEBUG, logger="opentelemetry"):
        for case in cases:
            forget_the_past()
            for each in (server, logged, reported):
                each.clear()
            account = run_if_applicable(case, server.url, reasons)
            if account is None:
                forget_the_past()
                for span in reported.spans():
                    figures.add(span)
                continue
            ran += 1
            requests, spans = len(server.journal), reported.spans()
            wrong = [*judged(case, account, spans, requests), *noise(logged.records)]
            resent = sum(span.attributes.get("http.request.resend_count", 0) for span in spans)
            if requests > 1 + resent:
                wrong.append(f"{requests} requests were sent, {resent} of them anew")
            if reported.begun != len(spans):
                wrong.append(f"{reported.begun} spans have begun and {len(spans)} have ended")
            if len(spans) == 1:
                figures.add(spans[0], account)
            found += [f"{case.exit.name}: {what}" for what in wrong]
    return Complaints([*found, *(figures.compared(reported.total) if ran else ())], ran, reasons)
