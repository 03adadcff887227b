"""Secrets in everything that is sent and answered: none is exported unless contents are asked for, and no credential ever."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import payloads
from contract.driving import MODES
from harness.canaries import CONTENTS, CREDENTIALS, PERSONAL, PROMPT, exported, keys_sent, leaked, with_secrets
from harness.running import Case, cases, run
from harness.styles import NotApplicable
from opentelemetry.instrumentation.llm.testing import capture_events
from opentelemetry.instrumentation.llm.words.events import CONTENT

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
PAYLOADS = list(payloads.read())
EXITS = ("answered", "exhausted", "refused", "error event", "server cuts", "cut", "broken off in with")
ON: dict[str, Any] = {"capture_message_content": "span_and_event", "emit_event": True}
SHOWN = ("gen_ai.input.messages", "gen_ai.system_instructions")


def _cases(payload: payloads.Payload, mode: str) -> list[Case]:
    return [case for case in cases(with_secrets(payload), mode, "plain") if case.exit.name in EXITS]


def _told(case: Case, seen: Any, stand_in: Any, caplog: pytest.LogCaptureFixture) -> tuple[dict[str, bytes], set[str], str] | None:
    """Run a case; return all that was told by signal, the credentials that were sent, and the text of the exception."""
    stand_in.clear()
    seen.clear()
    caplog.clear()
    try:
        with capture_events() as said:
            account = run(case, stand_in.url)
    except NotApplicable:
        return None
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("opentelemetry")]
    events = [(event.name, dict(event.measurements), dict(event.metadata)) for event in said]
    places = {**exported(seen), "log lines": "\n".join(lines).encode(), "events": repr([e for e in events if e[0] != CONTENT]).encode()}
    text = next((value["text"].strip("'\"") for what, value in account.notes if what == "raised"), "")
    return places, keys_sent(stand_in.journal), text


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: p.id)
def test_nothing_said_and_no_credential_is_told(
    payload: Any, mode: str, seen: Any, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found, ran = [], 0
    with caplog.at_level(logging.DEBUG, logger="opentelemetry"):
        for case in _cases(payload, mode):
            if (told := _told(case, seen, stand_in, caplog)) is None:
                continue
            ran += 1
            places, keys, text = told
            secrets = {*CONTENTS, *CREDENTIALS, *PERSONAL, *keys, *({text[:40]} if " " in text else ())}
            found += [f"{case.exit.name}: {what}" for what in leaked(secrets, places)]
    if not ran:
        pytest.skip("no such form of it")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: p.id)
def test_no_credential_is_told_with_what_was_said(
    payload: Any, mode: str, watch: Any, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen = watch(**ON)
    found, ran = [], 0
    with caplog.at_level(logging.DEBUG, logger="opentelemetry"):
        for case in _cases(payload, mode):
            if (told := _told(case, seen, stand_in, caplog)) is None:
                continue
            ran += 1
            places, keys, _ = told
            found += [f"{case.exit.name}: {what}" for what in leaked({*CREDENTIALS, *PERSONAL, *keys}, places)]
            # Contents go to traces and log events, and to nothing else, whatever the setting.
            apart = {name: places[name] for name in ("metrics", "log lines", "events")}
            found += [f"{case.exit.name}: {what}" for what in leaked(CONTENTS, apart)]
            if any(name in span.attributes for span in seen.spans() for name in SHOWN) and PROMPT.encode() not in places["traces"]:
                found.append(f"{case.exit.name}: contents are shown without what was asked")
    if not ran:
        pytest.skip("no such form of it")
    assert not found, "\n".join(found)
