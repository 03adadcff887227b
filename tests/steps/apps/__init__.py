"""One small application for each framework, all with the same shape.

An agent ``boss`` has the tool ``ask_weather``, which runs the agent ``weather_agent``, which has the tool ``get_weather``.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import pytest


class App(NamedTuple):
    """An application: ``make`` builds it for a provider's address.

    The other fields are functions that run the built application.
    """

    make: Callable[[str], Any]
    run: Callable[[Any, str], Awaitable[Any]]
    """Run ``boss`` with a prompt and return the final text.

    In the conversation ``c-1``, if the framework has conversations.
    """
    stream: Callable[[Any], AsyncIterator[Any]]
    """Run ``boss`` as a stream."""
    fail: Callable[[Any], Awaitable[Any]]
    """Run the agent ``breaker``, whose tool ``breaks`` raises ``ValueError("boom")``."""
    pair: Callable[[Any], Awaitable[Any]]
    """Run the agent ``pair`` with the prompt "both".

    Its plain functions ``one`` and ``two`` are tools that the model calls at once.
    """
    control_flow: Callable[[Any], Awaitable[Any]] | None = None
    """Run a tool that ends by control flow: an interrupt, a retry."""
    conversation: bool = True
    fails_softly: bool = False
    """True if the framework sends the exception of a tool to the model."""
    outcome: str = "interrupted"
    exits: tuple[str, ...] = ("all", "break", "aclose", "drop", "cancel")
    """The exits of a stream that the framework itself supports."""
    runs_on: tuple[str, ...] = ()
    """The exits after which a model call of the framework ends later than its agent."""
    left_early: tuple[str, ...] = ("closed_early", "abandoned")
    cancelled: tuple[str, ...] = ("cancelled",)
    native: bool = False
    """True if the framework makes the spans of agents and tools itself."""
    native_metrics: bool = False
    """True if the framework records the metrics of agents and tools itself."""
    inference: str = "chat gpt-4o-mini"
    """The name of the spans of inferences."""
    inner: tuple[str, ...] = ()
    """Beginnings of names of further spans that the framework makes."""


NAMES = {
    "agno": "agno",
    "autogen": "autogen-agentchat",
    "crewai": "crewai",
    "google_adk": "google-adk",
    "langgraph": "langgraph",
    "llama_index": "llama-index-core",
    "openai_agents": "openai-agents",
    "pydantic_ai": "pydantic-ai-slim",
    "smolagents": "smolagents",
    "strands": "strands-agents",
}
"""Applications by the distribution that they need."""


def load(name: str) -> App:
    """Return an application; skip if its framework is not installed."""
    try:
        version(NAMES[name])
    except PackageNotFoundError:
        pytest.skip(f"{NAMES[name]} is not installed")
    app: App = importlib.import_module(f"{__name__}.{name}").APP
    return app
