"""Test the error kinds of all SDKs: one taxonomy over their exceptions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

import calls
from contract.driving import MODES, answer, opened, opened_async
from opentelemetry.instrumentation.llm.schema.events import OPERATIONS
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
KINDS = {
    "error-400": "invalid_request",
    "error-401": "auth",
    "error-403": "auth",
    "error-404": "invalid_request",
    "error-408": "timeout",
    "error-413": "invalid_request",
    "error-422": "invalid_request",
    "error-429": "rate_limited",
    "error-500": "server_error",
    "error-502": "server_error",
    "error-503": "overloaded",
    "error-504": "timeout",
    "error-529": "overloaded",
    "context-length": "context_length",
    "content-filter": "content_filter",
    "die": "network",
}


# With this package installed two SDKs send by aiohttp, which reports a dropped connection as a timeout.
_DROPPED = "timeout" if calls.installed("httpx_aiohttp") else "network"
_EVERY: dict[tuple[str, str], str] = {
    # Local model servers and embedding services refuse no request for its content.
    ("huggingface", "content-filter"): "invalid_request",
    ("ollama", "content-filter"): "invalid_request",
    ("voyageai", "content-filter"): "invalid_request",
    # A prediction is checked by the model only when it runs.
    ("replicate", "content-filter"): "invalid_request",
    ("replicate", "context-length"): "invalid_request",
    # The code means only that a parameter is wrong.
    ("dashscope", "context-length"): "invalid_request",
    ("dashscope_client", "context-length"): "invalid_request",
    # gRPC has no status for these.
    ("xai", "error-413"): "server_error",
    ("xai", "error-422"): "server_error",
    ("xai", "error-529"): "server_error",
    ("xai", "die"): "overloaded",
}
OTHERWISE = {
    **{(provider, scenario, mode): kind for (provider, scenario), kind in _EVERY.items() for mode in MODES},
    ("cohere", "die", "async"): _DROPPED,
    ("fireworks", "die", "async"): _DROPPED,
}


def _first(provider: str) -> calls.SampleCall:
    return next(p for p in calls.read() if p.provider == provider and not p.stream)


ENDS = {f"ex_llm.{operation.family}.exception" for operation in OPERATIONS.values()}
SDKS = list({p.provider: _first(p.provider) for p in calls.read() if not p.stream}.values())


def _send(sample: calls.SampleCall, mode: str, url: str, change: Callable[[Any], Any] = lambda client: client) -> None:
    async def send() -> None:
        async with opened_async(sample, url) as client:
            await answer(sample, change(client))

    if mode == "async":
        asyncio.run(send())
    else:
        with opened(sample, url) as client:
            sample.call(change(client))  # type: ignore[misc]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", KINDS)
@pytest.mark.parametrize("sample", SDKS, ids=lambda p: p.provider)
def test_a_failure_has_its_kind_and_the_error_of_the_sdk(
    sample: calls.SampleCall, scenario: str, mode: str, seen: Any, stand_in: Any
) -> None:
    raised = pytest.raises(Exception) if sample.raises or scenario == "die" else contextlib.nullcontext()
    with capture_events("ex_llm.*") as emitted, raised as refusal:
        _send(sample, mode, f"{stand_in.url}/scenario/{scenario}")
    ((family, failed),) = [(e.name.split(".")[1], e.metadata) for e in emitted if e.name in ENDS]
    kind = OTHERWISE.get((sample.provider, scenario, mode), KINDS[scenario])
    assert failed["kind"] == kind, failed
    assert refusal is None or failed["error_type"].rpartition(".")[2] == type(refusal.value).__name__
    (point,) = seen.metrics()[f"ex_llm.{family}.errors.total"]
    assert (point.value, point.attributes["kind"]) == (1, kind)
    assert seen.span().attributes["ex_llm.error.kind"] == kind
    exceeded = [e for e in emitted if e.name == "ex_llm.context.window_exceeded"]
    assert len(exceeded) == (kind == "context_length") == seen.total("ex_llm.context.window_exceeded.total")
    refused = [e for e in emitted if e.name == "ex_llm.provider.rate_limit"]
    assert len(refused) == (kind == "rate_limited" or (kind == "overloaded" and scenario == "error-529"))


@pytest.mark.parametrize("sample", [p for p in SDKS if p.async_client is not None], ids=lambda p: p.provider)
def test_a_cancelled_call_has_its_own_kind(sample: calls.SampleCall, seen: Any, stand_in: Any) -> None:
    async def cancelled() -> None:
        async with opened_async(sample, f"{stand_in.url}/scenario/hang") as client:
            request_task = asyncio.ensure_future(answer(sample, client))
            while not len(stand_in.journal):
                await asyncio.sleep(0.005)
            request_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await request_task

    with capture_events("ex_llm.*") as emitted:
        asyncio.run(cancelled())
    assert [(e.name in ENDS, e.metadata["kind"]) for e in emitted if e.name.endswith("exception")] == [
        (False, "cancelled"),
        (True, "cancelled"),
    ]
