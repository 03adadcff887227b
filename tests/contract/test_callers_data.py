"""Arguments arrive unchanged; only the SDK reads, copies or keeps them."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from openai.resources.chat.completions import Completions

import calls
from contract.driving import MODES
from harness.measures.fast_clients import forget_the_past
from harness.observation.callers_data import Marks, Once, collected, marking, one_by_one, watching_with
from harness.observation.instrumented import CONTENTS_ON, Watching
from harness.scripts.exits import STREAM_EXITS, VALUE_EXITS, Exit
from harness.scripts.one_run import Case, run
from harness.scripts.styles import NotApplicable
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.calls import wrap
from opentelemetry.instrumentation.llm.calls.call import Call

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
SAMPLES = list(calls.read())
_LEFT = {
    True: ("exhausted", "broken off in with", "dropped", "never iterated", "server cuts", "refused", "cancelled"),
    False: ("answered", "refused", "cut"),
}
EXITS = {stream: [exit for exit in every if exit.name in _LEFT[stream]] for stream, every in ((True, STREAM_EXITS), (False, VALUE_EXITS))}
SETTINGS: tuple[dict[str, Any], ...] = ({}, CONTENTS_ON)


class Trace(NamedTuple):
    """Result of one call: reads, copies, changes, live objects, and sent bodies."""

    read: Counter[str]
    copied: Counter[str]
    changed: list[str]
    alive: Counter[str]
    sent: list[bytes]
    watched: int


def sent(stand_in: Any) -> list[bytes]:
    """Return the bodies that arrived, without those with a random boundary."""
    return [record.body for record in stand_in.journal if "multipart" not in (record.header("content-type") or "")]


def trace(sample: calls.SampleCall, mode: str, exit: Exit, stand_in: Any, seen: Any) -> Trace | None:
    """Run a sample with marked arguments; ``None`` if it has no such form."""
    marks = Marks()
    stand_in.clear()
    if exit.script(mode) is None:
        return None
    try:
        run(Case(marking(sample, marks), mode, "plain", exit), stand_in.url, kind=watching_with(marks))
    except NotApplicable:
        return None
    changed = marks.changed()
    collected()
    return Trace(marks.read, marks.copied, changed, marks.alive(), sent(stand_in), marks.watched())


def differences(before: Trace, now: Trace, unread: bool) -> list[str]:
    """Return the reads, copies, changes, kept objects and bodies that only we cause."""
    read = {what: (count, before.read[what]) for what, count in now.read.items() if count > before.read[what] and what[:6] != "beside"}
    found = [f"{what} {now} times instead of {bare}" for what, (now, bare) in read.items()] if unread else []
    found += [f"copied: {what}" for what in now.copied - before.copied]
    found += [f"changed: {what}" for what in now.changed] if not before.changed else []
    found += [f"kept: {count} {what}" for what, count in (now.alive - before.alive).items()]
    return found if now.sent == before.sent else [*found, f"{now.sent} was sent, not {before.sent}"]


def judged(sample: calls.SampleCall, mode: str, watching: Watching, stand_in: Any, settings: Any = SETTINGS) -> list[str] | None:
    """Compare all exits with and without instrumentation; ``None`` if not applicable."""
    forget_the_past()
    watching.bare()
    bare = [(exit, trace(sample, mode, exit, stand_in, watching.seen)) for exit in EXITS[sample.stream]]
    applicable = [(exit, before) for exit, before in bare if before is not None]
    assert all(before.watched for _, before in applicable)
    found = []
    for kept in settings:
        watching.watched(**kept)
        for exit, before in applicable:
            now = trace(sample, mode, exit, stand_in, watching.seen)
            differs = ["it is not applicable any more"] if now is None else differences(before, now, unread=not kept)
            found += [f"{exit.name}{', contents on' if kept else ''}: {what}" for what in differs]
    return found if applicable else None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_nobody_else_reads_copies_changes_or_keeps_it(sample: Any, mode: str, watching: Watching, stand_in: Any) -> None:
    found = judged(sample, mode, watching, stand_in)
    if found is None:
        pytest.skip("no such form of it")
    assert not found, "\n".join(found)


def given_one_by_one(sample: calls.SampleCall, mode: str, generators: bool, stand_in: Any) -> tuple[Any, ...] | None:
    """Run a sample whose messages come from an iterator.

    Return the bodies that arrived, the number of iterations, and the outcome of the call.
    """
    stand_in.clear()
    made: list[Once] = []
    exit = EXITS[sample.stream][0]
    try:
        account = run(Case(one_by_one(sample, made, generators), mode, "plain", exit), stand_in.url)
    except NotApplicable:
        return None
    return (sent(stand_in), [once.requested for once in made], account.error, account.given) if made else None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_what_is_given_one_by_one_arrives_whole(sample: Any, mode: str, watching: Watching, stand_in: Any) -> None:
    def runs() -> list[Any]:
        return [given_one_by_one(sample, mode, generators, stand_in) for generators in (True, False)]

    watching.bare()
    bare = runs()
    if bare == [None, None]:
        pytest.skip("nothing that could be given one by one, or no such form of it")
    for settings in SETTINGS:
        watching.watched(**settings)
        assert runs() == bare


BY_ID = {sample.id: sample for sample in SAMPLES}
WHOLE, STREAM = BY_ID["openai-chat.completions.create"], BY_ID["openai-chat.completions.create-stream"]
_kept: list[Any] = []
FAULTS: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
    "reads": (list, "answered: messages.__iter__"),
    "copies": (copy.deepcopy, "answered: copied: messages.__deepcopy__"),
    "changes": (lambda messages: messages.append(messages[0]), "answered: changed: "),
    "keeps": (_kept.append, "answered: kept: 2 messages"),
}


@pytest.fixture
def touching(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Apply a function to the messages of every chat while it is instrumented."""
    create = Completions.create

    def touch_by(touch: Callable[[Any], Any]) -> None:
        def touched(self: Any, **requested: Any) -> Any:
            if LLMInstrumentor().is_instrumented_by_opentelemetry:
                touch(requested["messages"])
            return create(self, **requested)

        monkeypatch.setattr(Completions, "create", touched)

    yield touch_by
    _kept.clear()


@pytest.mark.parametrize("fault", FAULTS, ids="openai-{}".format)
def test_what_touches_the_arguments_is_found(fault: str, watching: Watching, stand_in: Any, touching: Any) -> None:
    touch, expected = FAULTS[fault]
    touching(touch)
    found = judged(WHOLE, "sync", watching, stand_in, settings=SETTINGS[:1])
    assert found is not None and any(what.startswith(expected) for what in found), found


def test_who_consumes_what_is_given_one_by_one_is_found(watching: Watching, stand_in: Any, touching: Any) -> None:
    touching(list)
    watching.bare()
    bare = given_one_by_one(WHOLE, "sync", True, stand_in)
    watching.watched()
    assert bare is not None and bare[2] is None, "the SDK takes a generator"
    assert given_one_by_one(WHOLE, "sync", True, stand_in) != bare


def test_who_keeps_chunks_is_found(watching: Watching, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keeps(Call):
        def on_stream_start(self) -> None:
            absorb = self.absorb
            self.absorb = lambda draft, chunk: (_kept.append(chunk), absorb(draft, chunk))[1]
            super().on_stream_start()

    monkeypatch.setattr(wrap, "Call", Keeps)
    found = judged(STREAM, "sync", watching, stand_in, settings=SETTINGS[:1])
    _kept.clear()
    assert found is not None and [what for what in found if what.startswith("exhausted: kept: ") and what.endswith(" chunk")], found
