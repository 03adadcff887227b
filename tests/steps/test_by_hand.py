"""Test steps that the application marks itself.

One trace, the right owner, the right outcome, nothing left current or open.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import openai
import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, StaticSampler

from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor, context, evaluation, with_agent, with_retrieval, with_tool, with_workflow
from opentelemetry.instrumentation.llm.testing import capture_events

MESSAGES: Any = [{"role": "user", "content": "say three words"}]
pytestmark = pytest.mark.usefixtures("no_context_errors")


@pytest.fixture
def send(stand_in: Any) -> Iterator[Callable[[], None]]:
    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k") as client:
        yield lambda: client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES) and None


def _run(send: Callable[[], None]) -> None:
    with with_workflow("trip", conversation_id="c-1"), with_agent("boss"):
        send()
        with with_tool("ask_weather", call_id="call_1"), with_agent("weather"):
            send()
            send()


def _tree(spans: Any) -> dict[str, str | None]:
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: None if span.parent is None else names[span.parent.span_id] for span in spans}


def _one(seen: Any, name: str) -> Any:
    (found,) = (span for span in seen.spans() if span.name == name)
    return found


def _current() -> bool:
    return trace.get_current_span().get_span_context().is_valid


def test_steps_and_calls_are_one_trace(seen: Any, send: Any) -> None:
    _run(send)
    spans = seen.spans()
    assert len({span.context.trace_id for span in spans}) == 1
    tree = _tree(spans)
    assert tree["invoke_workflow trip"] is None
    assert tree["invoke_agent boss"] == "invoke_workflow trip"
    assert tree["execute_tool ask_weather"] == "invoke_agent boss"
    assert tree["invoke_agent weather"] == "execute_tool ask_weather"
    assert not _current()


def test_inferences_count_for_the_nearest_agent(seen: Any, send: Any) -> None:
    _run(send)
    spans = seen.spans()
    inferences = [s for s in spans if s.name.startswith("chat")]
    agents = [s for s in spans if s.name.startswith(("invoke_agent", "invoke_workflow"))]
    for name in ("gen_ai.usage.input_tokens", "ex_llm.cost.cents"):
        assert sum(s.attributes.get(name, 0) for s in agents) == pytest.approx(sum(s.attributes[name] for s in inferences))
    counts = {s.name: s.attributes["ex_llm.agent.inference_calls"] for s in agents}
    assert counts == {"invoke_workflow trip": 0, "invoke_agent boss": 1, "invoke_agent weather": 2}
    assert _one(seen, "invoke_agent boss").attributes["ex_llm.agent.tool_calls"] == 1


def test_names_and_conversation_are_inherited(seen: Any, send: Any) -> None:
    _run(send)
    assert all(span.attributes["gen_ai.conversation.id"] == "c-1" for span in seen.spans())
    tool = _one(seen, "execute_tool ask_weather").attributes
    assert (tool["gen_ai.agent.name"], tool["gen_ai.tool.call.id"], tool["gen_ai.tool.type"]) == ("boss", "call_1", "function")


def test_events_carry_owner_and_parent(seen: Any, send: Any) -> None:
    with capture_events("ex_llm.*") as events:
        _run(send)
    by_name = {(event.name, event.metadata.get("agent_name")): event.metadata for event in events}
    boss, chat = by_name["ex_llm.agent.start", "boss"], by_name["ex_llm.chat.stop", "boss"]
    assert chat["parent_ref"] == boss["ref"]
    assert by_name["ex_llm.cost.calculated", "weather"]["conversation_id"] == "c-1"
    assert by_name["ex_llm.agent.stop", "boss"]["outcome"] == "complete"


def test_metrics_of_agents_and_tools(seen: Any, send: Any) -> None:
    _run(send)
    assert seen.total("gen_ai.invoke_agent.duration") == 3
    assert seen.total("gen_ai.execute_tool.duration") == 1
    points = {p.attributes["gen_ai.agent.name"]: p.sum for p in seen.metrics()["gen_ai.invoke_agent.inference_calls"]}
    assert points == {"boss": 1, "weather": 2}
    assert seen.total("ex_llm.agent.runs.total") == 2


def test_a_setting_removes_totals_from_the_span(watch: Any, send: Any) -> None:
    seen = watch(agent_totals=False)
    with capture_events("ex_llm.agent.stop") as events:
        _run(send)
    assert "gen_ai.usage.input_tokens" not in _one(seen, "invoke_agent weather").attributes
    assert events[0].metadata["input_tokens"] > 0


@pytest.mark.parametrize(
    ("error", "outcome"), [(ValueError("x"), "error"), (asyncio.CancelledError(), "cancelled"), (KeyboardInterrupt(), "cancelled")]
)
def test_outcome_and_status_follow_the_exception(seen: Any, error: BaseException, outcome: str) -> None:
    with pytest.raises(type(error)) as raised, with_agent("a"):
        raise error
    assert raised.value is error
    span = seen.span()
    assert span.attributes["ex_llm.outcome"] == outcome
    assert span.status.is_ok == (outcome != "error")


def test_a_user_class_with_a_known_name_is_an_error(seen: Any) -> None:
    class GraphInterrupt(Exception):
        pass

    with pytest.raises(GraphInterrupt), with_tool("t"):
        raise GraphInterrupt
    assert seen.span().attributes["ex_llm.outcome"] == "error"


def test_reported_outcome_and_error_are_recorded(seen: Any) -> None:
    with with_agent("asks") as run:
        run.outcome = "interrupted"
    with with_tool("fails") as run:
        run.error_type = "tool_error"
    asks, fails = seen.spans()
    assert asks.attributes["ex_llm.outcome"] == "interrupted" and asks.status.is_ok
    assert fails.attributes["error.type"] == "tool_error" and not fails.status.is_ok


def _stream(seen: Any, send: Any) -> Any:
    @with_agent("streams")
    def words() -> Iterator[str]:
        for word in ("a", "b", "c"):
            send()
            yield word

    return words()


@pytest.mark.parametrize(("leave", "outcome"), [(list, "complete"), (next, "closed_early")])
def test_a_generator_is_one_run_until_it_ends(seen: Any, send: Any, leave: Any, outcome: str) -> None:
    words = _stream(seen, send)
    leave(words)
    assert not _current()
    words.close()
    agent = _one(seen, "invoke_agent streams")
    assert agent.attributes["ex_llm.outcome"] == outcome
    assert len({span.context.trace_id for span in seen.spans()}) == 1


def test_a_dropped_generator_ends_its_run(seen: Any, send: Any) -> None:
    words = _stream(seen, send)
    next(words)
    del words
    gc.collect()
    assert _one(seen, "invoke_agent streams").attributes["ex_llm.outcome"] in ("closed_early", "abandoned")


async def _async_stream() -> Any:
    for word in ("a", "b", "c"):
        yield word
        await asyncio.sleep(0)


@pytest.mark.parametrize(("how", "outcome"), [("all", "complete"), ("aclose", "closed_early"), ("drop", "closed_early")])
async def test_exits_of_an_async_generator(seen: Any, how: str, outcome: str) -> None:
    stream = with_agent("streams")(_async_stream)()
    async for _ in stream:
        if how != "all":
            break
    if how == "aclose":
        await stream.aclose()
    stream = None
    gc.collect()
    await asyncio.sleep(0.01)
    assert seen.span().attributes["ex_llm.outcome"].replace("abandoned", "closed_early") == outcome
    assert not _current()


async def test_a_cancelled_run_is_not_an_error(seen: Any) -> None:
    @with_agent("waits")
    async def wait() -> None:
        await asyncio.sleep(10)

    waiting = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    span = seen.span()
    assert span.attributes["ex_llm.outcome"] == "cancelled" and span.status.is_ok


def test_tools_in_threads_belong_to_their_agent(seen: Any, send: Any) -> None:
    tool = with_tool("look")(send)
    with with_agent("boss"), ThreadPoolExecutor(2) as pool:
        for _ in [pool.submit(copy_context().run, tool) for _ in range(2)]:
            _.result()
    boss = _one(seen, "invoke_agent boss")
    tools = [span for span in seen.spans() if span.name == "execute_tool look"]
    assert {span.parent.span_id for span in tools} == {boss.context.span_id}
    assert boss.attributes["ex_llm.agent.inference_calls"] == boss.attributes["ex_llm.agent.tool_calls"] == 2


async def test_tasks_may_share_one_step(seen: Any) -> None:
    step = with_agent("shared")

    async def run(seconds: float) -> bool:
        async with step:
            ref = context.running_step().ref
            await asyncio.sleep(seconds)
        return bool(events[-1].metadata["ref"] == ref)

    with capture_events("ex_llm.agent.stop") as events:
        assert await asyncio.gather(run(0.02), run(0.01), run(0.03)) == [True, True, True]
    assert not _current()


def test_contents_follow_the_setting(watch: Any, send: Any) -> None:
    @with_tool("weather")
    def weather(city: str) -> str:
        return f"sunny in {city}"

    @with_retrieval("library")
    def search(query: str) -> list[Any]:
        return [{"id": "d1", "text": "secret text"}]

    def run() -> None:
        with with_agent("a") as handle:
            weather(city="Recife")
            search("where")
            handle.output = "all is well"

    seen = watch()
    run()
    assert "Recife" not in str([dict(span.attributes) for span in seen.spans()])
    LLMInstrumentor().uninstrument()
    seen = watch(capture_message_content=True)
    run()
    tool, retrieval, agent = (span.attributes for span in seen.spans())
    assert tool["gen_ai.tool.call.arguments"] == '{"city":"Recife"}'
    assert tool["gen_ai.tool.call.result"] == "sunny in Recife"
    assert "where" in retrieval["gen_ai.retrieval.query.text"]
    assert retrieval["gen_ai.retrieval.documents"] == '[{"id":"d1","content":"secret text"}]'
    assert retrieval["ex_llm.retrieval.documents"] == 1
    assert "all is well" in agent["gen_ai.output.messages"]


def test_samplers_get_the_names_at_the_start() -> None:
    given: list[Any] = []

    class Sampler(StaticSampler):
        def should_sample(self, *args: Any, **kwargs: Any) -> Any:
            given.append(kwargs.get("attributes") or args[4])
            return super().should_sample(*args, **kwargs)

    LLMInstrumentor().instrument(tracer_provider=TracerProvider(sampler=Sampler(Decision.RECORD_AND_SAMPLE)))
    try:
        with with_agent("a", conversation_id="c"):
            pass
    finally:
        LLMInstrumentor().uninstrument()
    assert given[0]["gen_ai.agent.name"] == "a" and given[0]["gen_ai.conversation.id"] == "c"


def test_suppressed_and_uninstrumented_steps_make_no_span(seen: Any) -> None:
    with suppress_instrumentation(), with_agent("a"):
        pass
    LLMInstrumentor().uninstrument()
    with with_agent("a"):
        assert not _current()
    assert seen.spans() == []


def test_a_failing_handler_changes_nothing(seen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opentelemetry.instrumentation.llm.steps.run.Run._emit_end", lambda *a: 1 / 0)
    with with_agent("a"):
        pass
    assert seen.span().name == "invoke_agent a"
    assert not _current()


def test_nothing_is_kept_of_failed_runs(seen: Any, send: Any) -> None:
    from opentelemetry.instrumentation.llm.steps.run import Run

    for _ in range(30):
        words = _stream(seen, lambda: None)
        next(words)
        del words
    gc.collect()
    assert [one for one in gc.get_objects() if isinstance(one, Run)] == []
    assert len(seen.spans()) == 30


def test_an_evaluation_is_an_event_on_its_span(seen: Any) -> None:
    with with_agent("a"):
        judged = trace.get_current_span()
    evaluation("relevance", score=0.9, label="good", explanation="because", span=judged)
    (log,) = seen.logs()
    record = getattr(log, "log_record", log)
    assert record.event_name == "gen_ai.evaluation.result"
    assert record.attributes["gen_ai.evaluation.score.value"] == 0.9
    assert record.span_id == judged.get_span_context().span_id
    with pytest.raises(ValueError, match="relevance"):
        evaluation("relevance")


def test_threads_begin_and_end_their_own_run(seen: Any) -> None:
    step = with_tool("t")

    def run() -> None:
        with step:
            pass

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen.spans()) == 8
