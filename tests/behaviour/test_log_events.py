"""Test the log events of calls: independent of sampling, cheap if unread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import LLMInstrumentor, with_agent, with_tool
from opentelemetry.instrumentation.llm.handlers import content
from opentelemetry.instrumentation.llm.schema import conventions, semconv
from semconv import generate, product, registry
from semconv.checker import Scenario, check_logs

DETAILS, EXCEPTION = "gen_ai.client.inference.operation.details", "gen_ai.client.inference.exception"
MESSAGES: Any = [{"role": "user", "content": "the question"}]


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test-0123456789", max_retries=0) as made:
        yield made


def _send(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)


def _fail(stand_in: Any) -> None:
    import openai

    with (
        openai.OpenAI(base_url=f"{stand_in.url}/scenario/error-429/v1", api_key="k", max_retries=0) as client,
        pytest.raises(openai.RateLimitError),
    ):
        _send(client)


def _events(seen: Any) -> dict[str, Any]:
    return {record.log_record.event_name: record.log_record for record in seen.logs()}


@pytest.fixture
def unsampled(monkeypatch: pytest.MonkeyPatch, watch: Any) -> Any:
    """Instrument with a sampler that drops every span."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    return watch


def test_details_are_emitted_by_default_without_contents(watch: Any, client: Any) -> None:
    seen = watch()
    _send(client)
    record = _events(seen)[DETAILS]
    assert record.severity_number.value == 5 and "the question" not in repr(record.attributes)
    assert record.attributes["gen_ai.usage.input_tokens"] and check_logs(seen.logs(), scenario=Scenario()) == []


def test_both_events_are_emitted_without_a_sampled_span(unsampled: Any, client: Any, stand_in: Any) -> None:
    seen = unsampled(capture_message_content="span_and_event")
    _send(client)
    _fail(stand_in)
    assert seen.spans() == []
    details = [record.log_record for record in seen.logs() if record.log_record.event_name == DETAILS]
    assert len(details) == 2 and all(record.attributes["gen_ai.input.messages"] for record in details)
    failed = _events(seen)[EXCEPTION]
    assert failed.attributes["exception.type"] == "openai.RateLimitError" and failed.trace_id and failed.span_id


@pytest.mark.parametrize(("setting", "events"), [(None, 0), (True, 1), (False, 0)])
def test_details_without_a_span_need_a_setting_or_contents(setting: bool | None, events: int, unsampled: Any, client: Any) -> None:
    seen = unsampled(emit_event=setting)
    _send(client)
    assert len(seen.logs()) == events


def test_contents_for_spans_only_are_not_prepared_for_dropped_spans(unsampled: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[Any] = []
    monkeypatch.setattr(content, "shown", lambda *args: prepared.append(args))
    unsampled(capture_message_content="span_only")
    _send(client)
    assert prepared == []


@pytest.mark.parametrize("settings", [{"emit_event": False}, {"emit_event": False, "capture_message_content": "event_only"}])
def test_the_details_event_can_be_switched_off(settings: Any, watch: Any, client: Any) -> None:
    seen = watch(**settings)
    _send(client)
    assert seen.logs() == []


def test_a_logger_that_takes_no_events_is_asked_first(watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watch(capture_message_content="event_only")
    spans: Any = LLMInstrumentor()._attached[1]
    requested: list[tuple[Any, Any]] = []
    prepared: list[Any] = []
    monkeypatch.setattr(content, "shown", lambda *args: prepared.append(args))
    monkeypatch.setattr(
        spans._logs, "enabled", lambda **question: requested.append((question["event_name"], question["severity_number"].name))
    )
    monkeypatch.setattr(
        spans._logs, "enabled", lambda **question: bool(requested.append((question["event_name"], question["severity_number"].name)))
    )
    _send(client)
    assert seen.logs() == [] and prepared == []
    assert set(requested) == {(DETAILS, "DEBUG")}


@pytest.mark.parametrize(("where", "on_span", "in_log"), [("log", 0, 1), ("span", 1, 0), ("both", 1, 1)])
def test_exceptions_are_recorded_where_the_setting_asks(where: str, on_span: int, in_log: int, watch: Any, stand_in: Any) -> None:
    seen = watch(exceptions=where)
    _fail(stand_in)
    events = [event for event in seen.span().events if event.name == "exception"]
    logs = [record for record in seen.logs() if record.log_record.event_name == EXCEPTION]
    assert (len(events), len(logs)) == (on_span, in_log)
    for event in events:
        assert event.attributes["exception.type"] == "openai.RateLimitError" and "File " in event.attributes["exception.stacktrace"]


def test_the_exception_of_a_tool_has_an_event_of_its_own(watch: Any) -> None:
    seen = watch()
    with pytest.raises(ValueError), with_agent("planner"), with_tool("look_up"):
        raise ValueError("no such city")
    names = [record.log_record.event_name for record in seen.logs()]
    assert names == ["gen_ai.execute_tool.exception"]
    assert "no such city" not in repr(seen.logs()[0].log_record.attributes)


def test_the_generated_module_is_up_to_date() -> None:
    assert product.PATH.read_text("utf-8") == product.source(registry._DATA)
    assert registry.SOURCE["release"]["version"] == conventions.VERSION and generate.__doc__


def test_every_name_of_the_package_is_in_the_model() -> None:
    tables = [
        value for value in vars(semconv).values() if isinstance(value, dict) and all(isinstance(name, str) for name in value.values())
    ]
    names = {name for table in tables for name in table.values() if name.startswith(("gen_ai.", "openai.", "mcp.", "aws."))}
    events = set(semconv.EXCEPTION_EVENTS.values())
    assert len(names) > 60 and {name for name in names - events if registry.lookup(name) is None} == set()
    assert events | {semconv.DETAILS_EVENT, semconv.EVALUATION_EVENT} <= set(registry.EVENTS)
