"""Every function of ours raises in turn, in every kind of call: the application gets what it gets unwatched."""

from __future__ import annotations

import json
from types import CodeType
from typing import Any

import pytest

import payloads
from contract.driving import MODES
from harness.account import Account
from harness.faults import forget_what_is_known, functions_by_code, functions_run, listening, named, planted, raising
from harness.quick import forget_the_past
from harness.running import Case, cases, run
from harness.styles import NotApplicable
from harness.telling import Begun
from harness.twin import differences
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
        self._begun = Begun(seen)
        self._functions = functions_by_code()

    def account(self, case: Case) -> Account | None:
        """Run a case from a clean beginning."""
        forget_the_past()
        self._stand_in.clear()
        self._seen.clear()
        self._begun.count = 0
        try:
            return run(case, self._stand_in.url, chunks=True)
        except NotApplicable:
            return None

    def wrong(self, case: Case, bare: Any, code: CodeType, always: bool) -> list[str]:
        """Run a case while something raises; return what an application or an operator would complain of."""
        name = named(code)
        with listening() as heard, raising(code, self._functions, always):
            account = self.account(case)
        if not planted.happened or name in FRAMES:
            return []
        seen = ["not applicable"] if account is None else differences(bare, collected(account))
        found = [f"the application sees it: {difference}" for difference in seen[:1]]
        ended = len(self._seen.spans())
        if self._begun.count != ended:
            found += [f"{self._begun.count} spans began, {ended} ended"] if name not in LOSES_THE_SPAN else []
        elif ended != 1 and name not in LOSES_THE_SPAN:
            found.append(f"{ended} spans are told")
        if not heard.told and name not in TELLS_NOBODY:
            found.append("no line is logged")
        return [f"{name} raises {'always' if always else 'once'}: {what} | {case.exit.name}, {case.style}" for what in found]


def collected(account: Account) -> Any:
    """Return what was seen, where a response that is gone counts as closed: log records keep frames alive, and those responses."""
    seen = json.loads(json.dumps(account.as_json()).replace('"gone"', '"closed"'))
    return seen


def _bare(case: Case, url: str) -> Any:
    try:
        return collected(run(case, url, chunks=True))
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
    assert not found, "\n".join(found)


def _anew(watch: Any, stand_in: Any) -> Bench:
    """Watch anew, with nothing known of earlier calls."""
    if LLMInstrumentor().is_instrumented_by_opentelemetry:
        LLMInstrumentor().uninstrument()
    forget_what_is_known()
    return Bench(watch(**SETTINGS), stand_in)


@pytest.mark.parametrize("provider", sorted({payload.provider for payload in payloads.read()}))
def test_nor_does_one_in_what_is_worked_out_in_the_first_call_only(provider: str, watch: Any, stand_in: Any) -> None:
    found: list[str] = []
    for stream in (False, True):
        mine = [case for p in payloads.read() if p.provider == provider and p.stream is stream for case in cases(p, "sync", "plain")]
        case = next((case for case in mine if (case.style, case.exit.name) in EVERYWHERE and case.payload.call is not None), None)
        bare = None if case is None else _bare(case, stand_in.url)
        if case is None or bare is None:
            continue
        bench = _anew(watch, stand_in)
        first, warm = (functions_run(lambda bench=bench, case=case: bench.account(case))[1] for _ in range(2))
        for code in (code for code in first if code not in warm and ("first", code) not in _done):
            _done.add(("first", code))
            found += _anew(watch, stand_in).wrong(case, bare, code, False)
    assert not found, "\n".join(found)
