"""OpenAI Agents, with its own tracing switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    import openai
    from agents import Agent, OpenAIChatCompletionsModel, RunConfig, function_tool

    client = openai.AsyncOpenAI(base_url=url, api_key="k")
    model = OpenAIChatCompletionsModel("gpt-4o-mini", client)

    @function_tool
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    @function_tool
    async def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    config = RunConfig(tracing_disabled=True, group_id="c-1")
    weather = Agent(name="weather_agent", tools=[get_weather], model=model)

    @function_tool
    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    @function_tool
    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    return SimpleNamespace(
        pair=Agent(name="pair", tools=[one, two], model=model),
        boss=Agent(name="boss", tools=[weather.as_tool("ask_weather", "Ask the weather agent.", run_config=config)], model=model),
        breaker=Agent(name="breaker", tools=[breaks], model=model),
        config=config,
    )


async def _run(made: Any, prompt: str) -> Any:
    from agents import Runner

    return (await Runner.run(made.boss, prompt, run_config=made.config)).final_output


async def _stream(made: Any) -> AsyncIterator[Any]:
    from agents import Runner

    result = Runner.run_streamed(made.boss, "weather?", run_config=made.config)
    try:
        async for event in result.stream_events():
            # The first item arrives before anything has begun.
            if event.type != "agent_updated_stream_event":
                yield event
    finally:
        # The SDK continues in a task of its own if nothing reads the stream.
        result.cancel()


async def _fail(made: Any) -> Any:
    from agents import Runner

    return (await Runner.run(made.breaker, "go", run_config=made.config)).final_output


async def _pair(made: Any) -> Any:
    from agents import Runner

    return await Runner.run(made.pair, "both", run_config=made.config)


APP = App(_make, _run, _stream, _fail, _pair, fails_softly=True, left_early=("cancelled", "complete"), cancelled=("cancelled",))
