"""Work of an application to interrupt: calls, streams, steps and caches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

from opentelemetry.instrumentation.llm import (
    span,
    watch_cache,
    with_agent,
    with_attributes,
    with_context,
    with_retrieval,
    with_span,
    with_tool,
)
from opentelemetry.instrumentation.llm.calls.wrap import EnabledFlag
from opentelemetry.instrumentation.llm.context import here
from opentelemetry.instrumentation.llm.steps.engine import StepServices, observed
from opentelemetry.instrumentation.llm.steps.pairs import paired
from opentelemetry.instrumentation.llm.steps.tables import Facts, Pair, Step

MESSAGES = [{"role": "user", "content": "say three words"}]
REQUEST: dict[str, Any] = {"model": "gpt-4o-mini", "messages": MESSAGES}


class Clients:
    """Clients of both kinds, and the event loop of the asynchronous client."""

    def __init__(self, url: str) -> None:
        import openai

        self.loop = asyncio.new_event_loop()
        self.plain = openai.OpenAI(base_url=url, api_key=lambda: "k", max_retries=0)
        self.coroutines = openai.AsyncOpenAI(base_url=url, api_key=_key, max_retries=0)
        self.check: Callable[[], None] = lambda: None
        """Runs in each task after its work, where the context of the task is visible."""

    def run(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            self.loop.run_until_complete(self._checked(work))
        finally:
            self.loop.run_until_complete(asyncio.sleep(0))  # The loop keeps an interrupted task until it runs again.

    async def _checked(self, work: Coroutine[Any, Any, Any]) -> None:
        failure: type[BaseException] | None = None
        try:
            await work
        except BaseException as error:
            failure = type(error)
        # The exception holds the frames of the work, and so the blocks whose end it interrupted.
        self.check()
        if failure is not None:
            raise failure

    def close(self) -> None:
        self.plain.close()
        self.loop.run_until_complete(self.coroutines.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


async def _key() -> str:
    return "k"


def plain(clients: Clients) -> None:
    clients.plain.chat.completions.create(**REQUEST)


def _streamed(clients: Clients) -> None:
    with clients.plain.chat.completions.create(**REQUEST, stream=True) as stream:
        list(stream)


def _async(clients: Clients) -> None:
    clients.run(clients.coroutines.chat.completions.create(**REQUEST))


def _async_streamed(clients: Clients) -> None:
    async def read() -> None:
        async with await clients.coroutines.chat.completions.create(**REQUEST, stream=True) as stream:
            async for _ in stream:
                pass

    clients.run(read())


def _blocks(clients: Clients) -> None:
    with with_agent("planner"), with_tool("search") as tool, with_retrieval("papers"):
        tool.output = "done"


def _async_blocks(clients: Clients) -> None:
    async def work() -> None:
        async with with_agent("planner"), with_tool("search"):
            await asyncio.sleep(0)

    clients.run(work())


def _spans(clients: Clients) -> None:
    with span("app.work"), with_span("work"), with_attributes(user_id="u"):
        with_context(here(), len, "abc")


def _functions(clients: Clients) -> None:
    @with_agent("planner")
    def plan() -> str:
        return search()

    @with_tool("search")
    def search() -> str:
        return "done"

    plan()


def _async_functions(clients: Clients) -> None:
    @with_agent("planner")
    async def plan() -> str:
        return await search()

    @with_tool("search")
    async def search() -> str:
        return "done"

    clients.run(plan())


def _generators(clients: Clients) -> None:
    @with_agent("planner")
    def plan() -> Iterator[int]:
        yield 1
        yield 2

    list(plan())


def _async_generators(clients: Clients) -> None:
    @with_agent("planner")
    async def plan() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def work() -> None:
        async for _ in plan():
            pass

    clients.run(work())


_FRAMEWORK = ("acme", Step("", "invoke_agent", lambda instance, args, kwargs: Facts("planner")), StepServices(), EnabledFlag(on=True))


def _framework_results(clients: Clients) -> None:
    """Return a generator and a coroutine from plain functions, as frameworks do."""

    def numbers() -> Iterator[int]:
        yield 1

    async def number() -> int:
        return 1

    list(observed(lambda: numbers(), *_FRAMEWORK)())
    clients.run(observed(lambda: number(), *_FRAMEWORK)())


def _framework_block(clients: Clients) -> None:
    @asynccontextmanager
    async def agent() -> AsyncIterator[str]:
        yield "planner"

    run = observed(agent, *_FRAMEWORK)

    async def work() -> None:
        async with run():
            await asyncio.sleep(0)

    clients.run(work())


def _framework_pair(clients: Clients) -> None:
    pair = Pair("", "", "invoke_agent", lambda instance, args, kwargs: Facts("planner"))
    begins, ends = paired("acme", pair, StepServices(), EnabledFlag(on=True))

    class Node:
        @begins
        def begin(self) -> None:
            """Begin a run."""

        @ends
        def end(self) -> None:
            """End it."""

    node = Node()
    node.begin()
    node.end()


def _cache(clients: Clients) -> None:
    cache = watch_cache({}, "responses")
    cache["question"] = "response"
    cache.get("question")
    del cache["question"]


WAYS: dict[str, Callable[[Clients], None]] = {
    "plain": plain,
    "streamed": _streamed,
    "async": _async,
    "async streamed": _async_streamed,
    "spans": _spans,
    "blocks": _blocks,
    "async blocks": _async_blocks,
    "functions": _functions,
    "async functions": _async_functions,
    "generators": _generators,
    "async generators": _async_generators,
    "framework results": _framework_results,
    "framework block": _framework_block,
    "framework pair": _framework_pair,
    "cache": _cache,
}
