"""No secret is exported without the content setting, and never a credential.

Requests and responses contain secrets in every text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import openai
import pytest

import calls
from contract.driving import MODES
from harness.faults.canaries import CONTENTS, CREDENTIALS, FILES, PERSONAL, exported, keys_sent, leaked, measured, with_secrets
from harness.faults.conversations import ARGUMENT, PROMPT, RESULT, SYSTEM
from harness.measures.fast_clients import forget_the_past
from harness.observation.instrumented import CONTENTS_ON, Watching
from harness.scripts.exits import STREAM_EXITS, VALUE_EXITS
from harness.scripts.one_run import Case, run
from harness.scripts.styles import NotApplicable
from opentelemetry import trace
from opentelemetry.instrumentation.llm import attach, detach
from opentelemetry.instrumentation.llm.calls import wrap
from opentelemetry.instrumentation.llm.calls.call import Call
from opentelemetry.instrumentation.llm.schema.events import CONTENT
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
SAMPLES = list(calls.read())
_SCRIPTS = {exit.name: exit for exit in (*STREAM_EXITS, *VALUE_EXITS)}
_STREAMS = ("exhausted", "error event", "server cuts", "broken off in with", "consumer raises in with")
EXITS = {
    True: [*(_SCRIPTS[name] for name in _STREAMS), _SCRIPTS["exhausted"]._replace(name="repeated", scenario="repeat")],
    False: [_SCRIPTS["answered"], _SCRIPTS["cut"], _SCRIPTS["answered"]._replace(name="repeated", scenario="repeat")],
}
"""Exits of calls and streams; one error repeats the key and the prompt."""
SHOWN = ("gen_ai.input.messages", "gen_ai.system_instructions")


class Reported(NamedTuple):
    """Exports of one call by place, request bodies, and text of the exception."""

    exit: str
    places: dict[str, bytes]
    sent: bytes
    keys: set[str]
    text: str
    spans: list[Any]

    def shows(self) -> bool:
        """Return True if the contents of the request are exported."""
        return any(name in span.attributes for span in self.spans for name in SHOWN)


def reported(case: Case, seen: Any, stand_in: Any, caplog: pytest.LogCaptureFixture) -> Reported | None:
    """Run a case and return its exports, or ``None`` if it is not applicable."""
    stand_in.clear()
    seen.clear()
    caplog.clear()
    try:
        with capture_events() as recorded:
            account = run(case, stand_in.url)
    except NotApplicable:
        return None
    lines = [caplog.handler.format(record) for record in caplog.records if record.name.startswith("opentelemetry")]
    events = [(event.name, dict(event.measurements), dict(event.metadata)) for event in recorded if event.name != CONTENT]
    assert "ex_llm.telemetry.extraction_error" not in [name for name, *_ in events], [known for *_, known in events]
    places = {**exported(seen), "log lines": "\n".join(lines).encode(), "events": repr(events).encode()}
    text = next((value["text"].strip("'\"") for what, value in account.notes if what == "raised"), "")
    sent = b"\n".join(record.body for record in stand_in.journal)
    return Reported(case.exit.name, places, sent, keys_sent(stand_in.journal), text, seen.spans())


def every(sample: calls.SampleCall, mode: str, seen: Any, stand_in: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Reported]:
    """Run a sample with secrets in it, once for each way in which a call ends."""
    forget_the_past()
    marked, ran = with_secrets(sample), False
    with caplog.at_level(logging.DEBUG, logger="opentelemetry"):
        for exit in EXITS[sample.stream]:
            if exit.script(mode) is not None and (one := reported(Case(marked, mode, "plain", exit), seen, stand_in, caplog)) is not None:
                ran = True
                yield one
    if not ran:
        pytest.skip("no such form of it")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_nothing_said_and_no_credential_is_told(
    sample: Any, mode: str, watching: Watching, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[str] = []
    seen = watching.watched()
    keys: set[str] = set()
    for one in every(sample, mode, seen, stand_in, caplog):
        keys |= one.keys
        secrets = {*CONTENTS, *FILES, *CREDENTIALS, *PERSONAL, *one.keys, *({one.text[:40]} if " " in one.text else ())}
        found += [f"{one.exit}: {what}" for what in leaked(secrets, one.places)]
    found += leaked({*CONTENTS, *FILES, *CREDENTIALS, *PERSONAL, *keys}, measured(seen))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_no_credential_is_told_with_what_was_said(
    sample: Any, mode: str, watching: Watching, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[str] = []
    seen = watching.watched(**CONTENTS_ON)
    keys: set[str] = set()
    for one in every(sample, mode, seen, stand_in, caplog):
        keys |= one.keys
        found += [f"{one.exit}: {what}" for what in leaked({*FILES, *CREDENTIALS, *PERSONAL, *one.keys}, one.places)]
        # Contents go to traces and log events, and to nothing else, whatever the setting.
        found += [f"{one.exit}: {what}" for what in leaked(CONTENTS, {name: one.places[name] for name in ("log lines", "events")})]
        if one.shows():
            missing = [secret for secret in (PROMPT, SYSTEM, RESULT, ARGUMENT) if secret.encode() in one.sent]
            found += [f"{one.exit}: {s!r} was sent and is not shown" for s in missing if s.encode() not in one.places["traces"]]
    found += leaked({*CONTENTS, *FILES, *CREDENTIALS, *PERSONAL, *keys}, measured(seen))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("setting", "elsewhere"), [("span_only", "logs"), ("event_only", "traces")])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.id)
def test_what_was_said_is_told_only_where_it_was_asked_for(
    sample: Any, setting: str, elsewhere: str, watching: Watching, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[str] = []
    seen = watching.watched(capture_message_content=setting, emit_event=True)
    for one in every(sample, "async" if sample.call is None else "sync", seen, stand_in, caplog):
        found += [f"{one.exit}: {what}" for what in leaked(CONTENTS, {elsewhere: one.places[elsewhere]})]
    assert not found, "\n".join(found)


def test_the_source_of_the_application_is_not_told(watching: Watching) -> None:
    seen = watching.watched()

    def send(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt("canary-source-5ecret")

    http_client = httpx.Client(transport=httpx.MockTransport(send))
    with openai.OpenAI(api_key="none", max_retries=0, http_client=http_client) as client, pytest.raises(KeyboardInterrupt):
        client.completions.create(model="m", prompt="say it")
    places = exported(seen)
    assert __file__.encode() in places["logs"]
    assert leaked(["canary-source-5ecret"], places) == []


CHAT = next(sample for sample in SAMPLES if sample.id == "openai-chat.completions.create")


def _found(watching: Watching, stand_in: Any, caplog: pytest.LogCaptureFixture) -> tuple[list[str], list[str]]:
    """Return the secrets in the exports and in the metrics of one chat."""
    seen = watching.watched()
    one = reported(Case(with_secrets(CHAT), "sync", "plain", _SCRIPTS["answered"]), seen, stand_in, caplog)
    assert one is not None and one.keys
    return leaked({*CONTENTS, *one.keys}, one.places), leaked(CONTENTS, measured(seen))


def test_a_handler_that_tells_the_key_is_found(apart: Watching, stand_in: Any, caplog: pytest.LogCaptureFixture) -> None:
    apart.watched()

    def tell(event: str, measurements: Any, metadata: Any, key: str) -> None:
        trace.get_current_span().set_attribute("app.key", key)

    attach("tells the key", "ex_llm.chat.start", tell, "canary-key-5ecret")
    try:
        found, _ = _found(apart, stand_in, caplog)
    finally:
        detach("tells the key")
    assert found == ["'canary-key-5ecret' stands in the traces"]


def test_a_prompt_in_a_tag_is_found(
    apart: Watching, stand_in: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tells(Call):
        def start(self, arguments: Any) -> None:
            self.known["model"] = arguments.named["messages"][-1]["content"]
            super().start(arguments)

    assert _found(apart, stand_in, caplog) == ([], [])
    monkeypatch.setattr(wrap, "Call", Tells)
    apart.bare()
    found, tags = _found(apart, stand_in, caplog)
    assert {f"{PROMPT!r} stands in the {place}" for place in ("traces", "events")} <= set(found)
    assert f"{PROMPT!r} stands in the metrics" in tags
