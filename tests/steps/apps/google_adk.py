"""Google ADK, with an agent as a tool. ADK makes the spans of agents and tools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from steps.apps import App


def _make(url: str) -> Any:
    from google.adk.agents import LlmAgent
    from google.adk.models.google_llm import Gemini
    from google.adk.tools.agent_tool import AgentTool
    from google.adk.tools.function_tool import FunctionTool
    from google.genai import Client, types

    class Local(Gemini):
        @property
        def api_client(self) -> Client:
            return Client(api_key="k", vertexai=False, http_options=types.HttpOptions(base_url=url.removesuffix("/v1")))

    model = Local(model="gemini-2.5-flash")

    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"sunny in {city}"

    def breaks(city: str) -> str:
        """Break."""
        raise ValueError("boom")

    def approve(city: str) -> str:
        """Ask a human."""
        return f"approved {city}"

    def one(city: str) -> str:
        """Return the first."""
        return f"one in {city}"

    def two(city: str) -> str:
        """Return the second."""
        return f"two in {city}"

    class Ask(AgentTool):
        """The agent under the name that the contract expects."""

    weather = LlmAgent(name="weather_agent", model=model, tools=[get_weather])
    ask = Ask(weather)
    ask.name = "ask_weather"
    return SimpleNamespace(
        boss=LlmAgent(name="boss", model=model, tools=[ask]),
        breaker=LlmAgent(name="breaker", model=model, tools=[breaks]),
        pair=LlmAgent(name="pair", model=model, tools=[one, two]),
        careful=LlmAgent(name="careful", model=model, tools=[FunctionTool(approve, require_confirmation=True)]),
    )


async def _events(agent: Any, prompt: str, session_id: str = "c-1") -> AsyncIterator[Any]:
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    runner = InMemoryRunner(agent=agent, app_name="app")
    await runner.session_service.create_session(app_name="app", user_id="u", session_id=session_id)
    given = types.Content(role="user", parts=[types.Part(text=prompt)])
    stream = runner.run_async(user_id="u", session_id=session_id, new_message=given)
    try:
        async for event in stream:
            yield event
    finally:
        await stream.aclose()


async def _text(agent: Any, prompt: str) -> Any:
    found = None
    async for event in _events(agent, prompt):
        texts = [part.text for part in (event.content.parts if event.content else None) or () if part.text]
        found = texts[-1] if texts else found
    return found


async def _run(made: Any, prompt: str) -> Any:
    return await _text(made.boss, prompt)


def _stream(made: Any) -> AsyncIterator[Any]:
    return _events(made.boss, "weather?")


async def _fail(made: Any) -> Any:
    return await _text(made.breaker, "go")


async def _pair(made: Any) -> Any:
    return await _text(made.pair, "both")


async def _confirm(made: Any) -> Any:
    return await _text(made.careful, "go")


def _exits() -> tuple[str, ...]:
    """Return the exits after which ADK leaves no span of its own current.

    Releases before 2.12 do on the other exits.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("google-adk").split(".")[:2]
    except PackageNotFoundError:
        return ()
    return ("all", "break", "aclose", "drop", "cancel") if (int(major), int(minor)) >= (2, 12) else ("all", "aclose", "cancel")


APP = App(
    _make, _run, _stream, _fail, _pair, _confirm, exits=_exits(), native=True, native_metrics=True, inference="generate_content gemini-2.5-flash",
    inner=("invoke_workflow", "invocation", "execute_tool (merged)", "call_llm"),
)  # fmt: skip
