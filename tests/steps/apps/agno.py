"""Agno, with an agent in a tool of another agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from agno.agent import Agent
    from agno.models.openai import OpenAIChat

    def model() -> Any:
        return OpenAIChat(id="gpt-4o-mini", base_url=url, api_key="k")

    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    weather = Agent(name="weather_agent", model=model(), tools=[get_weather], telemetry=False)

    async def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        return str((await weather.arun(question)).content)

    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    return SimpleNamespace(
        pair=Agent(name="pair", model=model(), tools=[one, two], telemetry=False),
        boss=Agent(name="boss", model=model(), tools=[ask_weather], telemetry=False),
        breaker=Agent(name="breaker", model=model(), tools=[breaks], telemetry=False),
    )


async def _run(made: Any, prompt: str) -> Any:
    return (await made.boss.arun(prompt, session_id="c-1")).content


def _stream(made: Any) -> AsyncIterator[Any]:
    return made.boss.arun("weather?", session_id="c-1", stream=True)  # type: ignore[no-any-return]


async def _fail(made: Any) -> Any:
    return (await made.breaker.arun("go")).content


async def _pair(made: Any) -> Any:
    return await made.pair.arun("both")


APP = App(_make, _run, _stream, _fail, _pair, fails_softly=True)
