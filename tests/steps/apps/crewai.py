"""CrewAI, with agents that run alone, and a crew for the stream."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App

for _name in ("CREWAI_DISABLE_TELEMETRY", "CREWAI_DISABLE_TRACKING"):
    os.environ[_name] = "true"
os.environ["CREWAI_TRACING_ENABLED"] = "false"


def _make(url: str) -> Any:
    from crewai import LLM, Agent, Crew, Task
    from crewai.tools import tool

    def agent(name: str, *tools: Any) -> Any:
        llm = LLM(model="gpt-4o-mini", base_url=url, api_key="k")
        return Agent(role=name, goal="g", backstory="b", tools=list(tools), llm=llm, verbose=False)

    @tool("get_weather")
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    weather = agent("weather_agent", get_weather)

    @tool("ask_weather")
    def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        return str(weather.execute_task(Task(description=question, expected_output="text")))

    @tool("breaks")
    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    @tool("one")
    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    @tool("two")
    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    boss = agent("boss", ask_weather)
    task = Task(description="weather?", expected_output="text", agent=boss)
    return SimpleNamespace(
        boss=boss,
        crew=Crew(name="crew_of_boss", agents=[boss], tasks=[task], stream=True, verbose=False),
        breaker=agent("breaker", breaks),
        pair=agent("pair", one, two),
    )


async def _run(made: Any, prompt: str) -> Any:
    return (await made.boss.kickoff_async(prompt)).raw


async def _stream(made: Any) -> AsyncIterator[Any]:
    streamed = await made.crew.akickoff()
    try:
        async for chunk in streamed:
            yield chunk
    finally:
        await streamed.aclose()


async def _fail(made: Any) -> Any:
    return (await made.breaker.kickoff_async("go")).raw


async def _pair(made: Any) -> Any:
    return await made.pair.kickoff_async("both")


APP = App(
    _make,
    _run,
    _stream,
    _fail,
    _pair,
    conversation=False,
    fails_softly=True,
    runs_on=("aclose", "cancel"),
    left_early=("cancelled", "complete", "error"),
)
