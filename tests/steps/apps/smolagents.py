"""smolagents, with an agent in a tool of another agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from smolagents import LogLevel, OpenAIModel, ToolCallingAgent, tool

    def agent(name: str, *tools: Any, **more: Any) -> Any:
        model = OpenAIModel("gpt-4o-mini", api_base=url, api_key="k")
        return ToolCallingAgent(list(tools), model, name=name, description=name, verbosity_level=LogLevel.OFF, **more)

    @tool
    def get_weather(city: str) -> str:
        """Return the weather of a city.

        Args:
            city: The city.
        """
        return f"sunny in {city}"

    weather = agent("weather_agent", get_weather)

    @tool
    def ask_weather(question: str) -> str:
        """Ask the weather agent.

        Args:
            question: The question.
        """
        return str(weather.run(question))

    @tool
    def breaks(city: str) -> str:
        """Break.

        Args:
            city: The city.
        """
        raise ValueError("boom")

    @tool
    def one(city: str) -> str:
        """Return the first.

        Args:
            city: The city.
        """
        return f"one in {city}"

    @tool
    def two(city: str) -> str:
        """Return the second.

        Args:
            city: The city.
        """
        return f"two in {city}"

    # A call that failed is not in the messages, so the model would repeat it.
    return SimpleNamespace(boss=agent("boss", ask_weather), breaker=agent("breaker", breaks, max_steps=1), pair=agent("pair", one, two))


async def _run(made: Any, prompt: str) -> Any:
    return made.boss.run(prompt)


async def _stream(made: Any) -> AsyncIterator[Any]:
    for step in made.boss.run("weather?", stream=True):
        yield step


async def _fail(made: Any) -> Any:
    return made.breaker.run("go")


async def _pair(made: Any) -> Any:
    return made.pair.run("both")


# A stream that is left early raises "generator ignored GeneratorExit" in smolagents, and nothing cancels a plain function.
APP = App(_make, _run, _stream, _fail, _pair, conversation=False, fails_softly=True, exits=("all", "cancel"), cancelled=("complete",))
