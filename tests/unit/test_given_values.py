"""Test that values of applications and frameworks cannot stop an export.

Names of agents and tools, user ids, evaluations and attributes come from users, and names of tools also from models.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from opentelemetry.instrumentation.llm import (
    emit_cache_evicted,
    emit_cache_hit,
    emit_cache_put,
    emit_cost_calculated,
    emit_rate_limit,
    evaluation,
    execute,
    span,
    with_agent,
    with_attributes,
    with_retrieval,
    with_span,
    with_tool,
    with_workflow,
)
from opentelemetry.instrumentation.llm.steps.run import hand_off

TEXTS = ["half \ud800", "x" * 100_000, "\x00\x1b[31m\x9b\u202e\n", "\ud83d"]
NUMBERS = [2**63, -(2**63) - 1, 2**70, 10**400, -1, float("nan"), float("inf"), 1e308, "12", True, [1]]


def _in(block: Any) -> None:
    with block:
        pass


def _with_attributes(value: str) -> None:
    with with_attributes(user_id=value, conversation_id=value), with_agent("planner"):
        hand_off("acme", value)


GIVEN_TEXTS: dict[str, Callable[[str], Any]] = {
    "agent": lambda text: _in(with_agent(text, conversation_id=text, description=text)),
    "tool": lambda text: _in(with_tool(text, call_id=text, description=text)),
    "workflow": lambda text: _in(with_workflow(text)),
    "retrieval": lambda text: _in(with_retrieval(text)),
    "attributes": _with_attributes,
    "span of the bus": lambda text: _in(span(f"app.{text}", {"key": text, text: "value"})),
    "span": lambda text: _in(with_span(text, {"key": text, text: "value"})),
    "evaluation": lambda text: evaluation(text, score=0.5, label=text, explanation=text, response_id=text),
    "cache": lambda text: emit_cache_hit(text, text),
    "cost": lambda text: emit_cost_calculated(text, text, 1.0),
    "rate limit": lambda text: emit_rate_limit(text, text),
    "event": lambda text: execute("ex_llm.chat.stop", {"duration": 1}, {"provider": text, "model": text, "operation": "chat"}),
}
GIVEN_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "retrieval": lambda number: _in(with_retrieval("papers", top_k=number)),
    "span of the bus": lambda number: _in(span("app.work", {"key": number})),
    "span": lambda number: _in(with_span("work", {"key": number})),
    "evaluation": lambda number: evaluation("relevance", score=number, label="pass"),
    "cache put": lambda number: emit_cache_put("key", number),
    "cache evicted": lambda number: emit_cache_evicted("key", number),
    "cost": lambda number: emit_cost_calculated("p", "m", number),
    "rate limit": lambda number: emit_rate_limit("p", retry_after_ms=number),
    "stream": lambda number: execute("ex_llm.stream.stop", {"duration": number, "chunks": number, "size": number}, {"provider": "p"}),
}


def _check_export(seen: Any, caplog: pytest.LogCaptureFixture) -> None:
    encode_spans(seen.spans())
    if (data := seen.metrics_data()) is not None:
        encode_metrics(data)
    encode_logs(seen.logs())
    # The encoders log an error for each attribute that they lose, and the SDK for each value.
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
@pytest.mark.parametrize("given", GIVEN_TEXTS)
def test_a_given_text_can_be_exported(given: str, text: str, watch: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen = watch(span_events="all", span_baggage_keys=["user.id", "gen_ai.conversation.id"], metric_baggage_keys=["user.id"])
    GIVEN_TEXTS[given](text)
    _check_export(seen, caplog)
    for made in seen.spans():
        assert len(made.name) <= 300
        values = [value for name, value in made.attributes.items() if name.startswith("gen_ai") and isinstance(value, str)]
        assert all(len(value) <= 1024 and "\x1b" not in value and "\u202e" not in value for value in values)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: repr(number)[:12])
@pytest.mark.parametrize("given", GIVEN_NUMBERS)
def test_a_given_number_can_be_exported(given: str, number: Any, watch: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen = watch(span_events="all")
    for _ in range(3):
        GIVEN_NUMBERS[given](number)
        _check_export(seen, caplog)
