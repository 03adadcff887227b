"""Test xai-sdk: its own spans, RPCs instead of HTTP, polled completions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.testing import capture_events

pytest.importorskip("xai_sdk")
from calls import SampleCall, read

SAMPLES = {sample.name: sample for sample in read() if sample.provider == "xai"}


def _send(sample: SampleCall, url: str, read: Any = lambda result: result) -> Any:
    client = sample.client(url)
    try:
        return read(sample.call(client))  # type: ignore[misc]
    finally:
        client.close()


async def _send_async(sample: SampleCall, url: str) -> Any:
    client = sample.async_client(url)  # type: ignore[misc]
    try:
        if sample.stream:
            return [chunk async for chunk in sample.async_call(client)]  # type: ignore[misc]
        return await sample.async_call(client)  # type: ignore[misc]
    finally:
        await client.close()


@pytest.mark.parametrize("native", ["replace", "keep"])
def test_own_spans_are_replaced_unless_the_setting_keeps_them(native: str, monkeypatch: Any, watch: Any, stand_in: Any) -> None:
    from xai_sdk.sync import chat

    theirs, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(theirs))
    tracer = provider.get_tracer("xai_sdk")
    monkeypatch.setattr(chat, "tracer", tracer)
    seen = watch(native_telemetry=native)
    _send(SAMPLES["chat.create:sample"], stand_in.url)
    assert len(theirs.get_finished_spans()) == (native == "keep")
    assert len(seen.spans()) == 1
    LLMInstrumentor().uninstrument()
    assert chat.tracer is tracer


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(("scenario", "status"), [("/scenario/words:3", 200), ("/scenario/error-429", 429), ("/scenario/error-503", 503)])
@pytest.mark.parametrize("name", ["chat.create:sample", "chat.create:stream"])
def test_an_rpc_is_an_attempt(name: str, scenario: str, status: int, mode: str, seen: Any, stand_in: Any) -> None:
    import grpc

    def send() -> None:
        if mode == "async":
            asyncio.run(_send_async(SAMPLES[name], stand_in.url + scenario))
        else:
            _send(SAMPLES[name], stand_in.url + scenario, list if name.endswith("stream") else lambda result: result)

    with capture_events("ex_llm.provider.*") as recorded:
        if status == 200:
            send()
        else:
            with pytest.raises(grpc.RpcError):
                send()
    reported = [(e.name.removeprefix("ex_llm.provider."), e.metadata.get("attempt"), e.metadata.get("status")) for e in recorded]
    refused = [("rate_limit", 1, 429)] if status == 429 else []
    assert reported == [("request.start", 1, None), ("request.stop", 1, status), *refused]
    assert (
        recorded[0].metadata["server_address"] == "127.0.0.1"
        and recorded[0].metadata["server_port"] == seen.span().attributes["server.port"]
    )
    assert "http.request.resend_count" not in seen.span().attributes


def test_a_cancelled_rpc_has_no_response(seen: Any, stand_in: Any) -> None:
    sample = SAMPLES["chat.create:sample"]

    async def send() -> None:
        client = sample.async_client(f"{stand_in.url}/scenario/slow:60000")  # type: ignore[misc]
        try:
            await asyncio.wait_for(sample.async_call(client), 0.3)  # type: ignore[misc]
        finally:
            await client.close()

    with capture_events("ex_llm.provider.*") as recorded, pytest.raises(asyncio.TimeoutError):
        asyncio.run(send())
    assert [e.name for e in recorded] == ["ex_llm.provider.request.start", "ex_llm.provider.request.exception"]
    assert recorded[1].metadata["kind"] == "cancelled"


def test_polling_a_deferred_completion_is_not_a_retry(seen: Any, stand_in: Any) -> None:
    with capture_events("ex_llm.provider.request.start") as recorded:
        _send(SAMPLES["chat.create:defer"], stand_in.url)
    assert [e.metadata["attempt"] for e in recorded] == [1, 1]
    assert "http.request.resend_count" not in seen.span().attributes


def test_reasoning_is_part_of_the_output_and_floats_are_exact(seen: Any, stand_in: Any) -> None:
    from xai_sdk.chat import user

    client = SAMPLES["chat.create:sample"].client(stand_in.url)
    response = client.chat.create(model="grok-reasoning", messages=[user("a b")], temperature=0.7).sample()
    client.close()
    attributes, usage = seen.span().attributes, response.usage
    assert usage.reasoning_tokens > 0
    assert attributes["gen_ai.usage.output_tokens"] == usage.completion_tokens + usage.reasoning_tokens
    assert attributes["gen_ai.request.temperature"] == 0.7
