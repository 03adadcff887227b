"""Pydantic AI, with its own telemetry off (the default)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from pydantic_ai import Agent, ModelRetry
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(base_url=url, api_key="k"))
    weather, boss = Agent(model, name="weather_agent"), Agent(model, name="boss")
    breaker, retrying = Agent(model, name="breaker"), Agent(model, name="retrying")
    pair = Agent(model, name="pair")

    @weather.tool_plain
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    @boss.tool_plain
    async def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        return (await weather.run(question)).output

    @breaker.tool_plain
    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    @retrying.tool_plain(retries=2)
    def approve(city: str) -> str:
        """Ask for another try."""
        raise ModelRetry("again")

    @pair.tool_plain
    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    @pair.tool_plain
    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    return SimpleNamespace(pair=pair, boss=boss, breaker=breaker, retrying=retrying)


async def _run(made: Any, prompt: str) -> Any:
    return (await made.boss.run(prompt, conversation_id="c-1")).output


async def _stream(made: Any) -> AsyncIterator[Any]:
    async with made.boss.iter("weather?", conversation_id="c-1") as run:
        async for node in run:
            yield node


async def _fail(made: Any) -> Any:
    return await made.breaker.run("go")


async def _retry(made: Any) -> Any:
    return (await made.retrying.run("go")).output


async def _pair(made: Any) -> Any:
    return await made.pair.run("both")


# If the garbage collector closes an ``iter`` block in another task, it cancels the application's task, also without this package.
APP = App(_make, _run, _stream, _fail, _pair, _retry, outcome="retry", exits=("all", "aclose", "cancel"))
