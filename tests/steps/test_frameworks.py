"""Test the contract of every framework.

One trace with the right tree, every exit recorded, and an application that notices nothing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import Seen
from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.steps.run import Run
from opentelemetry.instrumentation.llm.testing import CapturedEvent, capture_events
from steps.apps import NAMES, App, load
from steps.native_spans import GlobalSeen
from steps.scripted import ANSWER, Scripted

pytestmark = [
    pytest.mark.usefixtures("no_context_errors"),
    # The twin test compares warnings, leaks and dropped objects of the frameworks with a run without this package.
    pytest.mark.filterwarnings("ignore"),
]
SCOPE = "opentelemetry.instrumentation.llm"
BROKEN_RUNS = int(os.environ.get("LLM_BROKEN_RUNS", "12"))
"""Number of runs that are left early or cancelled in the search for kept objects."""
EXITS = ("all", "break", "aclose", "drop", "cancel")


@pytest.fixture(scope="module")
def _scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def scripted(_scripted: Scripted) -> Scripted:
    _scripted.clear()
    return _scripted


@pytest.fixture(params=sorted(NAMES))
def app(request: pytest.FixtureRequest) -> App:
    return load(request.param)


@pytest.fixture
def watch(app: App) -> Iterator[Any]:
    """Instrument with settings of the test.

    If the framework makes spans, they are recorded too.
    """
    made: list[Seen] = []

    def instrument(**settings: Any) -> Seen:
        made.append(GlobalSeen() if app.native else Seen())
        made[-1].instrument(**settings)
        return made[-1]

    yield instrument
    if LLMInstrumentor().is_instrumented_by_opentelemetry:
        LLMInstrumentor().uninstrument()
    for each in made:
        each.close()


@pytest.fixture
def seen(watch: Any) -> Seen:
    made: Seen = watch()
    return made


@pytest.fixture
def events() -> Iterator[list[CapturedEvent]]:
    with capture_events("ex_llm.*") as captured:
        yield captured


def _current() -> bool:
    return trace.get_current_span().get_span_context().is_valid


def _tree(app: App, spans: Any) -> list[tuple[str, str]]:
    """Return names of spans with the names of their parents.

    Other spans of the framework are left out.
    """
    known = {span.context.span_id: span for span in spans}

    def parent(span: Any) -> str:
        above = None if span.parent is None else known[span.parent.span_id]
        return "" if above is None else parent(above) if above.name.startswith(app.inner) else above.name

    return sorted((span.name, parent(span)) for span in spans if not span.name.startswith(app.inner))


def _named(spans: Any, name: str) -> Any:
    (found,) = (span for span in spans if span.name == name)
    return found


def _ended(events: list[CapturedEvent], family: str, name: str) -> dict[str, Any]:
    """Return the measurements and metadata of the only end of an agent or a tool."""
    ends = (f"ex_llm.{family}.stop", f"ex_llm.{family}.exception")
    (found,) = (event for event in events if event.name in ends and event.metadata[f"{family}_name"] == name)
    return {**found.measurements, **found.metadata, "failed": found.name.endswith("exception")}


def _sum(events: list[CapturedEvent], family: str) -> int:
    ends = (f"ex_llm.{family}.stop", f"ex_llm.{family}.exception")
    return sum(event.metadata.get("input_tokens", 0) for event in events if event.name in ends)


BOSS, ASK, WEATHER, GET = "invoke_agent boss", "execute_tool ask_weather", "invoke_agent weather_agent", "execute_tool get_weather"


def _expected(app: App) -> list[tuple[str, str]]:
    agents = [(BOSS, ""), (ASK, BOSS), (WEATHER, ASK), (GET, WEATHER)]
    return sorted([*agents, *((app.inference, owner) for owner in (BOSS, BOSS, WEATHER, WEATHER))])


async def test_one_trace_with_the_right_tree(app: App, seen: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    assert await app.run(app.make(scripted.url), "weather?") == ANSWER
    spans = seen.spans()
    assert _tree(app, spans) == _expected(app)
    assert len({span.context.trace_id for span in spans if not span.name.startswith(app.inner)}) == 1
    assert [(span.name, span.status.description) for span in spans if not span.status.is_ok] == []
    assert not _current()
    tools = [_named(spans, name) for name in (ASK, GET)]
    owners = [_ended(events, "tool", name)["agent_name"] for name in ("ask_weather", "get_weather")]
    assert owners == ["boss", "weather_agent"]
    assert app.native or [tool.attributes["gen_ai.agent.name"] for tool in tools] == owners
    ids = [tool.attributes["gen_ai.tool.call.id"] for tool in tools]
    assert all(re.fullmatch(r"call_\d+", each) for each in ids)
    assert [_ended(events, "tool", name)["tool_call_id"] for name in ("ask_weather", "get_weather")] == ids


async def test_totals_of_agents_are_those_of_their_inferences(app: App, seen: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    await app.run(app.make(scripted.url), "weather?")
    ends = [_ended(events, "agent", name) for name in ("boss", "weather_agent")]
    assert [(end["inference_calls"], end["tool_calls"], end["input_tokens"]) for end in ends] == [(2, 1, 20)] * 2
    assert _sum(events, "agent") == _sum(events, "chat") == 40
    measured = [seen.total(f"gen_ai.{name}.duration") for name in ("invoke_agent", "execute_tool")]
    assert measured == ([0, 0] if app.native_metrics else [2, 2])
    assert seen.total("ex_llm.agent.runs.total") == seen.total("ex_llm.tool.calls.total") == 2
    for span in () if app.native else [_named(seen.spans(), name) for name in (BOSS, WEATHER)]:
        assert span.attributes["gen_ai.usage.input_tokens"] == 20
        assert (span.attributes["ex_llm.agent.inference_calls"], span.attributes["ex_llm.agent.tool_calls"]) == (2, 1)


async def test_the_conversation_is_on_every_span_of_its_run(app: App, seen: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    await app.run(app.make(scripted.url), "weather?")
    found = [_ended(events, "agent", "boss"), _ended(events, "tool", "ask_weather")]
    assert [end.get("conversation_id") for end in found] == ["c-1" if app.conversation else None] * 2
    for span in [] if app.native or not app.conversation else [_named(seen.spans(), name) for name in (BOSS, ASK)]:
        assert span.attributes["gen_ai.conversation.id"] == "c-1"


async def test_contents_are_recorded_as_the_setting_selects(app: App, watch: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    seen = watch()
    await app.run(app.make(scripted.url), "weather?")
    assert app.native or "sunny" not in str([dict(span.attributes) for span in seen.spans()])
    assert [event for event in events if event.name == "ex_llm.content"] == []
    LLMInstrumentor().uninstrument()
    seen = watch(capture_message_content=True)
    await app.run(app.make(scripted.url), "weather?")
    (content,) = (e.metadata["content"] for e in events if e.name == "ex_llm.content" and e.metadata.get("tool_name") == "get_weather")
    assert "Recife" in str(content.tool_arguments) and "sunny in Recife" in str(content.tool_result)
    tool = _named(seen.spans(), GET).attributes
    assert app.native or "Recife" in tool["gen_ai.tool.call.arguments"]
    assert app.native or "sunny in Recife" in tool["gen_ai.tool.call.result"]


async def _leave(app: App, made: Any, how: str) -> None:
    stream: Any = None if how == "cancel" else app.stream(made)
    if how == "cancel":
        running = asyncio.ensure_future(app.run(made, "weather?"))
        await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    elif how == "drop":
        await stream.__anext__()
    else:
        async for _ in stream:
            if how != "all":
                break
    if how == "aclose":
        await stream.aclose()
    stream = None
    for _ in range(4):
        # A collected generator is closed in a task; that task ends before the next collection.
        gc.collect()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", EXITS)
async def test_every_exit_ends_all_spans(app: App, watch: Any, scripted: Scripted, how: str, events: list[CapturedEvent]) -> None:
    from opentelemetry.sdk.trace import SpanProcessor

    begun: list[Any] = []
    ended: list[Any] = []

    class Counts(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            begun.append(span)

        def on_end(self, span: Any) -> None:
            ended.append(span)

    if how not in app.exits:
        pytest.skip("the framework itself fails on this way out")
    seen = watch()
    seen.tracer_provider.add_span_processor(Counts())
    await _leave(app, app.make(scripted.url), how)
    assert not _current()
    ours = [[span for span in spans if not span.name.startswith(app.inner)] for spans in (begun, ended)]
    assert len(ours[0]) == len(ours[1]) > 0
    assert [span.name for span in ended if span.name.startswith(("invoke", "execute")) and not span.status.is_ok] == []
    starts = [event.metadata["ref"] for event in events if re.fullmatch(r"ex_llm\.(agent|tool|workflow)\.start", event.name)]
    assert len(starts) == len([event for event in events if re.fullmatch(r"ex_llm\.(agent|tool|workflow)\.stop", event.name)]) > 0
    outcome = _ended(events, "agent", "boss")["outcome"]
    assert outcome in {"all": ("complete",), "cancel": app.cancelled}.get(how, app.left_early)
    of_agents, of_calls = _sum(events, "agent"), _sum(events, "chat")
    assert of_agents <= of_calls if how in app.runs_on else of_agents == of_calls


async def test_an_exception_of_a_tool_is_an_error_of_the_tool(app: App, seen: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    if app.fails_softly:
        assert await app.fail(app.make(scripted.url)) == ANSWER
    else:
        with pytest.raises(ValueError, match="boom"):
            await app.fail(app.make(scripted.url))
    spans = seen.spans()
    assert app.native or not _named(spans, "execute_tool breaks").status.is_ok
    assert _named(spans, "invoke_agent breaker").status.is_ok == app.fails_softly
    assert _ended(events, "tool", "breaks")["failed"] and _ended(events, "agent", "breaker")["failed"] != app.fails_softly
    assert app.native or "boom" not in str([(dict(span.attributes), span.status.description) for span in spans])


async def test_control_flow_is_an_outcome_and_not_an_error(app: App, seen: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    if app.control_flow is None:
        pytest.skip("the framework has no exception for control flow")
    await app.control_flow(app.make(scripted.url))
    assert _ended(events, "tool", "approve")["outcome"] == app.outcome
    assert _named(seen.spans(), "execute_tool approve").status.is_ok


async def test_two_concurrent_tools_have_one_parent(app: App, seen: Any, scripted: Scripted, events: list[CapturedEvent]) -> None:
    await app.pair(app.make(scripted.url))
    spans = seen.spans()
    pair = _named(spans, "invoke_agent pair")
    tools = [_named(spans, f"execute_tool {name}") for name in ("one", "two")]
    parents = [parent for name, parent in _tree(app, spans) if name.startswith("execute_tool")]
    assert parents == [pair.name] * 2
    assert len({tool.attributes["gen_ai.tool.call.id"] for tool in tools}) == 2
    assert _ended(events, "agent", "pair")["tool_calls"] == 2


def _without_ids(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return re.sub(r"call_\d+|chatcmpl-\d+|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+", "ID", text)


async def _observe(app: App, scripted: Scripted, caplog: Any) -> dict[str, Any]:
    scripted.clear()
    caplog.clear()
    made = app.make(scripted.url)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        value = await app.run(made, "weather?")
        stream = app.stream(made)
        kinds = [type(item).__name__ async for item in stream]
        failed = await asyncio.gather(app.fail(made), return_exceptions=True)
        gc.collect()
    return {
        "value": value,
        "stream": (type(stream), kinds),
        "failed": (type(failed[0]), str(failed[0])),
        "requests": [_without_ids(request) for request in scripted.requests],
        "warnings": sorted({str(w.message)[:80] for w in warned if "socket" not in str(w.message) and "transport" not in str(w.message)}),
        "logs": [(r.name, r.levelname) for r in caplog.records if r.levelno >= logging.INFO and not r.name.startswith("httpx")],
    }


async def test_the_application_notices_nothing(app: App, scripted: Scripted, watch: Any, caplog: Any) -> None:
    await _observe(app, scripted, caplog)
    bare = await _observe(app, scripted, caplog)
    watch(capture_message_content=True)
    assert await _observe(app, scripted, caplog) == bare


async def test_nothing_is_kept_of_failed_runs(app: App, seen: Any, scripted: Scripted) -> None:
    made = app.make(scripted.url)
    counts, kept = [], []
    for share in (1, 2):
        kept.clear()  # This list would keep the runs of the round before.
        for how in app.exits[1:] * max(share, BROKEN_RUNS * share // (3 * len(app.exits[1:]))):
            await _leave(app, made, how)
        seen.clear()  # Log records of a framework hold the context in which they were made.
        gc.collect()
        kept.extend(run for run in gc.get_objects() if isinstance(run, Run))
        counts.append(len(kept))
    # A kept connection or thread holds the context in which it was made.
    assert counts[1] <= counts[0] + 1 <= 12
    assert all(run.ended and not run._used and run.content is None for run in kept)


async def test_uninstrument_leaves_no_step(app: App, watch: Any, scripted: Scripted) -> None:
    seen = watch()
    made = app.make(scripted.url)
    LLMInstrumentor().uninstrument()
    assert await app.run(made, "weather?") == ANSWER
    assert [span for span in seen.spans() if span.instrumentation_scope.name == SCOPE] == []
