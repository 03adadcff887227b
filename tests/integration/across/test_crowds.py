"""Each of 10,000 tasks and 64 threads is the parent of its own call."""

from __future__ import annotations

import asyncio
import gc
import importlib
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.across import transport
from opentelemetry import trace
from opentelemetry.instrumentation.llm import with_attributes, with_span

ACME = Path(__file__).parents[2] / "acme"
TASKS, OF_OPENAI, AT_ONCE = 10_000, 800, 400
THREADS, CALLS = 64, 8
MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]
KINDS = ("chat", "stream", "embeddings", "left")


@pytest.fixture
def crowd(seen: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: seen.tracer_provider)
    # The garbage of ten thousand clients is not the subject of this test.
    gc.freeze()
    yield seen
    gc.unfreeze()


async def _ask(client: Any, number: int) -> None:
    kind = KINDS[number % len(KINDS)]
    if kind == "embeddings":
        await client.embeddings.create(model="text-embedding-3-small", input="a b", user=str(number))
        return
    answer = await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=kind != "chat", seed=number)
    if kind == "stream":
        async for _ in answer:
            await asyncio.sleep(0)
    elif kind == "left":
        await answer.__anext__()
        await answer.close()


def _ask_plainly(client: Any, number: int) -> None:
    kind = KINDS[number % len(KINDS)]
    if kind == "embeddings":
        client.embeddings.create(model="text-embedding-3-small", input="a b", user=str(number))
        return
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=kind != "chat", seed=number)
    if kind == "stream":
        assert len(list(answer)) == 2
    elif kind == "left":
        next(answer)
        answer.close()


def _own_children(spans: list[Any], numbers: int) -> list[tuple[Any, int]]:
    """Return the spans and their parents' numbers; check one child for each parent."""
    parents = {span.context.span_id: span for span in spans if span.name == "parent"}
    calls = [span for span in spans if span.name != "parent"]
    assert len(parents) == len(calls) == numbers
    assert {span.attributes["number"] for span in parents.values()} == set(range(numbers))
    assert len({span.parent.span_id for span in calls}) == numbers
    found = [(span, parents[span.parent.span_id]) for span in calls]
    for span, parent in found:
        assert span.context.trace_id == parent.context.trace_id
        assert span.attributes["session.id"] == f"session {parent.attributes['number']}"
    return [(span, parent.attributes["number"]) for span, parent in found]


def _judge(spans: list[Any], numbers: int) -> None:
    calls = _own_children(spans, numbers)
    assert all(span.attributes.get("gen_ai.request.seed", number) == number for span, number in calls)
    assert Counter((span.attributes["gen_ai.operation.name"], span.attributes.get("ex_llm.stream.end")) for span, _ in calls) == {
        ("chat", None): numbers / 4,
        ("chat", "complete"): numbers / 4,
        ("chat", "closed_early"): numbers / 4,
        ("embeddings", None): numbers / 4,
    }


async def _crowd(ask: Callable[[int], Awaitable[None]], numbers: int) -> None:
    """Make so many calls, each in its own task and below its own parent.

    Hundreds of them run at the same time.
    """
    places = asyncio.Semaphore(AT_ONCE)
    order = random.Random(8)

    async def one(number: int) -> None:
        async with places, with_span("parent", {"number": number}), with_attributes(session_id=f"session {number}"):
            for _ in range(order.randrange(3)):
                await asyncio.sleep(0)
            await ask(number)

    await asyncio.gather(*(one(number) for number in range(numbers)))
    assert not trace.get_current_span().get_span_context().is_valid


async def test_tasks_of_openai(crowd: Any, no_context_errors: None) -> None:
    _, client = transport.clients()
    async with client:
        await _crowd(lambda number: _ask(client, number), OF_OPENAI)
    _judge(crowd.spans(), OF_OPENAI)


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of the sample SDK that lets other tasks run during a call."""
    monkeypatch.syspath_prepend(str(ACME))
    acme = importlib.import_module("acme_sdk")
    at_once, streamed = acme.AsyncClient.ask, acme.AsyncClient.ask_streaming

    async def ask(self: Any, model: str, prompt: str) -> Any:
        await asyncio.sleep(0)
        return await at_once(self, model, prompt)

    async def ask_streaming(self: Any, model: str, prompt: str) -> AsyncIterator[Any]:
        async for word in streamed(self, model, prompt):
            await asyncio.sleep(0)
            yield word

    monkeypatch.setattr(acme.AsyncClient, "ask", ask)
    monkeypatch.setattr(acme.AsyncClient, "ask_streaming", ask_streaming)
    return acme.AsyncClient()


async def test_ten_thousand_interleaved_tasks(light: Any, crowd: Any, no_context_errors: None) -> None:
    async def ask(number: int) -> None:
        model = f"acme-{number}"
        if number % 2:
            await light.ask(model, "one two three")
            return
        stream = light.ask_streaming(model, "one two three")
        async for _ in stream:
            if number % 4:
                break
        await stream.aclose()

    await _crowd(ask, TASKS)
    calls = _own_children(crowd.spans(), TASKS)
    assert all(span.attributes["gen_ai.request.model"] == f"acme-{number}" for span, number in calls)
    assert Counter(span.attributes.get("ex_llm.stream.end") for span, _ in calls) == {
        None: TASKS / 2, "complete": TASKS / 4, "closed_early": TASKS / 4,
    }  # fmt: skip


def test_64_threads_at_once(crowd: Any, no_context_errors: None) -> None:
    client, _ = transport.clients()
    together = threading.Barrier(THREADS)
    faults: list[BaseException] = []

    def work(first: int) -> None:
        try:
            together.wait(60)
            for number in range(first, first + CALLS):
                with with_span("parent", {"number": number}), with_attributes(session_id=f"session {number}"):
                    _ask_plainly(client, number)
            assert not trace.get_current_span().get_span_context().is_valid
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number * CALLS,)) for number in range(THREADS)]
    with client:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert faults == []
    _judge(crowd.spans(), THREADS * CALLS)


async def test_one_with_span_and_one_with_attributes_shared_by_many_tasks(crowd: Any, no_context_errors: None) -> None:
    _, client = transport.clients()
    shared, session = with_span("parent"), with_attributes(session_id="shared")
    gate = asyncio.Event()

    async def one(number: int) -> tuple[int, bool]:
        before = trace.get_current_span()
        async with shared as span, session:
            await (gate.wait() if number % 2 else asyncio.sleep(0))
            await _ask(client, 0)
            mine = trace.get_current_span() is span
        return span.get_span_context().span_id, mine and trace.get_current_span() is before and not span.is_recording()

    async def open_gate() -> None:
        await asyncio.sleep(0)
        gate.set()

    async with client:
        *reported, _ = await asyncio.gather(*(one(number) for number in range(40)), open_gate())
    assert all(right for _, right in reported)
    calls = [span for span in crowd.spans() if span.name != "parent"]
    assert sorted(span.parent.span_id for span in calls) == sorted(span_id for span_id, _ in reported)
    assert {span.attributes["session.id"] for span in calls} == {"shared"}
