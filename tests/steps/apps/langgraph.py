"""LangGraph, with agents of LangChain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    import openai
    from langchain.agents import create_agent
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.types import interrupt

    # By default the model shares an HTTP client with event loops that are closed.
    client = openai.DefaultAsyncHttpxClient()
    model = ChatOpenAI(model="gpt-4o-mini", base_url=url, api_key="k", stream_usage=True, http_async_client=client)

    @tool
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    weather = create_agent(model, [get_weather], name="weather_agent")

    @tool
    async def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        answered = await weather.ainvoke({"messages": [("user", question)]})
        return str(answered["messages"][-1].content)

    @tool
    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    @tool
    def approve(action: str) -> str:
        """Ask a human."""
        return f"human: {interrupt(action)}"

    @tool
    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    @tool
    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    return SimpleNamespace(
        pair=create_agent(model, [one, two], name="pair"),
        boss=create_agent(model, [ask_weather], name="boss"),
        breaker=create_agent(model, [breaks], name="breaker"),
        careful=create_agent(model, [approve], name="careful", checkpointer=InMemorySaver()),
    )


_CONFIG: Any = {"configurable": {"thread_id": "c-1"}}


async def _run(made: Any, prompt: str) -> Any:
    return (await made.boss.ainvoke({"messages": [("user", prompt)]}, _CONFIG))["messages"][-1].content


def _stream(made: Any) -> AsyncIterator[Any]:
    return made.boss.astream({"messages": [("user", "weather?")]}, _CONFIG, stream_mode="updates")  # type: ignore[no-any-return]


async def _fail(made: Any) -> Any:
    return await made.breaker.ainvoke({"messages": [("user", "go")]})


async def _interrupt(made: Any) -> Any:
    return await made.careful.ainvoke({"messages": [("user", "go")]}, _CONFIG)


async def _pair(made: Any) -> Any:
    return await made.pair.ainvoke({"messages": [("user", "both")]})


APP = App(_make, _run, _stream, _fail, _pair, _interrupt)
