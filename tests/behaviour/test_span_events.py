"""Test which HTTP attempts and costs are attributes and which are span events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import bus, emit_cost_calculated

STOP, COST = "ex_llm.provider.request.stop", "ex_llm.cost.calculated"
WHO = {"provider": "openai", "model": "gpt-4o", "operation": "chat"}


def _call(attempts: list[Mapping[str, Any]]) -> None:
    known = {**WHO, "ref": bus.new_ref()}
    bus.execute("ex_llm.chat.start", {"system_time": 1}, known)
    for attempt in attempts:
        bus.execute(STOP, {"duration": 2_000_000, "remaining_requests": 9}, {**known, "method": "POST", **attempt})
    bus.execute(COST, {"cost": 3.0}, {**known, "cost_cents": 3.0, "input": 1.0, "output": 2.0, "source": "snapshot"})
    bus.execute("ex_llm.chat.stop", {"duration": 5}, {**known, "cost_cents": 3.0})


def test_a_sound_call_has_attributes_and_no_events(seen: Any) -> None:
    _call([{"attempt": 1, "status": 200, "request_id": "req-1"}])
    span = seen.span()
    assert list(span.events) == []
    reported = {name: value for name, value in span.attributes.items() if not name.startswith(("gen_ai.", "server."))}
    assert reported == {
        "http.response.status_code": 200,
        "ex_llm.provider.request_id": "req-1",
        "ex_llm.provider.request.duration": 0.002,
        "ex_llm.provider.rate_limit.remaining_requests": 9,
        "ex_llm.cost.cents": 3.0,
        "ex_llm.cost.input": 1.0,
        "ex_llm.cost.output": 2.0,
        "ex_llm.cost.source": "snapshot",
    }


@pytest.mark.parametrize(
    ("attempts", "events", "status"),
    [
        ([(1, 429), (2, 200)], [429, 200], 200),
        ([(1, 500), (2, 503)], [500, 503], 503),
        ([(1, 200), (1, 201)], [201], 200),
    ],
)
def test_refused_and_repeated_attempts_are_events(attempts: Any, events: list[int], status: int, seen: Any) -> None:
    _call([{"attempt": number, "status": code} for number, code in attempts])
    span = seen.span()
    assert [event.attributes["status"] for event in span.events] == events
    assert span.attributes["http.response.status_code"] == status


def test_a_setting_makes_all_attempts_and_costs_events(watch: Any) -> None:
    seen = watch(span_events="all")
    _call([{"attempt": 1, "status": 200}])
    span = seen.span()
    assert [event.name for event in span.events] == [STOP, COST]
    assert span.attributes["http.response.status_code"] == 200 and span.attributes["ex_llm.cost.input"] == 1.0


def test_a_cost_outside_a_call_is_an_event_of_the_current_span(seen: Any) -> None:
    with seen.tracer_provider.get_tracer("app").start_as_current_span("app"):
        emit_cost_calculated("openai", "gpt-4o", 0.5)
    assert [event.name for event in seen.span().events] == [COST]
