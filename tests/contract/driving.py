"""Make the call of a payload, sync or async, and close its client."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.calls.patches import installed
from payloads import Payload

MODES = ("sync", "async")


@cache
def _has(requirement: str) -> bool:
    """Return True if a release is installed; cached for the sake of planted faults."""
    return installed(requirement)[1]


def has(payload: Payload, client: Any) -> bool:
    """Return True if the installed release of an SDK has the function."""
    owner = client
    for part in payload.name.partition(":")[0].split("."):
        owner = getattr(owner, part, None)
    return owner is not None and not (payload.needs and not _has(payload.needs))


def skip_if_missing(payload: Payload, client: Any) -> None:
    """Skip the test if the installed release of an SDK lacks the function."""
    if not has(payload, client):
        pytest.skip(f"needs {payload.needs}" if payload.needs else f"this release has no {payload.name}")


@contextlib.contextmanager
def opened(payload: Payload, url: str) -> Iterator[Any]:
    """Give a plain client."""
    if payload.call is None:
        pytest.skip("this SDK has no plain form of it")
    client = payload.client(url)
    try:
        skip_if_missing(payload, client)
        yield client
    finally:
        close = getattr(client, "close", None)
        if close is not None:
            close()


@contextlib.asynccontextmanager
async def opened_async(payload: Payload, url: str) -> AsyncIterator[Any]:
    """Give an asynchronous client."""
    if payload.async_call is None or payload.async_client is None:
        pytest.skip("this SDK has no asynchronous form of it")
    client = payload.async_client(url)
    try:
        skip_if_missing(payload, client)
        yield client
    finally:
        close = getattr(client, "aclose", None) or getattr(client, "close", None)
        outcome = close() if close is not None else None
        if inspect.isawaitable(outcome):
            await outcome


async def answer(payload: Payload, client: Any) -> Any:
    """Make the async call. Some SDKs return a stream directly, others a coroutine."""
    outcome = payload.async_call(client)  # type: ignore[misc]
    return await outcome if inspect.isawaitable(outcome) else outcome


def run(payload: Payload, mode: str, url: str, use: Callable[[Any], Any] = lambda result: result) -> Any:
    """Make the call and hand its result to ``use`` while the client is open."""
    if mode == "sync":
        with opened(payload, url) as client:
            return use(payload.call(client))  # type: ignore[misc]

    async def call() -> Any:
        async with opened_async(payload, url) as client:
            return use(await answer(payload, client))

    return asyncio.run(call())
