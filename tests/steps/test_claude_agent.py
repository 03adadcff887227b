"""Test the Claude Agent SDK, whose messages report everything."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from opentelemetry import trace
from opentelemetry.instrumentation.llm.steps.run import Run
from opentelemetry.instrumentation.llm.testing import capture_events
from steps.claude_program import MODEL, WEATHER, assistant, program, result, tool_result, tool_use

sdk = pytest.importorskip("claude_agent_sdk")
pytestmark = [pytest.mark.usefixtures("no_context_errors"), pytest.mark.filterwarnings("ignore")]


async def _query(*turns: Any, **options: Any) -> list[Any]:
    stream = sdk.query(prompt="weather?", options=sdk.ClaudeAgentOptions(**options), transport=program(*turns))
    return [message async for message in stream]


def _tree(spans: Any) -> list[tuple[str, str]]:
    names = {span.context.span_id: span.name for span in spans}
    return sorted((span.name, "" if span.parent is None else names[span.parent.span_id]) for span in spans)


def _agent(seen: Any) -> Any:
    (span,) = (span for span in seen.spans() if span.name == "invoke_agent")
    return span.attributes


async def test_messages_report_one_tree_with_tools_and_sub_agents(seen: Any) -> None:
    await _query(WEATHER)
    task, helper = "execute_tool Task", "invoke_agent helper"
    expected = [
        ("invoke_agent", ""),
        ("execute_tool Read", "invoke_agent"),
        (task, "invoke_agent"),
        (helper, task),
        ("execute_tool Grep", helper),
    ]
    assert _tree(seen.spans()) == sorted(expected)
    spans = {span.name: span for span in seen.spans()}
    assert spans["execute_tool Read"].attributes["gen_ai.tool.call.id"] == "t1"
    assert {span.attributes["gen_ai.conversation.id"] for span in seen.spans()} == {"c-1"}
    assert [name for name, span in spans.items() if not span.status.is_ok] == ["execute_tool Grep"]
    assert not trace.get_current_span().get_span_context().is_valid


async def test_usage_and_cost_are_those_that_the_result_reports(seen: Any) -> None:
    await _query(WEATHER)
    agent = _agent(seen)
    assert (agent["gen_ai.usage.input_tokens"], agent["gen_ai.usage.output_tokens"]) == (44, 20)
    assert agent["ex_llm.agent.inference_calls"] == 4 and agent["ex_llm.agent.tool_calls"] == 2
    assert agent["ex_llm.cost.cents"] == pytest.approx(0.4)
    assert seen.total("ex_llm.tokens.input.total") == 44 and seen.total("ex_llm.tokens.output.total") == 20
    assert seen.total("ex_llm.cost.cents.total") == seen.total("ex_llm.agent.cost.cents.total") == pytest.approx(0.4)
    assert [span for span in seen.spans() if span.name.startswith("chat")] == []


async def test_each_turn_of_a_client_has_its_own_usage(seen: Any) -> None:
    text = {"type": "text", "text": "hello"}
    turns = [[assistant("m1", text), result(1, 0.1)], [assistant("m2", text), result(3, 0.3)]]
    async with sdk.ClaudeSDKClient(transport=program(*turns)) as client:
        for _ in turns:
            await client.query("weather?")
            assert [type(m).__name__ async for m in client.receive_response()][-1] == "ResultMessage"
    used = [(s.attributes["gen_ai.usage.output_tokens"], round(s.attributes["ex_llm.cost.cents"], 6)) for s in seen.spans()]
    assert used == [(5, 0.1), (10, 0.2)]
    assert seen.total("ex_llm.cost.cents.total") == pytest.approx(0.3)


async def test_an_error_result_is_an_error_of_the_agent(seen: Any) -> None:
    await _query([assistant("m1", tool_use("t1", "Read")), result(1, 0.1, failed=True)])
    assert _agent(seen)["error.type"] == "error_max_turns"
    assert len(seen.spans()) == 2


@pytest.mark.parametrize("how", ["break", "aclose", "cancel"])
async def test_every_exit_ends_the_run_and_its_tools(seen: Any, how: str) -> None:
    async def read(stream: Any) -> None:
        async for message in stream:
            if type(message).__name__ == "AssistantMessage" and how != "cancel":
                break
        if how == "aclose":
            await stream.aclose()

    stream = sdk.query(prompt="weather?", options=sdk.ClaudeAgentOptions(), transport=program(WEATHER[:1]))
    task = asyncio.ensure_future(read(stream))
    await asyncio.sleep(0.1)
    if how == "cancel":
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    del task, stream
    for _ in range(4):
        gc.collect()
        await asyncio.sleep(0.02)
    spans = {span.name: span for span in seen.spans()}
    assert set(spans) == {"invoke_agent", "execute_tool Read"}
    assert all(span.status.is_ok for span in spans.values())
    expected = ("cancelled",) if how == "cancel" else ("closed_early", "abandoned")
    assert spans["invoke_agent"].attributes["ex_llm.outcome"] in expected
    assert not trace.get_current_span().get_span_context().is_valid
    gc.collect()
    assert [one for one in gc.get_objects() if isinstance(one, Run)] == []


async def test_a_tool_of_this_process_is_in_the_trace(seen: Any) -> None:
    @sdk.tool("get_weather", "Weather of a city.", {"city": str})
    async def get_weather(given: Any) -> Any:
        return {"content": [{"type": "text", "text": f"sunny in {given['city']}"}]}

    name = "mcp__w__get_weather"
    params = {"name": "get_weather", "arguments": {"city": "Recife"}, "_meta": {"claudecode/toolUseId": "t1"}}
    start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}
    ask = [
        {"type": "control_request", "request_id": f"r{i}", "request": {"subtype": "mcp_message", "server_name": "w", "message": message}}
        for i, message in enumerate(
            (
                {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": start},
                {"jsonrpc": "2.0", "method": "notifications/initialized"},
                {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
            )
        )
    ]
    opening, call = [*ask[:2], assistant("m1", tool_use("t1", name, city="Recife"))], ask[2]
    transport = program([*opening, call])
    options = sdk.ClaudeAgentOptions(mcp_servers={"w": sdk.create_sdk_mcp_server("w", tools=[get_weather])})
    with capture_events("ex_llm.agent.*") as events:
        stream = sdk.query(prompt="weather?", options=options, transport=transport)
        async for _ in stream:
            while len(transport.responses) < 3:
                await asyncio.sleep(0.01)
            await transport.send(tool_result("t1", "sunny in Recife"))
            await transport.send(result(1, 0.1))
            break
        async for _ in stream:
            pass
    assert "sunny in Recife" in str(transport.responses)
    tree = _tree(seen.spans())
    assert (f"execute_tool {name}", "invoke_agent") in tree
    assert len({span.context.trace_id for span in seen.spans()}) == 1
    assert params["_meta"] == {"claudecode/toolUseId": "t1"}
    assert events[-1].metadata["outcome"] == "complete"


async def test_the_application_gets_the_same_messages(watch: Any) -> None:
    bare = await _query(WEATHER)
    watch(capture_message_content=True)
    assert await _query(WEATHER) == bare
    assert {type(m).__name__ for m in bare} == {"SystemMessage", "AssistantMessage", "UserMessage", "ResultMessage"}


async def test_contents_of_tools_follow_the_setting(watch: Any) -> None:
    seen = watch(capture_message_content=True)
    await _query(WEATHER)
    (read,) = (span.attributes for span in seen.spans() if span.name == "execute_tool Read")
    assert read["gen_ai.tool.call.arguments"] == '{"path":"x"}' and "sunny" in read["gen_ai.tool.call.result"]
    assert "It is sunny." in _agent(seen)["gen_ai.output.messages"]


async def test_usage_of_several_models_is_added_up(seen: Any) -> None:
    await _query([assistant("m1", {"type": "text", "text": "hello"}), result(2, 0.2, **{MODEL: 1, "claude-haiku-4-5": 1})])
    agent = _agent(seen)
    assert agent["gen_ai.usage.output_tokens"] == 10 and "gen_ai.request.model" not in agent
    models = {point.attributes["model"] for point in seen.metrics()["ex_llm.tokens.output.total"]}
    assert models == {MODEL, "claude-haiku-4-5"}
