"""Test the names that other tools read, and the choice of metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.handlers.compatibility import added
from opentelemetry.instrumentation.llm.metrics.ex_llm import BUCKETS_MS
from opentelemetry.instrumentation.llm.schema import semconv
from opentelemetry.instrumentation.llm.settings import Settings

MESSAGES: Any = [{"role": "user", "content": "the question"}]


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test-0123456789", max_retries=0) as made:
        yield made


def _send(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, temperature=0.5)


def _metrics(seen: Any) -> dict[str, Any]:
    data = seen.metrics_data()
    return {m.name: m for resource in data.resource_metrics for scope in resource.scope_metrics for m in scope.metrics} if data else {}


def test_no_other_names_are_written_by_default(watch: Any, client: Any) -> None:
    seen = watch()
    _send(client)
    names = set(seen.span().attributes)
    assert not names & {"gen_ai.system", "gen_ai.usage.cost", "openinference.span.kind", "llm.model_name"}


def test_openinference_names_hold_the_same_values(watch: Any, client: Any) -> None:
    seen = watch(compatibility="openinference,cost", capture_message_content="span_only")
    _send(client)
    found = seen.span().attributes
    assert found["openinference.span.kind"] == "LLM" and found["llm.model_name"] == found["gen_ai.response.model"]
    assert found["llm.token_count.prompt"] == found["gen_ai.usage.input_tokens"]
    assert found["llm.input_messages.0.message.content"] == "the question" and found["llm.input_messages.0.message.role"] == "user"
    assert found["llm.output_messages.0.message.content"] and json.loads(found["llm.invocation_parameters"]) == {"temperature": 0.5}
    assert found["llm.cost.total"] == found["gen_ai.usage.cost"] == pytest.approx(found["ex_llm.cost.cents"] / 100)


def test_openinference_shows_no_contents_that_were_not_asked_for(watch: Any, client: Any) -> None:
    seen = watch(compatibility="openinference", capture_message_content="event_only")
    _send(client)
    assert "the question" not in repr(dict(seen.span().attributes))


@pytest.mark.parametrize("variable", ["gen_ai/dup", "http, gen_ai/dup"])
def test_the_variable_of_opentelemetry_asks_for_older_names(
    variable: str, watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", variable)
    seen = watch()
    _send(client)
    assert seen.span().attributes["gen_ai.system"] == "openai"
    assert {"gen_ai.client.token.usage", "gen_ai.client.inference.duration"} <= set(_metrics(seen))


def test_the_newest_names_need_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental")
    assert Settings.read({}).compatibility == ()
    with pytest.raises(ValueError, match="openinference"):
        Settings.read({"compatibility": "1.36"})


def test_tool_calls_and_cache_writes_have_their_other_names() -> None:
    call = {"type": "tool_call", "id": "c1", "name": "look_up", "arguments": {"q": 1}}
    known = {"gen_ai.operation.name": "chat", "gen_ai.output.messages": [{"role": "assistant", "parts": [call]}]}
    found = added(("openinference",), known)
    assert found["llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments"] == '{"q": 1}'
    assert added(("1.37",), {"gen_ai.usage.cache_write.input_tokens": 3}) == {"gen_ai.usage.cache_creation.input_tokens": 3}


@pytest.mark.parametrize(("chosen", "prefix"), [("ex_llm", ("ex_llm.",)), ("gen_ai", ("gen_ai.", "mcp."))])
def test_one_set_of_metrics_can_be_chosen(chosen: str, prefix: tuple[str, ...], watch: Any, client: Any) -> None:
    seen = watch(metrics=chosen)
    _send(client)
    names = set(_metrics(seen))
    assert names and all(name.startswith(prefix) for name in names)


@pytest.mark.parametrize("details", [False, True])
def test_dated_models_are_tags_by_setting_only(details: bool, watch: Any, client: Any) -> None:
    seen = watch(metric_details=details)
    _send(client)
    (point,) = _metrics(seen)["gen_ai.client.inference.duration"].data.data_points
    assert ("gen_ai.response.model" in point.attributes) is details
    assert ("openai.response.system_fingerprint" in point.attributes) is details
    assert "openai.response.service_tier" in point.attributes


def test_durations_reach_eleven_minutes_and_zeros_are_left_out() -> None:
    assert BUCKETS_MS[-1] == 655_360
    counts = {"operation": "chat", "input_tokens": 0, "input_text_tokens": 0, "output_audio_tokens": 0, "output_text_tokens": 4}
    assert set(semconv.known(counts)) == {"gen_ai.operation.name", "gen_ai.usage.input_tokens", "gen_ai.usage.text.output_tokens"}


def test_a_variable_that_protects_contents_fails_closed() -> None:
    read = Settings.read({}, {"OTEL_INSTRUMENTATION_LLM_HIDE_CONTENT": "inptus", "OTEL_INSTRUMENTATION_LLM_REDACT_PII": "ja"})
    assert set(read.hide_content) >= {"inputs", "outputs"} and read.redact_pii
