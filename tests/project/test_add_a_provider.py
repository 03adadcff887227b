"""SDKs of other packages are found, checked by the contract, and documented."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import extension
from opentelemetry.instrumentation.llm.extension import contract
from opentelemetry.instrumentation.llm.providers import everyone
from semconv.checker import Scenario, check_all

ACME = Path(__file__).parents[1] / "acme"
PAGE = Path(__file__).parents[2] / "docs" / "add-a-provider.md"


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch, watch: Any, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(str(ACME))
    with caplog.at_level(logging.WARNING):
        seen = watch(emit_event=True)
    yield importlib.import_module("acme_sdk"), seen


def test_external_provider_records_calls_streams_and_refusals(sdk: tuple[Any, Any]) -> None:
    acme, seen = sdk

    async def asynchronous() -> None:
        client = acme.AsyncClient()
        await client.ask("acme-1", "one two three", warmth=0.5)
        assert [chunk.get("word") async for chunk in client.ask_streaming("acme-1", "one two three")] == ["hello", "there", None]

    client = acme.Client()
    assert client.ask("acme-1", "one two three", warmth=0.5)["words"] == ["hello", "there"]
    assert [chunk.get("word") for chunk in client.ask_streaming("acme-1", "one two three")] == ["hello", "there", None]
    asyncio.run(asynchronous())
    with pytest.raises(acme.QuotaExceeded):
        client.ask("acme-busy", "secret")
    *four, refused = seen.spans()
    for span in four:
        assert span.name == "chat acme-1"
        assert span.attributes["gen_ai.response.model"] == "acme-1-2"
        assert (span.attributes["gen_ai.usage.input_tokens"], span.attributes["gen_ai.usage.output_tokens"]) == (3, 2)
        assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert [span.attributes.get("ex_llm.stream.end") for span in four] == [None, "complete", None, "complete"]
    assert refused.attributes["ex_llm.error.kind"] == "rate_limited" and "secret" not in refused.to_json()
    absent = frozenset({"gen_ai.response.id"})
    assert check_all(seen.spans(), seen.metrics_data(), seen.logs(), scenario=Scenario(absent=absent)) == []


def test_invalid_entry_points_are_left_out_with_a_warning(sdk: tuple[Any, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert [p.name for p in everyone() if p.name == "acme"] == ["acme"]
    warnings = "\n".join(record.getMessage() for record in caplog.records)
    assert ("'broken'" in warnings and "'wrong'" in warnings and "NoneType" in warnings) or "str" in warnings


def test_a_sound_table_passes_the_contract(sdk: tuple[Any, Any]) -> None:
    acme, _ = sdk
    table = importlib.import_module("acme_watch").ACME
    calls = [
        ("chat", lambda: acme.Client().ask("acme-1", "one two")),
        ("chat", lambda: acme.Client().ask_streaming("acme-1", "one two")),
        ("chat", lambda: acme.AsyncClient().ask("acme-1", "one two")),
        ("chat", lambda: acme.Client().ask("acme-busy", "one two")),
    ]
    assert contract(table, calls) == []


def test_the_contract_finds_each_fault(sdk: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    acme, _ = sdk
    table = importlib.import_module("acme_watch").ACME
    fragile = replace(table.points[0].dialect, response=lambda answer: answer["model"])
    assert contract(replace(table, points=()), [("chat", lambda: None)]) == [
        "chat: 0 start events; is the SDK instrumented, and does the call reach a patch point?"
    ]
    assert contract(table, []) == ["chat: no call"]
    found = contract(
        replace(table, points=(replace(table.points[0], dialect=fragile),)), [("chat", lambda: acme.Client().ask("acme-1", "one"))]
    )
    assert "acme.response raised TypeError for NoneType" in found
    twice = contract(table, [("chat", lambda: [acme.Client().ask("acme-1", "one") for _ in range(2)])])
    assert twice == ["chat: 2 start events; is the SDK instrumented, and does the call reach a patch point?"]


def test_the_page_names_everything_that_extension_exports() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in extension.__all__ if f"`{name}`" not in page] == []
    assert [name for name in extension.__all__ if not hasattr(extension, name)] == []


def test_the_commands_of_the_page_select_tests() -> None:
    commands = [
        line for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL) for line in block.splitlines()
    ]
    assert commands
    for command in commands:
        words = shlex.split(command)
        environment = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        arguments = [sys.executable if word == "python" else word for word in words if not re.match(r"[A-Z_]+=", word)]
        done = subprocess.run(
            [*arguments, "--collect-only", "-q", "-p", "no:cacheprovider"],
            cwd=PAGE.parent.parent, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        selected = [line for line in done.stdout.splitlines() if "::" in line and "openai" in line]
        assert len(selected) > 10, done.stdout[-2000:] + done.stderr[-500:]
