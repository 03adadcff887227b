"""Test retries of the SDKs: each attempt is recorded on the span of its call.

The stand-in refuses by rate limit, fails, then responds. Each SDK runs twice with the same random seed, bare and
instrumented: it must send as many requests and request the same waits, which are recorded and shortened here.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest
from opentelemetry.sdk.trace import id_generator

import calls
from contract.driving import MODES, answer, opened, opened_async
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
RETRIES = 2
FLAKY = "scenario/flaky:429,500"


def _generated(client: Any) -> Any:
    client.max_retries = RETRIES
    return client


def _mistral(client: Any) -> Any:
    for place in ("mistralai.client.utils", "mistralai.utils"):
        with contextlib.suppress(ImportError):
            reported = importlib.import_module(place)
            backoff = reported.BackoffStrategy(initial_interval=1, max_interval=50, exponent=1.1, max_elapsed_time=60_000)
            client.sdk_configuration.retry_config = reported.RetryConfig("backoff", backoff, False)
            return client
    raise AssertionError("mistralai has its retries elsewhere")


def _google(url: str) -> Any:
    from calls import google_genai

    return google_genai._client(url, attempts=RETRIES + 1)


def _google_async(url: str) -> Any:
    from calls import google_genai

    return google_genai._async(_google)(url)


def _cohere(client: Any) -> Any:
    return client.chat(
        model="command-a", messages=[{"role": "user", "content": "say three words"}], request_options={"max_retries": RETRIES}
    )


def _azure(module: str, url: str) -> Any:
    from azure.core.credentials import AzureKeyCredential

    kind = importlib.import_module(module).ChatCompletionsClient
    return kind(f"{url}/azure-inference/models", AzureKeyCredential("none"), retry_total=RETRIES)


def _bedrock(make: Callable[[str], Any], url: str) -> Any:
    from calls import bedrock

    kept = bedrock._settings
    bedrock._settings = lambda: {**kept(), "retries": {"total_max_attempts": RETRIES + 1, "mode": "standard"}}
    try:
        return make(url)
    finally:
        bedrock._settings = kept


def _first(provider: str, stream: bool = False) -> calls.SampleCall | None:
    return next((p for p in calls.read() if p.provider == provider and p.stream is stream and ":" not in p.name), None)


def _then(change: Callable[[Any], Any], made: calls.SampleCall) -> calls.SampleCall:
    make, make_async = made.client, made.async_client
    return replace(made, client=lambda url: change(make(url)), async_client=make_async and (lambda url: change(make_async(url))))


def _patient() -> Iterator[calls.SampleCall]:
    """Yield a call of each SDK that retries, from clients with two retries."""
    for provider in ("openai", "anthropic", "groq", "together", "cerebras", "fireworks", "writer"):
        for stream in (False, True):
            if (found := _first(provider, stream)) is not None:
                yield _then(_generated, found)
    if (found := _first("mistralai")) is not None:
        yield _then(_mistral, found)
    if (found := _first("google_genai")) is not None:
        yield replace(found, client=_google, async_client=_google_async)
    if (found := _first("cohere")) is not None:
        yield replace(found, call=_cohere, async_call=_cohere)
    if (found := _first("azure_inference")) is not None:
        yield replace(found, client=partial(_azure, "azure.ai.inference"), async_client=partial(_azure, "azure.ai.inference.aio"))
    if (found := _first("aleph_alpha")) is not None:
        from calls.aleph_alpha import making

        yield replace(found, client=making("Client", RETRIES), async_client=making("AsyncClient", RETRIES))
    if (found := _first("bedrock")) is not None:
        make_async = found.async_client
        yield replace(found, client=partial(_bedrock, found.client), async_client=make_async and partial(_bedrock, make_async))


PATIENT = list(_patient())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the sleeps that SDKs request, and shorten them."""
    requested: list[float] = []

    def shortened(sleep: Callable[..., Any]) -> Callable[..., Any]:
        def keep(seconds: float, *rest: Any) -> Any:
            if seconds > 0 and threading.current_thread() is threading.main_thread():
                requested.append(seconds)
                seconds = min(seconds, 0.002)
            return sleep(seconds, *rest)

        return keep

    # OpenTelemetry's id generator uses the same random source as the waits; give it a source of its own.
    monkeypatch.setattr(id_generator, "random", random.Random())
    for owner in (time, asyncio, anyio):
        monkeypatch.setattr(owner, "sleep", shortened(owner.sleep))
    return requested


def _send(sample: calls.SampleCall, mode: str, url: str, count: int = 1) -> None:
    """Make calls of one client at the same time, and read their responses to the end."""

    async def one(client: Any) -> None:
        result = await answer(sample, client)
        if sample.stream:
            async for _ in result:
                pass

    async def all_of_them() -> None:
        async with opened_async(sample, url) as client:
            await asyncio.gather(*(one(client) for _ in range(count)))

    if mode == "async":
        asyncio.run(all_of_them())
        return
    with opened(sample, url) as client, ThreadPoolExecutor(count) as threads:
        for result in threads.map(sample.call, [client] * count) if count > 1 else [sample.call(client)]:  # type: ignore[misc]
            if sample.stream:
                list(result)


def _retried(sample: calls.SampleCall, mode: str, stand_in: Any, waits: list[float]) -> tuple[list[float], list[tuple[str, str]]]:
    """Make the call with a fixed random seed; return its waits and its requests."""
    stand_in.clear()
    waits.clear()
    random.seed(7)

    _send(sample, mode, f"{stand_in.url}/{FLAKY}")
    return [*waits], [(record.method, record.path) for record in stand_in.journal]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", PATIENT, ids=lambda p: p.id)
def test_attempts_are_recorded_in_order_and_retries_unchanged(
    sample: calls.SampleCall, mode: str, watch: Any, stand_in: Any, waits: list[float]
) -> None:
    _retried(sample, mode, stand_in, waits)  # imports may draw random numbers; do them before
    bare = _retried(sample, mode, stand_in, waits)
    assert len(bare[0]) == RETRIES and len(bare[1]) == RETRIES + 1
    seen = watch()
    with capture_events("ex_llm.provider.*") as recorded:
        instrumented = _retried(sample, mode, stand_in, waits)
    assert instrumented == bare

    reported = [(e.name.removeprefix("ex_llm.provider."), e.metadata.get("attempt"), e.metadata.get("status")) for e in recorded]
    assert reported == [
        ("request.start", 1, None), ("request.stop", 1, 429), ("rate_limit", 1, 429),
        ("request.start", 2, None), ("request.stop", 2, 500),
        ("request.start", 3, None), ("request.stop", 3, 200),
    ]  # fmt: skip
    starts = [e.measurements for e in recorded if e.name.endswith("request.start")]
    assert "waited" not in starts[0] and starts[1]["waited"] > 0 and starts[2]["waited"] > 0
    assert recorded[2].measurements["retry_after_ms"] == 1 and {e.metadata["method"] for e in recorded} == {"POST"}

    span = seen.span()
    assert span.attributes["http.request.resend_count"] == RETRIES
    assert span.status.status_code.name == "UNSET"
    assert [e.attributes["status"] for e in span.events if e.name == "ex_llm.provider.request.stop"] == [429, 500, 200]
    classes = {p.attributes["status_class"]: p.value for p in seen.metrics()["ex_llm.provider.requests.total"]}
    assert classes == {"4xx": 1, "5xx": 1, "2xx": 1}
    assert seen.total("ex_llm.provider.request.duration.milliseconds") == RETRIES + 1
    assert seen.total("ex_llm.provider.retries.total") == RETRIES and seen.total("ex_llm.provider.rate_limits.total") == 1
    assert seen.total("ex_llm.provider.errors.total") == 0 and seen.total("ex_llm.chat.errors.total") == 0
    assert seen.total("ex_llm.provider.retries.waited.milliseconds.total") == pytest.approx(
        sum(start.get("waited", 0) for start in starts) / 1e6
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [p for p in PATIENT if not p.stream and p.provider != "mistralai"], ids=lambda p: p.id)
def test_a_call_given_up_is_one_failure_with_three_attempts(
    sample: calls.SampleCall, mode: str, seen: Any, stand_in: Any, waits: list[float]
) -> None:
    # mistralai retries for a period and not for a number of attempts.
    with capture_events("ex_llm.*") as recorded, pytest.raises(Exception) as raised:
        _send(sample, mode, f"{stand_in.url}/scenario/error-500")
    assert [e.metadata["attempt"] for e in recorded if e.name == "ex_llm.provider.request.stop"] == [1, 2, 3]
    (failed,) = [e for e in recorded if e.name == "ex_llm.chat.exception"]
    assert failed.metadata["kind"] == "server_error" and failed.metadata["status"] == 500
    assert failed.metadata["error_type"].endswith(type(raised.value).__name__)
    assert seen.span().attributes["http.request.resend_count"] == RETRIES and len(stand_in.journal) == RETRIES + 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [p for p in PATIENT if not p.stream], ids=lambda p: p.id)
def test_fifty_calls_of_one_client_have_their_own_attempts(sample: calls.SampleCall, mode: str, seen: Any, stand_in: Any) -> None:
    calls = 50
    with capture_events("ex_llm.*") as recorded:
        _send(sample, mode, stand_in.url, calls)
    calls_told = [e.metadata["ref"] for e in recorded if e.name == "ex_llm.chat.start"]
    attempts = [(e.metadata["ref"], e.metadata["attempt"]) for e in recorded if e.name == "ex_llm.provider.request.stop"]
    assert len(set(calls_told)) == calls == len(stand_in.journal)
    assert sorted(attempts) == sorted((ref, 1) for ref in calls_told)
    assert [(span.attributes["http.response.status_code"], len(span.events)) for span in seen.spans()] == [(200, 0)] * calls
