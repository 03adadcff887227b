"""Make the call of a sample, sync or async, and close its client."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from typing import Any

import pytest

from calls import SampleCall
from opentelemetry.instrumentation.llm.calls.patches import installed

MODES = ("sync", "async")


@cache
def _has(requirement: str) -> bool:
    """Return True if a release is installed; cached for the sake of planted faults."""
    return installed(requirement)[1]


def has(sample: SampleCall, client: Any) -> bool:
    """Return True if the installed release of an SDK has the function."""
    owner = client
    for part in sample.name.partition(":")[0].split("."):
        owner = getattr(owner, part, None)
    return owner is not None and not (sample.needs and not _has(sample.needs))


def skip_if_missing(sample: SampleCall, client: Any) -> None:
    """Skip the test if the installed release of an SDK lacks the function."""
    if not has(sample, client):
        pytest.skip(f"needs {sample.needs}" if sample.needs else f"this release has no {sample.name}")


@contextlib.contextmanager
def opened(sample: SampleCall, url: str) -> Iterator[Any]:
    """Give a plain client."""
    if sample.call is None:
        pytest.skip("this SDK has no plain form of it")
    client = sample.client(url)
    try:
        skip_if_missing(sample, client)
        yield client
    finally:
        close = getattr(client, "close", None)
        if close is not None:
            close()


@contextlib.asynccontextmanager
async def opened_async(sample: SampleCall, url: str) -> AsyncIterator[Any]:
    """Give an asynchronous client."""
    if sample.async_call is None or sample.async_client is None:
        pytest.skip("this SDK has no asynchronous form of it")
    client = sample.async_client(url)
    try:
        skip_if_missing(sample, client)
        yield client
    finally:
        close = getattr(client, "aclose", None) or getattr(client, "close", None)
        outcome = close() if close is not None else None
        if inspect.isawaitable(outcome):
            await outcome


async def answer(sample: SampleCall, client: Any) -> Any:
    """Make the async call. Some SDKs return a stream directly, others a coroutine."""
    outcome = sample.async_call(client)  # type: ignore[misc]
    return await outcome if inspect.isawaitable(outcome) else outcome


def run(sample: SampleCall, mode: str, url: str, use: Callable[[Any], Any] = lambda result: result) -> Any:
    """Make the call and hand its result to ``use`` while the client is open."""
    if mode == "sync":
        with opened(sample, url) as client:
            return use(sample.call(client))  # type: ignore[misc]

    async def call() -> Any:
        async with opened_async(sample, url) as client:
            return use(await answer(sample, client))

    return asyncio.run(call())
