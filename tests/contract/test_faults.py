"""Every function of ours raises in turn, in every kind of call: the application gets what it gets unwatched."""

from __future__ import annotations

from types import CodeType
from typing import Any

import payloads
import pytest
from contract.driving import MODES
from harness.account import Account
from harness.faults import functions_by_code, functions_run, listening, named, raising
from harness.quick import forget_the_past
from harness.running import Case, cases, run
from harness.styles import NotApplicable

from opentelemetry.instrumentation.llm import LLMInstrumentor

from .unguarded import FRAMES, LOSES_THE_SPAN, TELLS_NOBODY

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
SETTINGS: dict[str, Any] = {"capture_message_content": "span_and_event", "emit_event": True, "cost_threshold_cents": 0.0}
EVERYWHERE = {("plain", "answered"), ("plain", "exhausted")}
KINDS = {
    "sync": {
        *EVERYWHERE, ("plain", "refused"), ("raw", "parsed"), ("streamed", "parsed"), ("plain", "broken off in with"), ("plain", "closed"),
        ("plain", "dropped"), ("plain", "server cuts"), ("raw", "exhausted"), ("streamed", "left unread"),
    },
    "async": {*EVERYWHERE, ("plain", "server cuts"), ("plain", "closed")},
}  # fmt: skip
_done: set[tuple[Any, ...]] = set()


class Bench:
    """Run cases bare and watched and compare what came of them."""

    def __init__(self, seen: Any, stand_in: Any) -> None:
        self._seen, self._stand_in = seen, stand_in
        self.begun = self.runs = 0
        self._functions = functions_by_code()
        seen.tracer_provider.add_span_processor(self)

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Count a span that begins."""
        self.begun += 1

    def on_end(self, span: Any) -> None:
        """Leave the counting of ends to the exporter."""

    _on_ending = on_end

    def shutdown(self) -> None:
        """Have nothing to close."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Have nothing to wait for."""
        return True

    def account(self, case: Case) -> Account | None:
        """Run a case from a clean beginning."""
        forget_the_past()
        self._stand_in.clear()
        self._seen.clear()
        self.begun = 0
        self.runs += 1
        try:
            return run(case, self._stand_in.url, chunks=True)
        except NotApplicable:
            return None

    def wrong(self, case: Case, bare: Any, code: CodeType, always: bool) -> list[str]:
        """Run a case while something raises; return what an application or an operator would complain of."""
        name = named(code)
        with listening() as heard, raising(code, self._functions, always):
            account = self.account(case)
        found = []
        if name not in FRAMES and (account is None or account.as_json() != bare):
            found.append("the application sees it" + (f" ({account.error})" if account is not None else ""))
        ended = len(self._seen.spans())
        if self.begun != ended:
            found.append(f"{self.begun} spans began, {ended} ended")
        elif ended != 1 and name not in LOSES_THE_SPAN and name not in FRAMES:
            found.append(f"{ended} spans are told")
        if not heard.told and name not in TELLS_NOBODY and name not in FRAMES:
            found.append("no line is logged")
        return [f"{what} when {name} raises {'always' if always else 'once'}: {case.exit.name}, {case.style}" for what in found]


def _bare(case: Case, url: str) -> Any:
    try:
        return run(case, url, chunks=True).as_json()
    except NotApplicable:
        return None


def _ways(case: Case, code: CodeType) -> list[bool]:
    """Say how a function is to raise in a case: once, and where it runs anyway in all cases, always; nothing is done twice."""
    key, everywhere = (code, case.exit.name, case.style, case.mode), (case.style, case.exit.name) in EVERYWHERE
    if key in _done:
        return []
    _done.add(key)
    return [False, True] if everywhere else [False]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", list(payloads.read()), ids=lambda p: p.id)
def test_no_mistake_of_ours_reaches_the_application(payload: payloads.Payload, mode: str, watch: Any, stand_in: Any) -> None:
    chosen = [case for case in cases(payload, mode) if (case.style, case.exit.name) in KINDS[mode]]
    bares = {}
    for case in chosen:
        stand_in.clear()
        bares[case.id] = _bare(case, stand_in.url)
    assert not LLMInstrumentor().is_instrumented_by_opentelemetry
    bench = Bench(watch(**SETTINGS), stand_in)
    found: list[str] = []
    for case in (case for case in chosen if bares[case.id] is not None):
        _, codes = functions_run(lambda case=case: bench.account(case))  # type: ignore[misc]
        for code in codes:
            for always in _ways(case, code):
                found += bench.wrong(case, bares[case.id], code, always)
    print(bench.runs, "runs")
    assert not found, "\n".join(found)
