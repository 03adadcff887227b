"""Test the default logger: readable and structured lines, no content.

A detached logger is restored to its former state.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import attach_default_logger, bus, detach_default_logger
from opentelemetry.instrumentation.llm.schema.events import EVENTS
from opentelemetry.instrumentation.llm.schema.records import Content

WHO = {"provider": "openai", "model": "gpt-4o-mini", "operation": "chat", "ref": 7}
SECRET = "the-secret-word"


@pytest.fixture(autouse=True)
def logger(caplog: pytest.LogCaptureFixture) -> Iterator[logging.Logger]:
    yield logging.getLogger("ex_llm")
    detach_default_logger()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "ex_llm"]


def test_each_event_is_one_readable_line(caplog: pytest.LogCaptureFixture) -> None:
    attach_default_logger()
    bus.execute("ex_llm.chat.start", {"system_time": 1}, WHO)
    where = {"server_address": "localhost", "server_port": 80, "cache_read_tokens": 0}
    known = {
        **WHO,
        **where,
        "input_tokens": 10,
        "output_tokens": 5,
        "cost_cents": 0.00045,
        "finish_reasons": ["stop", "length"],
        "stream": True,
    }
    bus.execute("ex_llm.chat.stop", {"duration": 1_500_000_000}, known)
    bus.execute("ex_llm.provider.rate_limit", {"retry_after_ms": 2000}, {**WHO, "status": 429, "limit": "requests per min"})
    bus.execute("ex_llm.stream.stop", {"time_to_first_chunk": 320_500_000, "chunks": 3, "duration": 2_000_000_000}, WHO)
    assert lines(caplog) == [
        "ex_llm.chat.start provider=openai model=gpt-4o-mini ref=7",
        "ex_llm.chat.stop provider=openai model=gpt-4o-mini duration=1500ms finish_reasons=stop,length stream=True"
        " input_tokens=10 output_tokens=5 cost_cents=0.00045 ref=7",
        'ex_llm.provider.rate_limit provider=openai model=gpt-4o-mini retry_after_ms=2000 status=429 limit="requests per min" ref=7',
        "ex_llm.stream.stop provider=openai model=gpt-4o-mini time_to_first_chunk=320.5ms chunks=3 duration=2000ms ref=7",
    ]


def test_a_record_carries_the_event_in_a_structured_form(caplog: pytest.LogCaptureFixture) -> None:
    attach_default_logger("INFO")
    bus.execute("ex_llm.chat.stop", {"duration": 1_500_000_000}, {**WHO, "input_tokens": 10, "unheard_of": "x"})
    (record,) = caplog.records
    reported: Any = record
    assert (record.name, record.levelno) == ("ex_llm", logging.INFO)
    assert reported.ex_llm_event == "ex_llm.chat.stop"
    assert reported.ex_llm_measurements == {"duration": 1_500_000_000}
    assert reported.ex_llm_metadata == {**WHO, "input_tokens": 10}


def test_contents_are_counted_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    attach_default_logger("DEBUG")
    content = Content(input_messages=[SECRET, SECRET], output_messages=[SECRET])
    content.exception_message = SECRET
    bus.execute("ex_llm.content", {}, {**WHO, "content": content})
    bus.execute("ex_llm.content", {}, {**WHO, "content": {"system_instructions": [SECRET]}})
    bus.execute("ex_llm.content", {}, {**WHO, "content": SECRET})
    bus.execute(
        "ex_llm.chat.exception", {"duration": 1}, {**WHO, "kind": "other", "stacktrace": SECRET, "content": SECRET, "messages": SECRET}
    )
    who = "provider=openai model=gpt-4o-mini"
    assert lines(caplog) == [
        f"ex_llm.content {who} input_messages=2 output_messages=1 ref=7",
        f"ex_llm.content {who} system_instructions=1 ref=7",
        f"ex_llm.content {who} ref=7",
        f"ex_llm.chat.exception {who} duration=0.000001ms kind=other ref=7",
    ]
    assert SECRET not in repr([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    ("level", "loudest"),
    [
        ("DEBUG", {"DEBUG", "INFO", "WARNING", "ERROR"}),
        ("INFO", {"INFO", "WARNING", "ERROR"}),
        ("WARNING", {"WARNING", "ERROR"}),
        ("ERROR", {"ERROR"}),
    ],
)
def test_a_level_selects_events_of_its_severity(caplog: pytest.LogCaptureFixture, level: str, loudest: set[str]) -> None:
    attach_default_logger(level)
    for event in EVENTS:
        bus.execute(event, {}, {})
    reported = {record.getMessage().split()[0]: record.levelname for record in caplog.records}
    assert set(reported.values()) == loudest
    assert ("ex_llm.stream.chunk" in reported) == (level == "DEBUG")
    assert reported["ex_llm.chat.exception"] == "ERROR"
    if level == "DEBUG":
        assert list(reported) == list(EVENTS)


def test_chunks_are_not_handled_above_debug() -> None:
    attach_default_logger("INFO")
    assert not bus.has_handlers("ex_llm.stream.chunk")
    attach_default_logger("DEBUG")
    assert bus.has_handlers("ex_llm.stream.chunk")


@pytest.mark.parametrize(
    ("level", "number"), [("INFO", 20), ("info", 20), (logging.INFO, 20), (" Warning ", 30), (logging.ERROR, 40), ("debug", 10)]
)
def test_levels_are_names_and_numbers(logger: logging.Logger, level: str | int, number: int) -> None:
    attach_default_logger(level)
    assert logger.level == number


@pytest.mark.parametrize("level", ["loud", "", "10", 15, 0, -1, True, None, 3.5, [10]])
def test_an_invalid_level_is_named_with_the_allowed_levels(logger: logging.Logger, level: Any) -> None:
    with pytest.raises(ValueError) as raised:
        attach_default_logger(level)
    assert repr(level) in str(raised.value)
    assert "DEBUG, INFO, WARNING, ERROR" in str(raised.value)
    assert bus.list_handlers("ex_llm.chat.stop") == []
    assert logger.level == logging.NOTSET


def test_attaching_again_replaces_and_detaching_restores(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    logger.setLevel(logging.CRITICAL)
    try:
        attach_default_logger("DEBUG")
        attach_default_logger("ERROR")
        assert logger.level == logging.ERROR
        bus.execute("ex_llm.chat.stop", {}, WHO)
        bus.execute("ex_llm.chat.exception", {}, WHO)
        assert len(lines(caplog)) == 1
        assert detach_default_logger() is True
        assert detach_default_logger() is False
        assert logger.level == logging.CRITICAL
        bus.execute("ex_llm.chat.exception", {}, WHO)
        assert len(lines(caplog)) == 1
    finally:
        logger.setLevel(logging.NOTSET)


def test_a_value_cannot_start_a_line_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    attach_default_logger()
    bus.execute("ex_llm.chat.start", {}, {"provider": "openai", "model": 'm\n2026 ERROR forged "x" \x1b[31m\u2028'})
    (line,) = lines(caplog)
    assert line == 'ex_llm.chat.start provider=openai model="m\\n2026 ERROR forged \\"x\\" \\u001b[31m\\u2028"'


PROGRAM = """
import logging, sys
from opentelemetry.instrumentation.llm import attach_default_logger, detach_default_logger, execute
logger = logging.getLogger("ex_llm")
{before}
attach_default_logger("info")
execute("ex_llm.chat.start", {{}}, {{"model": "first"}})
{between}
execute("ex_llm.chat.start", {{}}, {{"model": "second"}})
detach_default_logger()
execute("ex_llm.chat.start", {{}}, {{"model": "third"}})
assert logger.level == logging.NOTSET
"""


def run(before: str = "", between: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = PROGRAM.format(before=before, between=between) + ("assert logger.handlers == []" if "addHandler" not in before else "")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_lines_are_visible_without_logging_configuration() -> None:
    first, second = run().splitlines()
    assert first.endswith(" INFO ex_llm.chat.start model=first")
    assert second.endswith(" INFO ex_llm.chat.start model=second")


SETUP = "logging.basicConfig(level=logging.WARNING, format='app: %(message)s')"


def test_configured_logging_gets_no_additional_handler() -> None:
    assert run(before=SETUP).splitlines() == ["app: ex_llm.chat.start model=first", "app: ex_llm.chat.start model=second"]


def test_logging_configured_later_takes_over() -> None:
    first, second = run(between=SETUP).splitlines()
    assert first.endswith(" INFO ex_llm.chat.start model=first")
    assert second == "app: ex_llm.chat.start model=second"


def test_a_handler_of_the_application_is_sufficient() -> None:
    before = "own = logging.StreamHandler(); own.setFormatter(logging.Formatter('own: %(message)s')); logger.addHandler(own)"
    assert run(before=before).splitlines() == ["own: ex_llm.chat.start model=first", "own: ex_llm.chat.start model=second"]
