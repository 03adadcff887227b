"""An agent of OpenAI Agents gives the same telemetry over HTTP and over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import Any

import pytest

pytest.importorskip("websockets", exc_type=ImportError)
agents = pytest.importorskip("agents", exc_type=ImportError)

from harness.servers.loopback import serving  # noqa: E402
from harness.servers.sockets import serving_sockets  # noqa: E402

_CALL = {"type": "function_call", "id": "f_1", "call_id": "c_1", "name": "weather", "arguments": '{"city": "Lima"}', "status": "completed"}
_TEXT = {
    "type": "message",
    "id": "m_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "sunny", "annotations": []}],
}


def _response(number: int) -> dict[str, Any]:
    counted = {
        "input_tokens": 1000 * number,
        "input_tokens_details": {"cached_tokens": 200},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 20},
        "total_tokens": 1000 * number + 50,
    }
    known = {"id": f"resp_{number}", "object": "response", "created_at": 1, "model": "gpt-5", "status": "completed"}
    rest = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": counted}
    return {**known, **rest, "output": [_CALL if number == 1 else _TEXT]}


def _serve(socket: Any) -> None:
    with contextlib.suppress(Exception):
        for number, message in enumerate(socket, 1):
            assert json.loads(message)["type"] == "response.create"
            done = _response(number)
            for kind, body in (("created", {**done, "status": "in_progress", "output": [], "usage": None}), ("completed", done)):
                socket.send(json.dumps({"type": f"response.{kind}", "sequence_number": 0, "response": body}))


async def _ask(base: str, over_socket: bool) -> str:
    from agents import Agent, OpenAIProvider, RunConfig, Runner, function_tool
    from openai import AsyncOpenAI

    @function_tool
    def weather(city: str) -> str:
        """Return the weather."""
        return "sunny"

    async with AsyncOpenAI(base_url=f"{base}/v1", api_key="k", max_retries=0) as client:
        models = OpenAIProvider(openai_client=client, use_responses=True, use_responses_websocket=over_socket)
        config = RunConfig(model_provider=models, tracing_disabled=True)
        result = await Runner.run(Agent(name="a", model="gpt-5", tools=[weather]), "weather?", run_config=config)
        await models.aclose()
        return str(result.final_output)


_SAME = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.response.id", "gen_ai.response.finish_reasons")


def _tree(seen: Any) -> list[Any]:
    spans = sorted(seen.spans(), key=lambda span: span.start_time)
    names = {span.context.span_id: span.name for span in spans}
    return [
        (
            span.name,
            names.get(span.parent.span_id) if span.parent else None,
            {
                key: value
                for key, value in span.attributes.items()
                if key in _SAME or key.startswith(("gen_ai.usage.", "ex_llm.cost.", "ex_llm.agent."))
            },
        )
        for span in spans
    ]


def test_an_agent_has_the_same_spans_over_http_and_a_socket(seen: Any) -> None:
    number = itertools.count(1)
    with serving(lambda method, path, body: _response(next(number))) as base:
        assert asyncio.run(_ask(base, False)) == "sunny"
    over_http, tokens = _tree(seen), seen.total("ex_llm.tokens.input.total")
    seen.clear()
    with serving_sockets(_serve) as url:
        assert asyncio.run(_ask(url.replace("ws", "http"), True)) == "sunny"
    assert _tree(seen) == over_http
    assert [name for name, *_ in over_http] == ["invoke_agent a", "chat gpt-5", "execute_tool weather", "chat gpt-5"]
    assert seen.total("ex_llm.tokens.input.total") == 2 * tokens == 6000
