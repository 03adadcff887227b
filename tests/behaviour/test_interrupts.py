"""Test interruptions at every line of the package.

No call, span or context is left behind.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanProcessor

from harness.faults.interruptions import Interrupter, Place, TimeLimit, places_of
from opentelemetry import trace
from opentelemetry.instrumentation.llm import context

EVERY = os.environ.get("LLM_INTERRUPTS") == "all"
"""True to try every line with every error, False for a sample."""

SAMPLE = 15
MESSAGES = [{"role": "user", "content": "say three words"}]
ERRORS = (KeyboardInterrupt, SystemExit, TimeLimit)


class Balance(SpanProcessor):
    """Count the spans that are open."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.begun += 1

    def on_end(self, span: Any) -> None:
        self.ended += 1


@pytest.fixture
def balance(seen: Any) -> Balance:
    made = Balance()
    seen.tracer_provider.add_span_processor(made)
    return made


class Clients:
    """Clients of both kinds, and the event loop of the asynchronous client."""

    def __init__(self, url: str) -> None:
        import openai

        self.loop = asyncio.new_event_loop()
        self.plain = openai.OpenAI(base_url=url, api_key="k", max_retries=0)
        self.coroutines = openai.AsyncOpenAI(base_url=url, api_key="k", max_retries=0)

    def close(self) -> None:
        self.plain.close()
        self.loop.run_until_complete(self.coroutines.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


@pytest.fixture
def clients(stand_in: Any) -> Iterator[Clients]:
    made = Clients(f"{stand_in.url}/v1")
    # Freeze the existing objects, so that the hundreds of collections below skip them.
    gc.freeze()
    yield made
    gc.unfreeze()
    made.close()


def _plain(clients: Clients) -> None:
    clients.plain.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)


def _streamed(clients: Clients) -> None:
    with clients.plain.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
        list(stream)


def _async(clients: Clients) -> None:
    clients.loop.run_until_complete(clients.coroutines.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES))


def _async_streamed(clients: Clients) -> None:
    async def read() -> None:
        async with await clients.coroutines.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
            async for _ in stream:
                pass

    clients.loop.run_until_complete(read())


WAYS = {"plain": _plain, "streamed": _streamed, "async": _async, "async streamed": _async_streamed}


def _left_behind(balance: Balance) -> list[str]:
    gc.collect()
    found = []
    if context.running_call() is not None:
        found.append("a running call is left")
    if trace.get_current_span().get_span_context().is_valid:
        found.append("a current span is left")
    if balance.begun != balance.ended:
        found.append(f"{balance.begun - balance.ended} spans are open")
    return found


def _seen(run: Callable[[Clients], None], clients: Clients, interrupter: Interrupter, error: type[BaseException]) -> str:
    """Interrupt one call; return a description of every wrong result."""
    try:
        with interrupter.tracing():
            run(clients)
    except error:
        return ""
    except BaseException as other:
        return f"the application gets {type(other).__name__}"
    return "" if interrupter.ignored or not interrupter.raised else "the application does not get the exception"


def _wrong(run: Callable[[Clients], None], clients: Clients, balance: Balance, at: Place, error: type[BaseException]) -> list[str]:
    found = [_seen(run, clients, Interrupter(at, error), error), *_left_behind(balance)]
    before = balance.ended
    _plain(clients)
    if balance.ended != before + 1:
        found.append("the next call is not recorded")
    balance.begun = balance.ended
    return [f"{error.__name__} at {Path(at.file).name}:{at.line} ({at.nth}): {what}" for what in found if what]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("way", WAYS)
def test_an_interruption_at_any_line_leaves_nothing(way: str, error: type[BaseException], clients: Clients, balance: Balance) -> None:
    run = WAYS[way]
    run(clients)
    places = places_of(lambda: run(clients))
    assert len(places) > 300
    step = 1 if EVERY else max(1, len(places) // SAMPLE)
    first = ERRORS.index(error) * step // len(ERRORS)
    found = [what for at in places[first::step] for what in _wrong(run, clients, balance, at, error)]
    assert not found, "\n".join(found)
