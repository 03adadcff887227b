"""Test budgets and cost thresholds that are attached to the event bus.

Budgets receive every cost and report each crossing once; spans and metrics show it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry import baggage, context
from opentelemetry.instrumentation.llm import CostBudget, emit_cost_calculated, with_agent
from opentelemetry.instrumentation.llm.testing import capture_events

MESSAGES = [{"role": "user", "content": "say three words"}]


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-x", max_retries=0) as made:
        yield made


@pytest.fixture
def budget() -> Iterator[Any]:
    made: list[CostBudget] = []

    def make(*arguments: Any, **keywords: Any) -> CostBudget:
        made.append(CostBudget(*arguments, **keywords))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_each_level_is_reported_once_with_its_scope(budget: Any) -> None:
    spent = budget("team", 100, per="day", clock=lambda: 0.0)
    with capture_events("ex_llm.cost.threshold*") as emitted:
        for cost in (50, 35, 20, 1):
            emit_cost_calculated("openai", "gpt-4o", cost)
    assert [(e.name.rpartition("_")[2], e.measurements["cost"], e.measurements["threshold"]) for e in emitted] == [
        ("warning", 85, 80),
        ("exceeded", 105, 100),
    ]
    assert emitted[1].metadata["exceeded_by"] == 5 and emitted[1].metadata["scope"] == "team" and emitted[1].metadata["model"] == "gpt-4o"
    assert spent.spent() == 106


def test_every_value_of_the_scope_has_its_own_limit(budget: Any) -> None:
    spent = budget("users", 10, scope="user.id", warn_at=None)
    with capture_events("ex_llm.cost.threshold_exceeded") as emitted:
        emit_cost_calculated("openai", "m", 8, **{"user.id": "a"})
        token = context.attach(baggage.set_baggage("user.id", "b"))
        try:
            emit_cost_calculated("openai", "m", 8)
            emit_cost_calculated("openai", "m", 8)
        finally:
            context.detach(token)
    assert [e.metadata["scope_value"] for e in emitted] == ["b"]
    assert (spent.spent("a"), spent.spent("b"), spent.spent("c")) == (8, 16, 0)


@pytest.mark.parametrize(("scope", "value"), [("agent_name", "planner"), ("conversation_id", "c-1")])
def test_a_scope_may_be_an_agent_or_a_conversation(seen: Any, client: Any, budget: Any, scope: str, value: str) -> None:
    made = budget("agents", 1000, scope=scope)
    with with_agent("planner", conversation_id="c-1"):
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    (agent,) = (span for span in seen.spans() if span.name == "invoke_agent planner")
    assert made.spent(value) == pytest.approx(agent.attributes["ex_llm.cost.cents"]) and made.spent(value) > 0


def test_a_closed_budget_receives_no_events() -> None:
    budget = CostBudget("closed", 1)
    budget.close()
    emit_cost_calculated("openai", "m", 5)
    assert budget.spent() == 0


def test_a_call_adds_its_cost_and_its_span_shows_the_crossing(seen: Any, client: Any, budget: Any) -> None:
    spent = budget("tiny", 0.0001, warn_at=None)
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    span = seen.span()
    assert spent.spent() == pytest.approx(span.attributes["ex_llm.cost.cents"])
    assert "ex_llm.cost.threshold_exceeded" in [event.name for event in span.events]
    assert seen.total("ex_llm.cost.threshold_exceeded.total") == 1
    assert seen.total("ex_llm.cost.cents.total") == pytest.approx(spent.spent())


def test_a_call_above_its_threshold_is_reported(watch: Any, client: Any) -> None:
    watch(cost_threshold_cents=0.0001)
    with capture_events("ex_llm.cost.threshold_exceeded") as emitted:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    (exceeded,) = emitted
    assert exceeded.metadata["scope"] == "call"
    assert exceeded.metadata["exceeded_by"] == pytest.approx(exceeded.measurements["cost"] - 0.0001)


def test_an_abandoned_stream_costs_the_usage_reported_so_far(seen: Any, client: Any) -> None:
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
    next(stream)
    stream.close()
    assert seen.span().attributes["ex_llm.cost.unknown_reason"] == "no_usage"
    assert "ex_llm.cost.cents" not in seen.span().attributes


def test_an_unknown_model_has_no_cost_but_a_reason(seen: Any, client: Any) -> None:
    client.chat.completions.create(model="nobody-knows", messages=MESSAGES)
    assert seen.span().attributes["ex_llm.cost.unknown_reason"] == "unknown_model"
    assert seen.total("ex_llm.cost.cents.total") == 0


def test_custom_prices_and_names_are_used(watch: Any, client: Any) -> None:
    seen = watch(model_names={"my-deployment": "gpt-4o-mini"}, prices=lambda provider, model, usage: 7.0 if model == "mine" else None)
    client.chat.completions.create(model="my-deployment", messages=MESSAGES)
    client.chat.completions.create(model="mine", messages=MESSAGES)
    named, own = seen.spans()
    assert named.attributes["ex_llm.cost.cents"] > 0
    assert own.attributes["ex_llm.cost.cents"] == 7.0


@pytest.mark.parametrize(("arguments", "message"), [(("", 1), "name"), (("b", 0), "limit_cents=0"), (("b", 1, "week"), "per='week'")])
def test_invalid_budgets_are_refused_by_name(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CostBudget(*arguments)


def test_a_bad_price_file_fails_as_keyword_and_warns_as_variable(
    watch: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, client: Any
) -> None:
    bad = tmp_path / "prices.json"
    bad.write_text('{"providers": {"openai": {"models": [{"nonsense": 1}]}}}')
    with pytest.raises(ValueError, match=r"prices\.json"):
        watch(prices=str(bad))
    monkeypatch.setenv("OTEL_INSTRUMENTATION_LLM_PRICES", str(bad))
    seen = watch()
    assert [record.levelname for record in caplog.records] == ["WARNING"] and "prices.json" in caplog.text
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert seen.span().attributes["ex_llm.cost.cents"] > 0
