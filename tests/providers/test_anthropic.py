"""Test behaviour that only Anthropic's SDK has.

Token counts, stream helper functions, cloud clients and the spans that the SDK makes itself.
"""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.providers.anthropic import ANTHROPIC
from opentelemetry.instrumentation.llm.testing import capture_events

anthropic = pytest.importorskip("anthropic")
_base_client = pytest.importorskip("anthropic._base_client")
MAKES_SPANS = hasattr(_base_client.BaseClient, "_tracer")
MESSAGES = [{"role": "user", "content": "one two three four five six"}]
# For this model name the stand-in reports three of the six input words as cache reads, three more tokens as cache writes, and eight
# thinking tokens.
MODEL = "claude-cached-written-reasoning" if hasattr(anthropic.types, "ThinkingBlock") else "claude-cached-written"
THOUGHT = 8 if MODEL.endswith("reasoning") else 0
ASKED: dict[str, Any] = {"model": MODEL, "max_tokens": 100, "messages": MESSAGES}
COUNTED = {
    "gen_ai.usage.input_tokens": 9,
    "gen_ai.usage.cache_read.input_tokens": 3,
    "gen_ai.usage.cache_write.input_tokens": 3,
    "gen_ai.usage.output_tokens": 11 + THOUGHT,
    "gen_ai.response.finish_reasons": ("stop",),
} | ({"gen_ai.usage.reasoning.output_tokens": THOUGHT} if THOUGHT else {})


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    with anthropic.Anthropic(base_url=stand_in.url, api_key="sk-test", max_retries=0) as made:
        yield made


def _counted(span: Any) -> dict[str, Any]:
    return {name: span.attributes.get(name) for name in COUNTED}


def test_input_and_output_tokens_are_counted_once(seen: Any, client: Any) -> None:
    client.messages.create(**ASKED)
    for _ in client.messages.create(**ASKED, stream=True):
        pass
    with client.messages.with_streaming_response.create(**ASKED) as response:
        response.parse()
    raw = client.messages.with_raw_response.create(**ASKED, stream=True)
    assert len(list(raw.parse())) > 5
    assert [_counted(span) for span in seen.spans()] == [COUNTED] * 4


def test_one_hour_cache_and_searches_are_counted_separately(seen: Any, client: Any) -> None:
    search = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    request = {**ASKED, "messages": [{"role": "user", "content": "search the web"}]}
    with capture_events("ex_llm.chat.stop") as recorded:
        client.messages.create(**request, extra_body=search)
        for _ in client.messages.create(**request, extra_body=search, stream=True):
            pass
    assert [(e.metadata["cache_write_1h_tokens"], e.metadata["web_searches"]) for e in recorded] == [(2, 1)] * 2
    assert [e.metadata["service_tier"] for e in recorded] == ["standard"] * 2


HELPERS = {
    "get_final_message": lambda stream: stream.get_final_message(),
    "get_final_text": lambda stream: stream.get_final_text(),
    "until_done": lambda stream: stream.until_done(),
    "text_stream": lambda stream: "".join(stream.text_stream),
    "iterated": lambda stream: [event.type for event in stream],
    "text_stream, then get_final_message": lambda stream: ("".join(stream.text_stream), stream.get_final_message()),
    "current_message_snapshot": lambda stream: (stream.until_done(), stream.current_message_snapshot),
}


@pytest.mark.parametrize("name", HELPERS)
def test_stream_helpers_and_spans_receive_every_chunk(name: str, seen: Any, client: Any) -> None:
    def use() -> Any:
        with client.messages.stream(**ASKED) as stream:
            HELPERS[name](stream)
            return stream.get_final_message()

    message = use()
    assert message.usage.output_tokens == 11 + THOUGHT
    assert message.content[-1].text == "This is canned text from a stand-in, not from a model."
    assert _counted(seen.span()) == COUNTED
    assert seen.span().attributes["ex_llm.stream.end"] == "complete"


async def test_async_stream_helpers_receive_every_chunk(seen: Any, stand_in: Any) -> None:
    client = anthropic.AsyncAnthropic(base_url=stand_in.url, api_key="sk-test", max_retries=0)
    async with client, client.messages.stream(**ASKED) as stream:
        recorded = "".join([text async for text in stream.text_stream])
        assert await stream.get_final_text() == recorded
    assert _counted(seen.span()) == COUNTED


def test_application_gets_the_stream_object_of_the_sdk(seen: Any, client: Any) -> None:
    stream = client.messages.create(**ASKED, stream=True)
    assert type(stream) is anthropic.Stream
    stream.close()
    assert seen.span().attributes["ex_llm.stream.end"] == "closed_early"


@pytest.mark.skipif(not hasattr(anthropic.Stream, "_iterator"), reason="streams of this release wait for the collector")
def test_dropped_stream_closes_as_without_instrumentation(seen: Any, client: Any) -> None:
    stream = client.messages.create(**ASKED, stream=True)
    next(stream)
    response, lost = stream.response, weakref.ref(stream)
    gc.disable()
    try:
        del stream
        assert lost() is None
        assert response.is_closed
    finally:
        gc.enable()
    assert seen.span().attributes["ex_llm.stream.end"] == "abandoned"
    assert not {"close", "aclose"} & set(vars(response))


def test_error_in_a_stream_has_a_kind_despite_status_200(seen: Any, stand_in: Any) -> None:
    url = f"{stand_in.url}/scenario/stream-error:3"
    client = anthropic.Anthropic(base_url=url, api_key="sk-test", max_retries=0)
    with client, pytest.raises(anthropic.APIStatusError) as raised:
        list(client.messages.create(**ASKED, stream=True))
    assert raised.value.status_code == 200
    attributes = seen.span().attributes
    assert attributes["ex_llm.error.kind"] == "overloaded"
    assert attributes["gen_ai.response.finish_reasons"] == ("error",)
    assert attributes["gen_ai.usage.input_tokens"] == 9


@pytest.mark.parametrize("content", ["no_content", "span_only"])
def test_one_shot_messages_are_sent_complete(content: str, watch: Any, client: Any, stand_in: Any) -> None:
    seen = watch(capture_message_content=content)
    client.messages.create(**{**ASKED, "messages": (message for message in MESSAGES)})
    assert json.loads(stand_in.journal[-1].body)["messages"] == MESSAGES
    assert seen.span().attributes["gen_ai.usage.input_tokens"] == 9


def test_contents_equal_the_conversation_however_it_is_sent(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    result = client.messages.create(**ASKED)
    # Applications send the content blocks of the SDK back to the server in this form.
    request = {**ASKED, "messages": [*MESSAGES, {"role": "assistant", "content": result.content[-1:]}, {"role": "user", "content": "and?"}]}
    with client.messages.stream(**request, system="be brief") as stream:
        stream.until_done()
    raw = client.messages.with_raw_response.create(**request, stream=True)
    list(raw.parse())
    text = {"type": "text", "content": result.content[-1].text}
    thought = [{"type": "reasoning", "content": "The stand-in thinks nothing at all."}] if THOUGHT else []
    spans = seen.spans()
    outputs = [json.loads(span.attributes["gen_ai.output.messages"]) for span in spans]
    assert outputs == [[{"role": "assistant", "parts": [*thought, text], "finish_reason": "stop"}]] * 3
    _, recorded, _ = json.loads(spans[1].attributes["gen_ai.input.messages"])
    assert recorded == {"role": "assistant", "parts": [text]}
    assert json.loads(spans[1].attributes["gen_ai.system_instructions"]) == [{"type": "text", "content": "be brief"}]
    assert "gen_ai.system_instructions" not in spans[0].attributes


def _client(name: str, **settings: Any) -> Any:
    kind = getattr(anthropic, name, None)
    if kind is None:
        pytest.skip(f"this release has no {name}")
    return kind(max_retries=0, **settings)


AWS = {"aws_region": "us-east-1", "aws_access_key": "none", "aws_secret_key": "none"}
CLOUDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("Anthropic", {"api_key": "k"}, "https://api.anthropic.com", "anthropic"),
    ("Anthropic", {"api_key": "k"}, "https://gateway.example.com", "anthropic"),
    ("Anthropic", {"api_key": "k"}, "https://openrouter.ai/api", "openrouter"),
    ("AsyncAnthropic", {"api_key": "k"}, "https://api.deepseek.com/anthropic", "deepseek"),
    ("AnthropicBedrock", AWS, "https://gateway.example.com", "aws.bedrock"),
    ("AsyncAnthropicBedrock", AWS, "https://gateway.example.com", "aws.bedrock"),
    ("AnthropicBedrockMantle", AWS, "https://gateway.example.com", "aws.bedrock"),
    ("AnthropicVertex", {"region": "r", "project_id": "p", "access_token": "t"}, "https://gateway.example.com/v1", "gcp.vertex_ai"),
    ("AsyncAnthropicVertex", {"region": "r", "project_id": "p", "access_token": "t"}, "https://gateway.example.com/v1", "gcp.vertex_ai"),
    ("AnthropicFoundry", {"api_key": "k"}, "https://mine.services.ai.azure.com/anthropic/", "anthropic"),
    ("AsyncAnthropicFoundry", {"api_key": "k"}, "https://gateway.example.com/", "anthropic"),
    ("AnthropicAWS", {**AWS, "workspace_id": "w"}, "https://aws-external-anthropic.us-east-1.api.aws", "anthropic"),
]


@pytest.mark.parametrize(("name", "settings", "url", "provider"), CLOUDS, ids=[f"{name} {url}" for name, _, url, _ in CLOUDS])
def test_provider_comes_from_the_client_or_the_host(name: str, settings: dict[str, Any], url: str, provider: str) -> None:
    from opentelemetry.instrumentation.llm.dialects import Arguments

    destination = ANTHROPIC.identify(_client(name, base_url=url, **settings), Arguments({}, "/v1/messages"))
    assert (destination.provider, destination.port) == (provider, 443)
    assert destination.address == url.split("/")[2]


needs_native = pytest.mark.skipif(not MAKES_SPANS, reason="this release makes no spans of its own")


@needs_native
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("setting", "theirs"), [("replace", 0), ("keep", 1)])
def test_span_of_the_sdk_is_replaced_or_kept_by_setting(setting: str, theirs: int, stream: bool, watch: Any, stand_in: Any) -> None:
    seen = watch(native_telemetry=setting)
    telemetry = {"tracer_provider": seen.tracer_provider}
    with anthropic.Anthropic(base_url=stand_in.url, api_key="k", max_retries=0, open_telemetry=telemetry) as client:
        result = client.messages.create(**ASKED, stream=stream)
        if stream:
            list(result)
    scopes = [span.instrumentation_scope.name for span in seen.spans()]
    assert scopes.count("opentelemetry.instrumentation.llm") == 1
    assert len(scopes) == 1 + theirs


@needs_native
def test_sdk_spans_of_other_functions_are_kept(watch: Any, stand_in: Any) -> None:
    seen = watch()
    telemetry = {"tracer_provider": seen.tracer_provider}
    with anthropic.Anthropic(base_url=stand_in.url, api_key="k", max_retries=0, open_telemetry=telemetry) as client:
        client.messages.batches.retrieve("msgbatch_1")
    assert seen.span().instrumentation_scope.name.startswith("com.anthropic")


@needs_native
def test_sdk_spans_return_after_uninstrument_for_old_clients(watch: Any, stand_in: Any) -> None:
    from opentelemetry.instrumentation.llm import LLMInstrumentor

    original = vars(_base_client.BaseClient)["_tracer"]
    seen = watch()
    assert vars(_base_client.BaseClient)["_tracer"] is not original
    telemetry = {"tracer_provider": seen.tracer_provider}
    with anthropic.Anthropic(base_url=stand_in.url, api_key="k", max_retries=0, open_telemetry=telemetry) as client:
        LLMInstrumentor().uninstrument()
        client.messages.create(**ASKED)
    assert vars(_base_client.BaseClient)["_tracer"] is original
    assert seen.span().instrumentation_scope.name.startswith("com.anthropic")
