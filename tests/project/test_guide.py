"""Test that every section of ``examples/guide.py`` does as it documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import guide
from opentelemetry.instrumentation import llm


@pytest.fixture
def section(watch: Any, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[guide.Section]:
    import openai

    from opentelemetry import trace

    seen = watch()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: seen.tracer_provider)
    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-guide-secret", max_retries=0) as client:
        yield guide.Section(client, seen._spans)


def _parents(spans: list[Any]) -> dict[str, str | None]:
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


def test_every_function_of_the_guide_is_a_section() -> None:
    functions = {
        f
        for f in vars(guide).values()
        if callable(f) and getattr(f, "__module__", "") == "guide" and "Section" in str(getattr(f, "__annotations__", {}).get("s"))
    }
    assert functions == set(guide.SECTIONS)


def test_basic_logging(section: guide.Section) -> None:
    lines = guide.basic_logging(section)
    assert [line.split()[0] for line in lines] == ["ex_llm.chat.start", "ex_llm.cost.calculated", "ex_llm.chat.stop"]
    assert "duration=" in lines[-1] and "input_tokens=5" in lines[-1]


def test_metrics_with_prometheus(section: guide.Section) -> None:
    page = guide.metrics_with_prometheus(section)
    assert 'ex_llm_chat_requests_total{model="gpt-4o-mini",provider="openai"} 1.0' in page
    assert "total_total" not in page and "milliseconds_milliseconds" not in page
    served = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    assert {metric.name.replace(".", "_") for metric in llm.metrics()} == served


def test_distributed_tracing(section: guide.Section) -> None:
    names = [span.name for span in guide.distributed_tracing(section)]
    assert names == ["chat gpt-4o-mini", "chat gpt-4o-mini", "embeddings text-embedding-3-small"]


def test_event_names(section: guide.Section) -> None:
    assert guide.event_names(section) == [
        "ex_llm.chat.start", "ex_llm.chat.stop", "ex_llm.chat.start", "ex_llm.chat.exception",
    ]  # fmt: skip


def test_custom_event_handlers(section: guide.Section) -> None:
    ((duration_ms, model, tokens),) = guide.custom_event_handlers(section)
    assert 0 < duration_ms < 60_000 and model == "gpt-4o-mini" and tokens == 16


def test_sets_of_metrics(section: guide.Section) -> None:
    sets = guide.sets_of_metrics(section)
    assert set(sets["basic"]) == {"ex_llm.chat.requests.total", "ex_llm.chat.duration.milliseconds", "ex_llm.chat.errors.total"}
    assert "ex_llm.cost.cents.total" in sets["cost"] and set(sets["basic"]) | set(sets["cost"]) < set(sets["all"])


def test_console_reporter(section: guide.Section) -> None:
    assert re.search(r"ex_llm\.chat\.requests\.total\s+provider=openai model=gpt-4o-mini\s+1", guide.console_reporter(section))


def test_statsd_reporter(section: guide.Section) -> None:
    lines = guide.statsd_reporter(section)
    assert any(re.fullmatch(r"ex_llm\.chat\.requests\.total:1(\.0)?\|c\|#.*model:gpt-4o-mini.*", line) for line in lines), lines
    assert any(re.match(r"ex_llm\.chat\.duration\.milliseconds:[\d.]+\|ms", line) for line in lines), lines


def test_custom_reporter(section: guide.Section) -> None:
    assert guide.custom_reporter(section) == {"ex_llm.chat.requests.total": 1, "ex_llm.chat.duration.milliseconds": 1}


def test_manual_instrumentation(section: guide.Section) -> None:
    spans = guide.manual_instrumentation(section)
    assert _parents(spans) == {"chat gpt-4o-mini": "custom_operation", "custom_operation": None}
    assert spans[-1].attributes["custom"] == "attribute"


def test_context_propagation(section: guide.Section) -> None:
    spans = guide.context_propagation(section)
    assert [span.name for span in spans] == ["chat gpt-4o-mini", "traced_function", "chat gpt-4o-mini"]
    assert len({span.context.trace_id for span in spans}) == 1
    assert {span.parent.span_id for span in spans if span.parent} == {spans[1].context.span_id}


def test_span_of_your_own(section: guide.Section) -> None:
    start, stop, *spans = guide.span_of_your_own(section)
    assert (start, stop) == ("myapp.llm.analyze.start", "myapp.llm.analyze.stop")
    assert _parents(spans) == {"chat gpt-4o-mini": "myapp.llm.analyze", "myapp.llm.analyze": None}
    assert spans[-1].attributes["text_length"] == 11


def test_cache_instrumentation(section: guide.Section) -> None:
    assert guide.cache_instrumentation(section) == ["ex_llm.cache.miss", "ex_llm.cache.put", "ex_llm.cache.hit", "ex_llm.cache.evicted"]


def test_cost_monitoring(section: guide.Section) -> None:
    costs = guide.cost_monitoring(section)
    assert [name.rpartition(".")[2] for name, _ in costs] == ["calculated", "calculated", "threshold_exceeded", "calculated"]
    assert costs[0][1] == costs[1][1] == costs[2][1] > 0 and costs[3][1] == 12.5


def test_everything_else_by_hand(section: guide.Section) -> None:
    assert guide.everything_else_by_hand(section) == [
        "ex_llm.provider.rate_limit", "ex_llm.provider.auth.refresh", "ex_llm.context.truncation.start",
        "ex_llm.context.truncation.stop", "ex_llm.context.window_exceeded",
    ]  # fmt: skip


def test_list_attached_handlers(section: guide.Section) -> None:
    assert "ex_llm.spans" in guide.list_attached_handlers(section)


def test_events_by_hand(section: guide.Section) -> None:
    assert guide.events_by_hand(section) == [{"duration": 1000, "model": "gpt-4o-mini", "provider": "openai"}]


def test_no_sensitive_value_is_recorded(section: guide.Section) -> None:
    output = guide.nothing_sensitive(section)
    assert "ex_llm.chat.stop" in output
    assert "hello in five words" not in output and "canned" not in output and "sk-guide-secret" not in output
