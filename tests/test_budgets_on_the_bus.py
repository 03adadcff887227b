"""Budgets hear every cost and say each crossing once; thresholds of single calls; what it looks like on spans and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry import baggage, context
from opentelemetry.instrumentation.llm import CostBudget, emit_cost_calculated
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


def test_each_level_is_said_once_with_who_passed_it(budget: Any) -> None:
    spent = budget("team", 100, per="day", clock=lambda: 0.0)
    with capture_events("ex_llm.cost.threshold*") as said:
        for cost in (50, 35, 20, 1):
            emit_cost_calculated("openai", "gpt-4o", cost)
    assert [(e.name.rpartition("_")[2], e.measurements["cost"], e.measurements["threshold"]) for e in said] == [
        ("warning", 85, 80),
        ("exceeded", 105, 100),
    ]
    assert said[1].metadata["exceeded_by"] == 5 and said[1].metadata["scope"] == "team" and said[1].metadata["model"] == "gpt-4o"
    assert spent.spent() == 106


def test_every_value_of_the_scope_has_the_limit_for_itself(budget: Any) -> None:
    spent = budget("users", 10, scope="user.id", warn_at=None)
    with capture_events("ex_llm.cost.threshold_exceeded") as said:
        emit_cost_calculated("openai", "m", 8, **{"user.id": "a"})
        token = context.attach(baggage.set_baggage("user.id", "b"))
        try:
            emit_cost_calculated("openai", "m", 8)
            emit_cost_calculated("openai", "m", 8)
        finally:
            context.detach(token)
    assert [e.metadata["scope_value"] for e in said] == ["b"]
    assert (spent.spent("a"), spent.spent("b"), spent.spent("c")) == (8, 16, 0)


def test_a_closed_budget_hears_no_more() -> None:
    budget = CostBudget("closed", 1)
    budget.close()
    emit_cost_calculated("openai", "m", 5)
    assert budget.spent() == 0


def test_a_real_call_adds_its_cost_and_its_crossing_stands_on_its_span(seen: Any, client: Any, budget: Any) -> None:
    spent = budget("tiny", 0.0001, warn_at=None)
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    span = seen.span()
    assert spent.spent() == pytest.approx(span.attributes["ex_llm.cost.cents"])
    assert "ex_llm.cost.threshold_exceeded" in [event.name for event in span.events]
    assert seen.total("ex_llm.cost.threshold_exceeded.total") == 1
    assert seen.total("ex_llm.cost.cents.total") == pytest.approx(spent.spent())


def test_one_call_that_costs_more_than_its_threshold_is_told(watch: Any, client: Any) -> None:
    watch(cost_threshold_cents=0.0001)
    with capture_events("ex_llm.cost.threshold_exceeded") as said:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    (exceeded,) = said
    assert exceeded.metadata["scope"] == "call"
    assert exceeded.metadata["exceeded_by"] == pytest.approx(exceeded.measurements["cost"] - 0.0001)


def test_a_stream_that_is_left_early_costs_what_was_told_of_it(seen: Any, client: Any) -> None:
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
    next(stream)
    stream.close()
    assert seen.span().attributes["ex_llm.cost.unknown_reason"] == "no_usage"
    assert "ex_llm.cost.cents" not in seen.span().attributes


def test_an_unknown_model_has_no_cost_and_says_why(seen: Any, client: Any) -> None:
    client.chat.completions.create(model="nobody-knows", messages=MESSAGES)
    assert seen.span().attributes["ex_llm.cost.unknown_reason"] == "unknown_model"
    assert seen.total("ex_llm.cost.cents.total") == 0


def test_prices_and_names_of_the_users_own(watch: Any, client: Any) -> None:
    seen = watch(model_names={"my-deployment": "gpt-4o-mini"}, prices=lambda provider, model, usage: 7.0 if model == "mine" else None)
    client.chat.completions.create(model="my-deployment", messages=MESSAGES)
    client.chat.completions.create(model="mine", messages=MESSAGES)
    named, own = seen.spans()
    assert named.attributes["ex_llm.cost.cents"] > 0
    assert own.attributes["ex_llm.cost.cents"] == 7.0


@pytest.mark.parametrize(("arguments", "says"), [(("", 1), "name"), (("b", 0), "limit_cents=0"), (("b", 1, "week"), "per='week'")])
def test_bad_budgets_are_refused_by_name(arguments: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CostBudget(*arguments)


def test_a_bad_price_file_is_refused_where_it_was_given_and_a_warning_where_it_came_from_outside(
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
