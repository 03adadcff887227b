"""Test spans, context propagation, and the attributes of users on calls."""

from __future__ import annotations

import asyncio
import inspect
import logging
import pickle
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation

from opentelemetry import baggage, propagate, trace
from opentelemetry import context as otel_context
from opentelemetry.instrumentation.llm import CostBudget, LLMInstrumentor, carry, with_attributes, with_context, with_span
from opentelemetry.instrumentation.llm.baggage import carried
from opentelemetry.instrumentation.llm.context import enter_span, leave, suppressed
from opentelemetry.instrumentation.llm.reporters.aggregation import VALUES_PER_TAG, tagged
from opentelemetry.instrumentation.llm.testing import capture_events

MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]


@pytest.fixture
def traced(seen: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Instrument, and send the user's own spans to the same exporter."""
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: seen.tracer_provider)
    return seen


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


def chat(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, **more)


def span_id() -> int:
    return trace.get_current_span().get_span_context().span_id


def spans_of_two(_: Any = None) -> Iterator[int]:
    """Open a span in one step of a generator and leave it open in the next."""
    yield span_id()
    with with_span("inner"):
        yield span_id()
    yield span_id()


async def spans_of_two_async(_: Any = None) -> AsyncIterator[int]:
    yield span_id()
    async with with_span("inner"):
        await asyncio.sleep(0)
        yield span_id()
    yield span_id()


async def span_id_async() -> int:
    await asyncio.sleep(0)
    return span_id()


def test_with_span_works_as_statement_and_decorator(traced: Any) -> None:
    @with_span("decorated", {"kind": "plain"})
    def work() -> int:
        return span_id()

    with with_span("outer", {"answer": 42}) as span:
        inner = work()
        assert span_id() == span.get_span_context().span_id
    decorated, outer = traced.spans()
    assert (decorated.name, outer.name) == ("decorated", "outer")
    assert decorated.parent.span_id == outer.context.span_id and inner == decorated.context.span_id
    assert (dict(decorated.attributes), dict(outer.attributes)) == ({"kind": "plain"}, {"answer": 42})
    assert span_id() == 0


async def test_with_span_decorates_coroutine_functions(traced: Any) -> None:
    @with_span("decorated")
    async def work() -> int:
        return await span_id_async()

    async with with_span("outer"):
        await asyncio.gather(work(), work())
    first, second, outer = traced.spans()
    assert {first.parent.span_id, second.parent.span_id} == {outer.context.span_id}
    assert first.context.span_id != second.context.span_id


@pytest.mark.parametrize("decorator", [with_span("x"), with_attributes(user_id="u")], ids=["with_span", "with_attributes"])
@pytest.mark.parametrize("function", [spans_of_two, spans_of_two_async])
def test_decorators_refuse_generators_and_name_the_alternative(decorator: Any, function: Any) -> None:
    with pytest.raises(TypeError, match=r"put 'with .* around the code that reads it"):
        decorator(function)


def test_an_exception_marks_the_span_without_its_text(traced: Any) -> None:
    with pytest.raises(KeyError), with_span("failing"):
        raise KeyError("a secret")
    span = traced.span()
    assert span.status.status_code.name == "ERROR" and span.attributes["error.type"] == "KeyError"
    assert "secret" not in span.to_json()


def test_exit_in_another_context_changes_and_logs_nothing(no_context_errors: None, traced: Any) -> None:
    entered = []
    with with_span("outer"):
        thread = threading.Thread(target=lambda: entered.append(enter_span(trace.get_current_span())))
        thread.start()
        thread.join()
        before = span_id()
        leave(entered[0])
        assert span_id() == before != 0


def test_with_context_applies_inside_the_block_only(traced: Any) -> None:
    with with_span("outer") as span:
        there = otel_context.get_current()
    outer = span.get_span_context().span_id
    assert with_context(there, span_id) == outer
    assert asyncio.run(with_context(there, span_id_async)) == outer
    assert asyncio.run(with_context(there, lambda: span_id_async())) == outer
    assert with_context(there, partial(max, 1), 2) == 2
    with pytest.raises(ZeroDivisionError):
        with_context(there, lambda: 1 / 0)
    assert span_id() == 0


@pytest.mark.parametrize("take", [lambda f: partial(with_context, otel_context.get_current(), f), carry], ids=["with_context", "carry"])
def test_each_step_of_a_generator_runs_in_the_context(take: Any, traced: Any, no_context_errors: None) -> None:
    with with_span("outer") as span:
        taken = take(spans_of_two)
    outer = span.get_span_context().span_id
    steps = []
    for step in taken(None):
        assert span_id() == 0
        steps.append(step)
    inner = next(span for span in traced.spans() if span.name == "inner")
    assert steps == [outer, inner.context.span_id, outer] and inner.parent.span_id == outer


@pytest.mark.parametrize("take", [lambda f: partial(with_context, otel_context.get_current(), f), carry], ids=["with_context", "carry"])
async def test_each_step_of_an_async_generator_runs_in_the_context(take: Any, traced: Any, no_context_errors: None) -> None:
    with with_span("outer") as span:
        taken = take(spans_of_two_async)
    outer = span.get_span_context().span_id
    steps = []
    async for step in taken(None):
        assert span_id() == 0
        steps.append(step)
    inner = next(span for span in traced.spans() if span.name == "inner")
    assert steps == [outer, inner.context.span_id, outer] and inner.parent.span_id == outer


def test_an_abandoned_generator_is_closed_in_its_context(traced: Any) -> None:
    closed = []

    def producing() -> Iterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    taken = carry(producing)()
    assert next(taken) == 1
    taken.close()
    assert closed == [True] and span_id() == 0


def test_carry_can_be_pickled_with_trace_and_baggage(traced: Any) -> None:
    with with_span("outer") as span, with_attributes(user_id="ünï ,;=", session_id="s-1"):
        carried_away = pickle.dumps(carry(_place))
    assert pickle.loads(carried_away)() == (span.get_span_context().trace_id, span.get_span_context().span_id, "ünï ,;=", "s-1")
    assert pickle.loads(pickle.dumps(pickle.loads(carried_away)))()[3] == "s-1"
    assert _place() == (0, 0, None, None)


def _place() -> tuple[Any, ...]:
    current = trace.get_current_span().get_span_context()
    return (current.trace_id, current.span_id, baggage.get_baggage("user.id"), baggage.get_baggage("session.id"))


def test_carry_keeps_the_whole_context_in_its_process() -> None:
    with suppress_instrumentation():
        taken = carry(suppressed)
    assert taken() and not suppressed()
    assert not pickle.loads(pickle.dumps(taken))()


def test_carry_looks_like_the_function_it_wraps() -> None:
    plain, coroutine = carry(_place), carry(span_id_async)
    for taken in (plain, pickle.loads(pickle.dumps(plain))):
        assert taken.__name__ == "_place" and not inspect.iscoroutinefunction(taken.__call__)
    for taken in (coroutine, pickle.loads(pickle.dumps(coroutine))):
        # Web frameworks use these checks to decide between an event loop and a thread.
        assert inspect.iscoroutinefunction(taken) or inspect.iscoroutinefunction(taken.__call__)
        assert asyncio.run(taken()) == 0
    with pytest.raises(TypeError, match="carry takes a function"):
        carry(3)


def test_attributes_are_on_every_span_below_only(traced: Any, client: Any) -> None:
    with with_attributes(conversation_id="c", session_id="s", user_id="u", tenant_id="t"):
        chat(client)
        list(chat(client, stream=True))
        client.embeddings.create(model="text-embedding-3-small", input="a b")
    chat(client)
    *below, outside = traced.spans()
    for span in below:
        assert (span.attributes["gen_ai.conversation.id"], span.attributes["session.id"], span.attributes["user.id"]) == ("c", "s", "u")
        assert span.attributes["tenant.id"] == "t"
    assert not {"gen_ai.conversation.id", "session.id", "user.id"} & set(outside.attributes)
    tags = {key for points in traced.metrics().values() for point in points for key in point.attributes}
    assert "ex_llm.chat.requests.total" in traced.metrics() and not tags & {"gen_ai.conversation.id", "session.id", "user.id", "tenant.id"}


def test_baggage_of_other_code_is_recorded_and_bounded(traced: Any, client: Any) -> None:
    header = {"baggage": f"user.id={'x' * 3000},session.id=s%20%C3%BC,other=1"}
    with_context(propagate.extract(header), chat, client)
    span = traced.span()
    assert span.attributes["user.id"] == "x" * 256 and span.attributes["session.id"] == "s ü"
    assert "other" not in span.attributes


def test_values_that_are_not_strings_are_converted() -> None:
    context = baggage.set_baggage("user.id", 7, baggage.set_baggage("session.id", "", otel_context.get_current()))
    assert with_context(context, carried, ["user.id", "session.id"]) == {"user.id": "7"}


def test_inner_attributes_win_and_none_removes() -> None:
    def here() -> dict[str, str]:
        return carried(["session.id", "user.id", "app.feature"])

    with with_attributes(session_id="s", user_id="outer"):
        with with_attributes(user_id="inner", **{"app.feature": "search"}):
            assert here() == {"session.id": "s", "user.id": "inner", "app.feature": "search"}
            with with_attributes(user_id=None, session_id=""):
                assert here() == {"app.feature": "search"}
        assert here() == {"session.id": "s", "user.id": "outer"}
    assert here() == {}


async def test_attributes_work_as_decorators() -> None:
    @with_attributes(user_id="plain")
    def plain() -> dict[str, str]:
        return carried(["user.id"])

    @with_attributes(user_id="async")
    async def coroutine() -> dict[str, str]:
        await asyncio.sleep(0)
        return carried(["user.id"])

    assert plain() == {"user.id": "plain"}
    assert await asyncio.gather(coroutine(), coroutine()) == [{"user.id": "async"}] * 2
    async with with_attributes(user_id="block"):
        assert carried(["user.id"]) == {"user.id": "block"}
    assert carried(["user.id"]) == {}


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a,b", "ü", "a\n"])
def test_an_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an attribute"):
        with_attributes(**{name: "x"})


def test_a_value_that_does_not_fit_is_left_out_of_the_header(caplog: pytest.LogCaptureFixture) -> None:
    many = {f"key.{number}": "ü" * 300 for number in range(20)}
    inner = with_attributes(session_id="s" * 200, **{"key.last": "ü" * 256})
    with with_attributes(user_id="u", **many), caplog.at_level(logging.WARNING), inner:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        here = dict(baggage.get_all())
        there = dict(baggage.get_all(propagate.extract(carrier, otel_context.Context())))
    assert there == here and here["user.id"] == "u" and len(carrier["baggage"]) <= 8192
    assert "key.last" not in here and "no room is left in the baggage for key.last" in caplog.text


def test_at_most_64_values_are_propagated() -> None:
    with with_attributes(**{f"key.{number}": number for number in range(100)}):
        assert len(baggage.get_all()) == 64
        with with_attributes(**{"key.0": "again", "key.new": "x"}):
            assert len(baggage.get_all()) == 64 and baggage.get_baggage("key.0") == "again" and baggage.get_baggage("key.new") is None


def test_values_that_need_encoding_are_propagated_unchanged() -> None:
    with with_attributes(user_id=" half \ud800 "):
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        assert baggage.get_baggage("user.id") == "half ?"
        assert baggage.get_baggage("user.id", propagate.extract(carrier, otel_context.Context())) == "half ?"


def test_the_conversation_id_of_the_application_wins(traced: Any, client: Any) -> None:
    client.responses.create(model="gpt-4o-mini", input="a b", conversation="conv_of_the_provider")
    with with_attributes(conversation_id="ours"):
        client.responses.create(model="gpt-4o-mini", input="a b", conversation="conv_of_the_provider")
    assert [span.attributes["gen_ai.conversation.id"] for span in traced.spans()] == ["conv_of_the_provider", "ours"]


def test_a_stream_ended_in_another_context_keeps_its_user(traced: Any, client: Any) -> None:
    budget = CostBudget("users", 100, scope="user.id")
    try:
        with with_attributes(user_id="u-1"):
            stream = chat(client, stream=True, stream_options={"include_usage": True})
        with with_attributes(user_id="u-2"):
            list(stream)
        assert traced.span().attributes["user.id"] == "u-1"
        assert budget.spent("u-1") > 0 == budget.spent("u-2")
    finally:
        budget.close()


def test_events_carry_the_attributes_but_log_lines_do_not(traced: Any, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    from opentelemetry.instrumentation.llm import attach_default_logger, detach_default_logger

    attach_default_logger("DEBUG")
    try:
        with capture_events("ex_llm.chat.*") as emitted, with_attributes(user_id="u-1"):
            chat(client)
    finally:
        detach_default_logger()
    assert [event.metadata["user.id"] for event in emitted] == ["u-1", "u-1"]
    assert any(record.name == "ex_llm" for record in caplog.records) and "u-1" not in caplog.text


def test_custom_keys_are_recorded(watch: Any, client: Any) -> None:
    seen = watch(span_baggage_keys=["tenant.id"], metric_baggage_keys=["app.feature"])
    with with_attributes(tenant_id="t", user_id="u", **{"app.feature": "search"}):
        chat(client)
    span = seen.span()
    assert (span.attributes["tenant.id"], span.attributes["app.feature"]) == ("t", "search") and span.attributes["user.id"] == "u"
    for name in ("ex_llm.chat.requests.total", "ex_llm.cost.cents.total", "gen_ai.client.inference.duration"):
        (point,) = seen.metrics()[name]
        assert point.attributes["app.feature"] == "search" and "tenant.id" not in point.attributes


def test_values_of_custom_tags_are_bounded(watch: Any) -> None:
    from opentelemetry.instrumentation.llm import execute

    seen = watch(metric_baggage_keys=["tenant.id"])
    for number in range(VALUES_PER_TAG + 50):
        execute("ex_llm.chat.start", {"system_time": 1}, {"provider": "openai", "model": "m", "tenant.id": f"t{number}"})
    points = {point.attributes["tenant.id"]: point.value for point in seen.metrics()["ex_llm.chat.requests.total"]}
    assert len(points) == VALUES_PER_TAG + 1 and points["other"] == 50


@pytest.mark.parametrize("setting", ["span_baggage_keys", "metric_baggage_keys"])
@pytest.mark.parametrize("keys", [["model"], "user.id, model", [".a"], ["a."], 3])
def test_custom_keys_without_a_dot_are_refused(setting: str, keys: Any) -> None:
    with pytest.raises(ValueError, match=f"{setting}=.*names"):
        LLMInstrumentor().instrument(**{setting: keys})
    assert not LLMInstrumentor().is_instrumented_by_opentelemetry


def test_tagged_metrics_are_new_metrics() -> None:
    from opentelemetry.instrumentation.llm import basic_metrics

    assert all("tenant.id" in metric.tags for metric in tagged(basic_metrics(), ["tenant.id"]))
    assert not any("tenant.id" in metric.tags for metric in basic_metrics())
