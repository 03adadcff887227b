"""Strands, which makes its own spans, with an agent in a tool of another agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from strands import Agent, tool
    from strands.models.openai import OpenAIModel
    from strands.session.session_manager import SessionManager

    class Session(SessionManager):  # type: ignore[misc]
        """A session that keeps nothing."""

        session_id = "c-1"

        def initialize(self, agent: Any, **kwargs: Any) -> None: ...
        def append_message(self, message: Any, agent: Any, **kwargs: Any) -> None: ...
        def redact_latest_message(self, message: Any, agent: Any, **kwargs: Any) -> None: ...
        def sync_agent(self, agent: Any, **kwargs: Any) -> None: ...

    def agent(name: str, *tools: Any, **more: Any) -> Any:
        model = OpenAIModel(client_args={"base_url": url, "api_key": "k"}, model_id="gpt-4o-mini")
        return Agent(model=model, tools=list(tools), name=name, callback_handler=None, **more)

    @tool
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    @tool
    async def ask_weather(question: str) -> str:
        """Ask the weather agent."""
        return str(await agent("weather_agent", get_weather).invoke_async(question)).strip()

    @tool
    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    @tool(context=True)
    def approve(city: str, tool_context: Any) -> str:
        """Ask a human."""
        return f"human: {tool_context.interrupt('approval', reason=city)}"

    @tool
    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    @tool
    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    # An agent keeps its messages, so each run has its own agent.
    return SimpleNamespace(
        boss=lambda: agent("boss", ask_weather, session_manager=Session()),
        breaker=lambda: agent("breaker", breaks),
        pair=lambda: agent("pair", one, two),
        careful=lambda: agent("careful", approve),
    )


async def _text(agent: Any, prompt: str) -> Any:
    return str(await agent.invoke_async(prompt)).strip()


async def _run(made: Any, prompt: str) -> Any:
    return await _text(made.boss(), prompt)


def _stream(made: Any) -> AsyncIterator[Any]:
    return made.boss().stream_async("weather?")  # type: ignore[no-any-return]


async def _fail(made: Any) -> Any:
    return await _text(made.breaker(), "go")


async def _pair(made: Any) -> Any:
    return await _text(made.pair(), "both")


async def _interrupt(made: Any) -> Any:
    return await made.careful().invoke_async("go")


def _exits() -> tuple[str, ...]:
    """Return the exits after which Strands ends its spans and leaves none current."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("strands-agents").split(".")[:2]
    except PackageNotFoundError:
        return ()
    return ("all", "aclose", "cancel") if (int(major), int(minor)) >= (1, 56) else ("all",)


APP = App(
    _make, _run, _stream, _fail, _pair, _interrupt, fails_softly=True, exits=_exits(), native=True, inner=("execute_event_loop_cycle",)
)
