"""LlamaIndex, with an agent in a tool of another agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.llms.openai import OpenAI

    # Usage of streamed responses must be requested.
    llm = OpenAI(model="gpt-4o-mini", api_base=url, api_key="k", additional_kwargs={"stream_options": {"include_usage": True}})

    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    weather = FunctionAgent(name="weather_agent", tools=[get_weather], llm=llm)

    async def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        return str(await weather.run(user_msg=question))

    return SimpleNamespace(
        boss=FunctionAgent(name="boss", tools=[ask_weather], llm=llm),
        breaker=FunctionAgent(name="breaker", tools=[breaks], llm=llm),
        pair=FunctionAgent(name="pair", tools=[one, two], llm=llm),
    )


async def _run(made: Any, prompt: str) -> Any:
    handler = made.boss.run(user_msg=prompt)
    try:
        return str(await handler)
    finally:
        # The workflow continues in tasks of its own if nothing awaits it.
        await handler.cancel_run()


async def _stream(made: Any) -> AsyncIterator[Any]:
    handler = made.boss.run(user_msg="weather?")
    try:
        async for event in handler.stream_events():
            yield event
    finally:
        await handler.cancel_run()


async def _fail(made: Any) -> Any:
    return str(await made.breaker.run(user_msg="go"))


async def _pair(made: Any) -> Any:
    return str(await made.pair.run(user_msg="both"))


APP = App(
    _make, _run, _stream, _fail, _pair, conversation=False, fails_softly=True, runs_on=("cancel",), left_early=("cancelled", "complete")
)
