"""A provider from another package, by an entry point: found, watched, and left out with a warning where it is broken."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.providers import everyone
from semconv.checker import Scenario, check_all

ACME = Path(__file__).parent / "acme"


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch, watch: Any, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Any, Any]]:
    monkeypatch.syspath_prepend(str(ACME))
    with caplog.at_level(logging.WARNING):
        seen = watch(emit_event=True)
    yield importlib.import_module("acme_sdk"), seen


def test_a_call_a_stream_and_a_refusal_plain_and_asynchronous(sdk: tuple[Any, Any]) -> None:
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


def test_entry_points_that_hold_no_provider_are_left_out_by_name(sdk: tuple[Any, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert [p.name for p in everyone() if p.name == "acme"] == ["acme"]
    warnings = "\n".join(record.getMessage() for record in caplog.records)
    assert ("'broken'" in warnings and "'wrong'" in warnings and "NoneType" in warnings) or "str" in warnings
