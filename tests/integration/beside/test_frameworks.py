"""Test Google ADK, Strands and Agent Framework: one span of each inference.

Their other spans and totals are unchanged. Run ``tox -e beside_adk``, ``beside_strands`` and ``beside_agent_framework``: no
two of them can be installed together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import Seen
from harness.observation.native import inferences
from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor

OURS = "opentelemetry.instrumentation.llm"
ASK = "call the tool, then say three words"
pytestmark = [pytest.mark.filterwarnings("ignore")]  # of the frameworks


def get_weather(city: str) -> str:
    """Return the weather of a city."""
    return f"sunny in {city}"


def _adk(url: str, stream: bool) -> None:
    from google.adk.agents import LlmAgent
    from google.adk.agents.run_config import RunConfig, StreamingMode
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    async def go() -> None:
        runner = InMemoryRunner(agent=LlmAgent(name="weather", model="gemini-2.5-flash", tools=[get_weather]), app_name="app")
        session = await runner.session_service.create_session(app_name="app", user_id="u")
        requested = types.Content(role="user", parts=[types.Part(text=ASK)])
        mode = RunConfig(streaming_mode=StreamingMode.SSE if stream else StreamingMode.NONE)
        async for _ in runner.run_async(user_id="u", session_id=session.id, new_message=requested, run_config=mode):
            pass

    asyncio.run(go())


def _strands(url: str, stream: bool) -> None:
    from strands import Agent, tool
    from strands.models.openai import OpenAIModel

    model = OpenAIModel(client_args={"base_url": f"{url}/v1", "api_key": "k"}, model_id="gpt-4o-mini")
    agent = Agent(model=model, tools=[tool(get_weather)], callback_handler=None, name="weather")
    if not stream:
        agent(ASK)
        return

    async def go() -> None:
        async for _ in agent.stream_async(ASK):
            pass

    asyncio.run(go())


def _agent_framework(url: str, stream: bool) -> None:
    from agent_framework import Agent
    from agent_framework.openai import OpenAIChatClient

    async def go() -> None:
        client = OpenAIChatClient(model="gpt-4o-mini", base_url=f"{url}/v1", api_key="k")
        agent = Agent(client, name="weather", tools=[get_weather])
        if not stream:
            await agent.run(ASK)
            return
        async for _ in agent.run(ASK, stream=True):
            pass

    asyncio.run(go())


FRAMEWORKS: dict[str, tuple[str, Callable[[str, bool], None]]] = {
    "google-adk": ("google.adk", _adk),
    "strands": ("strands", _strands),
    "agent-framework": ("agent_framework", _agent_framework),
}


def _others(spans: list[Any]) -> list[tuple[str, Any, Any]]:
    """Return names and totals of spans of agents, tools and cycles."""
    found = [span for span in spans if span.instrumentation_scope.name != OURS]
    about = ((s.name, s.attributes.get("gen_ai.usage.input_tokens"), s.attributes.get("gen_ai.usage.output_tokens")) for s in found)
    return sorted((one for one in about if not one[0].startswith(("chat", "generate_content"))), key=str)


@pytest.fixture(scope="module")
def everywhere() -> Iterator[Seen]:
    """Make one provider global; frameworks keep the first tracers that they get."""
    seen = Seen()
    trace.set_tracer_provider(seen.tracer_provider)
    yield seen
    seen.close()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_framework_leaves_inference_spans_to_this_package(
    framework: str, stream: bool, everywhere: Seen, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, ask = FRAMEWORKS[framework]
    pytest.importorskip(module, reason=f"tox -e beside_{framework.removeprefix('google-').replace('-', '_')}")
    monkeypatch.setenv("GOOGLE_API_KEY", "none")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", stand_in.url)
    found = {}
    for setting in ("replace", "keep"):
        everywhere.clear()
        everywhere.instrument(native_telemetry=setting)
        try:
            ask(stand_in.url, stream)
        finally:
            LLMInstrumentor().uninstrument()
        found[setting] = everywhere.spans()
    replaced, kept = found["replace"], found["keep"]
    assert inferences(replaced) == [OURS, OURS]
    assert inferences(kept).count(OURS) == 2 and len(inferences(kept)) == 4
    assert _others(replaced) == _others(kept) != []
    assert len({span.context.trace_id for span in replaced}) == 1
    owners = {span.context.span_id: span.instrumentation_scope.name for span in replaced}
    assert all(owners[s.parent.span_id] != OURS for s in replaced if s.instrumentation_scope.name == OURS)
