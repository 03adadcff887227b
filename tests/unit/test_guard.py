"""Guarded steps report the place of a failure; mypy checks their arguments."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation import llm
from opentelemetry.instrumentation.llm.dialects.cohere import operations
from opentelemetry.instrumentation.llm.dialects.openai import chat_completions
from opentelemetry.instrumentation.llm.guard import guarded, step_name
from opentelemetry.instrumentation.llm.testing import capture_events

PROJECT = Path(__file__).parents[2]
PACKAGE = Path("src/opentelemetry/instrumentation/llm")
PLANTED = (
    ("calls/wrap.py", "guarded(call.start, arguments", "guarded(call.start, 17", '"guarded" has incompatible type'),
    (
        "transports/attempt.py",
        "self._call.attempt_begins()",
        "self._call.attempt_beginz()",
        '"RunningCall" has no attribute "attempt_beginz"',
    ),
)


class Unreadable:
    """Raise an error whose text must not be recorded, whatever is read."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError("a secret")


def failing(value: object) -> None:
    raise LookupError("a secret")


def test_failed_steps_of_two_dialects_differ() -> None:
    with capture_events("ex_llm.telemetry.*") as events:
        guarded(operations.response, Unreadable())
        guarded(chat_completions.response, Unreadable())
    steps = [event.metadata["step"] for event in events]
    assert steps == ["dialects.cohere.operations:response", "dialects.openai.chat_completions:response"]


def test_partials_and_lambdas_have_the_name_of_a_function() -> None:
    here = f"{__name__}:test_partials_and_lambdas_have_the_name_of_a_function"
    assert step_name(partial(partial(failing, 1), 2)) == f"{__name__}:failing"
    assert step_name(lambda: None) == here


def test_the_debug_line_has_the_place_but_no_text_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "opentelemetry.instrumentation.llm.guard")
    guarded(operations.response, Unreadable())
    (line,) = [record.getMessage() for record in caplog.records]
    assert "dialects.cohere.operations:response failed with LookupError at " in line
    assert f"{Path('dialects', 'cohere', 'operations.py')}:" in line
    assert "secret" not in line


@pytest.mark.parametrize(("module", "sound", "fault", "finding"), PLANTED)
def test_mypy_finds_a_planted_fault(tmp_path: Path, module: str, sound: str, fault: str, finding: str) -> None:
    shutil.copytree(PROJECT / "src", tmp_path / "src")
    shutil.copy(PROJECT / "setup.cfg", tmp_path)
    planted = tmp_path / PACKAGE / module
    source = planted.read_text()
    assert sound in source
    planted.write_text(source.replace(sound, fault, 1))
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(planted)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1, found.stdout + found.stderr
    assert finding in found.stdout
    assert all(module in line for line in found.stdout.splitlines() if ": error:" in line)


def test_the_package_under_test_is_the_one_that_mypy_reads() -> None:
    assert Path(llm.__file__).is_relative_to(PROJECT / PACKAGE)
