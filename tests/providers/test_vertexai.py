"""Test vertexai: protocol buffers as contents, chats, settings of the model."""

from __future__ import annotations

import asyncio
import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("vertexai")
from calls import SampleCall, read
from opentelemetry.instrumentation.llm.calls.declaration import Destination
from opentelemetry.instrumentation.llm.providers.vertexai import identify

SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
SAMPLE: SampleCall = next(sample for sample in read() if sample.provider == "vertexai")


def _client(url: str) -> Any:
    return SAMPLE.client(url)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_each_turn_of_a_chat_is_a_call(mode: str, streams: bool, seen: Any, stand_in: Any) -> None:
    def plain() -> None:
        client = _client(stand_in.url)
        chat = client.model.start_chat()
        for text in ("say one", "say two"):
            result = chat.send_message(text, stream=streams)
            assert list(result) if streams else result.text
        client.close()

    async def asynchronous() -> None:
        client = SAMPLE.async_client(stand_in.url)  # type: ignore[misc]
        chat = client.model.start_chat()
        for text in ("say one", "say two"):
            result = await chat.send_message_async(text, stream=streams)
            assert [chunk async for chunk in result] if streams else result.text
        await client.aclose()

    plain() if mode == "sync" else asyncio.run(asynchronous())
    assert [span.attributes["gen_ai.usage.input_tokens"] for span in seen.spans()] == [record.usage[0] for record in stand_in.journal]
    assert len(seen.spans()) == 2


def test_settings_of_the_model_are_recorded_unless_overridden(seen: Any, stand_in: Any) -> None:
    from vertexai.generative_models import GenerationConfig, GenerativeModel

    client = _client(stand_in.url)
    model = GenerativeModel("gemini-2.5-flash", generation_config=GenerationConfig(temperature=0.3, stop_sequences=["END"]))
    vars(model).update({name: held for name, held in vars(client.model).items() if "_client" in name})
    model.generate_content("say it")
    model.generate_content("say it", generation_config={"temperature": 0.7})
    client.close()
    first, second = (span.attributes for span in seen.spans())
    assert (first["gen_ai.request.temperature"], first["gen_ai.request.stop_sequences"]) == (0.3, ("END",))
    assert second["gen_ai.request.temperature"] == 0.7 and "gen_ai.request.stop_sequences" not in second


@pytest.mark.parametrize("streams", [False, True])
def test_contents_are_shown_as_for_gemini(streams: bool, watch: Any, stand_in: Any) -> None:
    from vertexai.generative_models import Content, FunctionDeclaration, GenerativeModel, Part, Tool

    seen = watch(capture_message_content="span_only", tool_definitions="full")
    client = _client(stand_in.url)
    look_up = FunctionDeclaration(name="look_up", description="Look it up.", parameters=copy.deepcopy(SCHEMA))
    model = GenerativeModel("gemini-2.5-flash", system_instruction="Be brief.", tools=[Tool(function_declarations=[look_up])])
    vars(model).update({name: held for name, held in vars(client.model).items() if "_client" in name})
    requested = [
        Content(role="user", parts=[Part.from_text("look"), Part.from_data(b"PNG", "image/png")]),
        Content(role="model", parts=[Part.from_text("well")]),
        Content(role="user", parts=[Part.from_function_response("look_up", {"found": {"deep": [True, "b"]}})]),
        Content(role="user", parts=[Part.from_text("call the tool")]),
    ]
    result = model.generate_content(requested, stream=streams)
    chunks = list(result) if streams else [result]
    client.close()
    contents = ("gen_ai.system_instructions", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions")
    reported = {name: json.loads(seen.span().attributes[name]) for name in contents}
    assert reported["gen_ai.system_instructions"] == [{"type": "text", "content": "Be brief."}]
    first, second, third, _ = reported["gen_ai.input.messages"]
    assert [part["type"] for part in first["parts"]] == ["text", "blob_digest"] and second["role"] == "assistant"
    assert third["role"] == "tool" and third["parts"][0]["response"] == {"found": {"deep": [True, "b"]}}
    (definition,) = reported["gen_ai.tool.definitions"]
    assert definition["parameters"].items() >= SCHEMA.items()
    (spoken,) = reported["gen_ai.output.messages"]
    calls = [part for chunk in chunks for part in chunk.candidates[0].content.parts if part.function_call]
    assert [part["name"] for part in spoken["parts"] if part["type"] == "tool_call"] == [part.function_call.name for part in calls] != []


def test_the_server_address_is_known_before_the_first_client(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.cloud.aiplatform import initializer

    monkeypatch.setattr(initializer, "global_config", initializer._Config())
    initializer.global_config.init(project="p", location="europe-west1")
    server = identify(SimpleNamespace(_location="europe-west1"), None)  # type: ignore[arg-type]
    assert server == Destination("gcp.vertex_ai", "europe-west1-aiplatform.googleapis.com", 443)
