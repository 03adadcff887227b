"""Test runs that stop for a human, and their continuation: no step is an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.testing import capture_events
from steps.scripted import ANSWER, Scripted

pytestmark = [pytest.mark.usefixtures("no_context_errors"), pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


async def _langgraph(url: str) -> Any:
    types = pytest.importorskip("langgraph.types")
    openai = pytest.importorskip("openai")
    from langchain.agents import create_agent
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    from langgraph.checkpoint.memory import InMemorySaver

    @tool
    def delete(name: str) -> str:
        """Delete a file."""
        return f"{types.interrupt(name)}"

    model = ChatOpenAI(model="gpt-4o-mini", base_url=url, api_key="k", http_async_client=openai.DefaultAsyncHttpxClient())
    agent = create_agent(model, [delete], name="careful", checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "c-1"}}
    stopped = await agent.ainvoke({"messages": [("user", "go")]}, config)
    assert "__interrupt__" in stopped
    return (await agent.ainvoke(types.Command(resume="yes"), config))["messages"][-1].content


async def _openai_agents(url: str) -> Any:
    agents = pytest.importorskip("agents")
    import openai

    @agents.function_tool(needs_approval=True)
    async def delete(name: str) -> str:
        """Delete a file."""
        return f"deleted {name}"

    model = agents.OpenAIChatCompletionsModel("gpt-4o-mini", openai.AsyncOpenAI(base_url=url, api_key="k"))
    agent, config = agents.Agent(name="careful", tools=[delete], model=model), agents.RunConfig(tracing_disabled=True, group_id="c-1")
    stopped = await agents.Runner.run(agent, "go", run_config=config)
    state = stopped.to_state()
    state.approve(stopped.interruptions[0])
    return (await agents.Runner.run(agent, state, run_config=config)).final_output


async def _pydantic_ai(url: str) -> Any:
    ai = pytest.importorskip("pydantic_ai")
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(base_url=url, api_key="k"))
    agent: Any = ai.Agent(model, name="careful", output_type=[str, ai.DeferredToolRequests])

    @agent.tool_plain(requires_approval=True)
    def delete(name: str) -> str:
        """Delete a file."""
        return f"deleted {name}"

    stopped = await agent.run("go", conversation_id="c-1")
    (call,) = stopped.output.approvals
    approved = ai.DeferredToolResults(approvals={call.tool_call_id: True})
    return (await agent.run(message_history=stopped.all_messages(), deferred_tool_results=approved, conversation_id="c-1")).output


RUNS = {
    "langgraph": (_langgraph, ["interrupted", "complete"], ["interrupted", "complete"]),
    "openai_agents": (_openai_agents, ["interrupted", "complete"], ["complete"]),
    "pydantic_ai": (_pydantic_ai, ["deferred", "complete"], ["complete"]),
}
"""Functions, the outcomes of the agent's runs, and the outcomes of the tool."""


@pytest.mark.parametrize("name", RUNS)
async def test_an_approval_is_an_outcome_of_two_runs(name: str, seen: Any, scripted: Scripted) -> None:
    run, of_agent, of_tool = RUNS[name]
    with capture_events("ex_llm.*") as events:
        assert await run(scripted.url) == ANSWER
    ended = [e for e in events if e.name in ("ex_llm.agent.stop", "ex_llm.tool.stop")]
    outcomes = {family: [e.metadata["outcome"] for e in ended if e.name == f"ex_llm.{family}.stop"] for family in ("agent", "tool")}
    assert outcomes == {"agent": of_agent, "tool": of_tool}
    assert [e.name for e in events if e.name.endswith(".exception")] == []
    assert [span.name for span in seen.spans() if not span.status.is_ok] == []
    calls = {e.metadata["tool_call_id"] for e in ended if e.name == "ex_llm.tool.stop"}
    assert len(calls) == 1
    assert {e.metadata.get("conversation_id") for e in ended} == {"c-1"}
