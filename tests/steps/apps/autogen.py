"""AutoGen, which makes its own spans, with an agent in a tool of another agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    client = OpenAIChatCompletionClient(model="gpt-4o-mini", base_url=url, api_key="k")

    def agent(name: str, *tools: Any) -> Any:
        return AssistantAgent(name, client, tools=list(tools), max_tool_iterations=3)

    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    async def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        return str((await agent("weather_agent", get_weather).run(task=question)).messages[-1].to_text())

    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    # An agent keeps its messages, so each run has its own agent.
    return SimpleNamespace(
        boss=lambda: agent("boss", ask_weather), breaker=lambda: agent("breaker", breaks), pair=lambda: agent("pair", one, two)
    )


async def _text(agent: Any, prompt: str) -> Any:
    return (await agent.run(task=prompt)).messages[-1].to_text()


async def _run(made: Any, prompt: str) -> Any:
    return await _text(made.boss(), prompt)


def _stream(made: Any) -> AsyncIterator[Any]:
    return made.boss().run_stream(task="weather?")  # type: ignore[no-any-return]


async def _fail(made: Any) -> Any:
    return await _text(made.breaker(), "go")


async def _pair(made: Any) -> Any:
    return await _text(made.pair(), "both")


# If the garbage collector closes a stream in another task, AutoGen leaves its own span current.
APP = App(
    _make, _run, _stream, _fail, _pair, conversation=False, fails_softly=True, exits=("all", "aclose", "cancel"), native=True,
    inner=("create_agent", "autogen "),
)  # fmt: skip
