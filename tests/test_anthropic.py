"""Anthropic's SDK, where it is not like the others: its counts, its stream functions, its clouds, its own spans."""

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
# By its name the stand-in reads half of the six words from a cache, writes three more tokens, and thinks for eight.
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


def test_all_input_is_counted_once_and_so_is_all_output(seen: Any, client: Any) -> None:
    client.messages.create(**ASKED)
    for _ in client.messages.create(**ASKED, stream=True):
        pass
    with client.messages.with_streaming_response.create(**ASKED) as response:
        response.parse()
    raw = client.messages.with_raw_response.create(**ASKED, stream=True)
    assert len(list(raw.parse())) > 5
    assert [_counted(span) for span in seen.spans()] == [COUNTED] * 4


def test_what_is_kept_for_an_hour_and_what_was_searched_are_told_apart(seen: Any, client: Any) -> None:
    search = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    asked = {**ASKED, "messages": [{"role": "user", "content": "search the web"}]}
    with capture_events("ex_llm.chat.stop") as said:
        client.messages.create(**asked, extra_body=search)
        for _ in client.messages.create(**asked, extra_body=search, stream=True):
            pass
    assert [(e.metadata["cache_write_1h_tokens"], e.metadata["web_searches"]) for e in said] == [(2, 1)] * 2
    assert [e.metadata["service_tier"] for e in said] == ["standard"] * 2


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
def test_the_functions_of_a_stream_see_everything_and_so_do_we(name: str, seen: Any, client: Any) -> None:
    def use() -> Any:
        with client.messages.stream(**ASKED) as stream:
            HELPERS[name](stream)
            return stream.get_final_message()

    message = use()
    assert message.usage.output_tokens == 11 + THOUGHT
    assert message.content[-1].text == "This is canned text from a stand-in, not from a model."
    assert _counted(seen.span()) == COUNTED
    assert seen.span().attributes["ex_llm.stream.end"] == "complete"


async def test_asynchronous_functions_of_a_stream_too(seen: Any, stand_in: Any) -> None:
    client = anthropic.AsyncAnthropic(base_url=stand_in.url, api_key="sk-test", max_retries=0)
    async with client, client.messages.stream(**ASKED) as stream:
        said = "".join([text async for text in stream.text_stream])
        assert await stream.get_final_text() == said
    assert _counted(seen.span()) == COUNTED


def test_the_application_gets_the_sdks_own_stream(seen: Any, client: Any) -> None:
    stream = client.messages.create(**ASKED, stream=True)
    assert type(stream) is anthropic.Stream
    stream.close()
    assert seen.span().attributes["ex_llm.stream.end"] == "closed_early"


@pytest.mark.skipif(not hasattr(anthropic.Stream, "_iterator"), reason="streams of this release wait for the collector")
def test_a_dropped_stream_closes_at_once_as_it_does_unwatched(seen: Any, client: Any) -> None:
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


def test_an_error_inside_a_stream_has_a_kind_though_its_status_is_200(seen: Any, stand_in: Any) -> None:
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
def test_messages_that_can_be_read_once_reach_the_server_whole(content: str, watch: Any, client: Any, stand_in: Any) -> None:
    seen = watch(capture_message_content=content)
    client.messages.create(**{**ASKED, "messages": (message for message in MESSAGES)})
    assert json.loads(stand_in.journal[-1].body)["messages"] == MESSAGES
    assert seen.span().attributes["gen_ai.usage.input_tokens"] == 9


def test_contents_are_those_of_the_conversation_however_it_was_held(watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    answer = client.messages.create(**ASKED)
    # The SDK's own blocks go back to the server, as applications do it.
    asked = {**ASKED, "messages": [*MESSAGES, {"role": "assistant", "content": answer.content[-1:]}, {"role": "user", "content": "and?"}]}
    with client.messages.stream(**asked, system="be brief") as stream:
        stream.until_done()
    raw = client.messages.with_raw_response.create(**asked, stream=True)
    list(raw.parse())
    text = {"type": "text", "content": answer.content[-1].text}
    thought = [{"type": "reasoning", "content": "The stand-in thinks nothing at all."}] if THOUGHT else []
    spans = seen.spans()
    outputs = [json.loads(span.attributes["gen_ai.output.messages"]) for span in spans]
    assert outputs == [[{"role": "assistant", "parts": [*thought, text]}]] * 3
    _, said, _ = json.loads(spans[1].attributes["gen_ai.input.messages"])
    assert said == {"role": "assistant", "parts": [text]}
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
def test_who_is_asked_is_told_by_the_client_or_else_by_the_host(name: str, settings: dict[str, Any], url: str, provider: str) -> None:
    from opentelemetry.instrumentation.llm.dialects import Arguments

    told = ANTHROPIC.identify(_client(name, base_url=url, **settings), Arguments({}, "/v1/messages"))
    assert (told.provider, told.port) == (provider, 443)
    assert told.address == url.split("/")[2]


needs_native = pytest.mark.skipif(not MAKES_SPANS, reason="this release makes no spans of its own")


@needs_native
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("setting", "theirs"), [("replace", 0), ("keep", 1)])
def test_the_sdks_own_span_gives_way_or_stays(setting: str, theirs: int, stream: bool, watch: Any, stand_in: Any) -> None:
    seen = watch(native_telemetry=setting)
    telemetry = {"tracer_provider": seen.tracer_provider}
    with anthropic.Anthropic(base_url=stand_in.url, api_key="k", max_retries=0, open_telemetry=telemetry) as client:
        answer = client.messages.create(**ASKED, stream=stream)
        if stream:
            list(answer)
    scopes = [span.instrumentation_scope.name for span in seen.spans()]
    assert scopes.count("opentelemetry.instrumentation.llm") == 1
    assert len(scopes) == 1 + theirs


@needs_native
def test_the_sdks_spans_of_what_is_not_watched_stay(watch: Any, stand_in: Any) -> None:
    seen = watch()
    telemetry = {"tracer_provider": seen.tracer_provider}
    with anthropic.Anthropic(base_url=stand_in.url, api_key="k", max_retries=0, open_telemetry=telemetry) as client:
        client.messages.batches.retrieve("msgbatch_1")
    assert seen.span().instrumentation_scope.name.startswith("com.anthropic")


@needs_native
def test_a_client_that_was_made_before_has_its_own_spans_again_afterwards(watch: Any, stand_in: Any) -> None:
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
