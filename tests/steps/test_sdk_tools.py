"""Test tools that model SDKs run themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import with_agent
from steps.scripted import ANSWER, Scripted

pytestmark = [pytest.mark.usefixtures("no_context_errors"), pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


def get_weather(city: str) -> str:
    """Return the weather of a city.

    Args:
        city: The city.
    """
    return f"sunny in {city}"


def breaks(city: str) -> str:
    """Break.

    Args:
        city: The city.
    """
    raise ValueError("boom")


for _function in (get_weather, breaks):
    _function.__annotations__ = {"city": str, "return": str}  # old SDKs do not resolve the names of types


def _google(url: str, function: Any) -> str:
    genai = pytest.importorskip("google.genai")
    client = genai.Client(api_key="k", vertexai=False, http_options={"base_url": url.removesuffix("/v1")})
    config = genai.types.GenerateContentConfig(tools=[function])
    return str(client.models.generate_content(model="gemini-2.5-flash", contents="weather?", config=config).text)


async def _google_async(url: str, function: Any) -> str:
    genai = pytest.importorskip("google.genai")
    client = genai.Client(api_key="k", vertexai=False, http_options={"base_url": url.removesuffix("/v1")})
    config = genai.types.GenerateContentConfig(tools=[function])
    return str((await client.aio.models.generate_content(model="gemini-2.5-flash", contents="weather?", config=config)).text)


def _anthropic(url: str, function: Any) -> str:
    anthropic = pytest.importorskip("anthropic")
    client = anthropic.Anthropic(api_key="k", base_url=url.removesuffix("/v1"))
    messages = [{"role": "user", "content": "weather?"}]
    tools = [anthropic.beta_tool(function)]
    runner = client.beta.messages.tool_runner(model="claude-sonnet-4-5", max_tokens=99, tools=tools, messages=messages)
    return str(runner.until_done().content[0].text)


async def _anthropic_async(url: str, function: Any) -> str:
    anthropic = pytest.importorskip("anthropic")
    client = anthropic.AsyncAnthropic(api_key="k", base_url=url.removesuffix("/v1"))

    async def call(city: str) -> str:
        return str(function(city))

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    messages = [{"role": "user", "content": "weather?"}]
    tools = [anthropic.beta_async_tool(call)]
    runner = client.beta.messages.tool_runner(model="claude-sonnet-4-5", max_tokens=99, tools=tools, messages=messages)
    return str((await runner.until_done()).content[0].text)


def _openai(url: str, function: Any) -> str:
    runner = pytest.importorskip("openai.lib.responses_tool_runner")
    import openai

    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    tool = {"type": "function", "name": function.__name__, "parameters": parameters, "strict": True}
    registered = runner.RegisteredFunction(tool, lambda given: function(**given))
    client = openai.OpenAI(api_key="k", base_url=url)
    params = {"model": "gpt-4o-mini", "input": [{"role": "user", "content": "weather?"}], "parallel_tool_calls": False, "store": False}
    return str(runner.ResponsesToolRunner(functions=[registered]).run(client, params, max_steps=3).output_text)


RUNS = {"openai": _openai, "google": _google, "google_async": _google_async, "anthropic": _anthropic, "anthropic_async": _anthropic_async}


async def _run(name: str, url: str, function: Any) -> Any:
    found: Any = RUNS[name](url, function)
    return await found if name.endswith("async") else found


@pytest.mark.parametrize("name", RUNS)
async def test_a_tool_is_beside_the_model_calls(name: str, seen: Any, scripted: Scripted) -> None:
    with with_agent("app"):
        assert await _run(name, scripted.url, get_weather) == ANSWER
    spans = {span.name: span for span in seen.spans()}
    agent, tool = spans["invoke_agent app"], spans["execute_tool get_weather"]
    assert len(seen.spans()) == 4
    assert {s.parent.span_id for s in seen.spans() if s.parent is not None} == {agent.context.span_id}
    assert tool.status.is_ok and tool.attributes["gen_ai.agent.name"] == "app"
    assert tool.attributes.get("gen_ai.tool.call.id", "call_").startswith("call_")
    assert agent.attributes["ex_llm.agent.tool_calls"] == 1 and agent.attributes["ex_llm.agent.inference_calls"] == 2


@pytest.mark.parametrize("name", RUNS)
async def test_an_exception_of_a_tool_is_an_error_of_the_tool(name: str, seen: Any, scripted: Scripted) -> None:
    if name == "openai":  # its runner stops
        with pytest.raises(RuntimeError):
            await _run(name, scripted.url, breaks)
    else:
        assert await _run(name, scripted.url, breaks) == ANSWER
    (tool,) = (span for span in seen.spans() if span.name == "execute_tool breaks")
    assert not tool.status.is_ok
    # The newest runner of anthropic turns the exception into a result inside the step.
    assert tool.attributes["error.type"] in (("tool_error", "ValueError") if name.startswith("anthropic") else ("ValueError",))
    assert "boom" not in str(dict(tool.attributes)) + str(tool.status.description)


@pytest.mark.parametrize("name", RUNS)
async def test_contents_of_tools_follow_the_setting(name: str, watch: Any, scripted: Scripted) -> None:
    seen = watch(capture_message_content=True)
    await _run(name, scripted.url, get_weather)
    (tool,) = (span.attributes for span in seen.spans() if span.name == "execute_tool get_weather")
    assert "Recife" in tool["gen_ai.tool.call.arguments"] and "sunny in Recife" in tool["gen_ai.tool.call.result"]


@pytest.mark.parametrize("name", RUNS)
async def test_the_provider_receives_the_same_requests(name: str, watch: Any, scripted: Scripted) -> None:
    await _run(name, scripted.url, get_weather)
    bare = list(scripted.requests)
    scripted.clear()
    watch()
    await _run(name, scripted.url, get_weather)
    assert scripted.requests == bare
