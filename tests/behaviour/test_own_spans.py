"""Test spans of applications: kind, input, output, session and attributes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import span, with_agent, with_attributes, with_content, with_span, with_workflow


def _text(attributes: Any, name: str) -> Any:
    return json.loads(attributes[name])[0]["parts"][0]["content"]


def test_a_decorated_function_records_kind_input_and_output(watch: Any) -> None:
    seen = watch(capture_message_content="span_only")

    @with_span("answer", kind="workflow")
    def answer(question: str) -> str:
        return f"{question}!"

    @with_span("look_up", kind="tool")
    def look_up(city: str, days: int) -> dict[str, Any]:
        return {"sky": "clear"}

    assert answer("why") == "why!" and look_up("Osaka", days=2) == {"sky": "clear"}
    first, second = (found.attributes for found in seen.spans())
    assert first["gen_ai.operation.name"] == "invoke_workflow" and first["gen_ai.agent.name"] == "answer"
    assert (_text(first, "gen_ai.input.messages"), _text(first, "gen_ai.output.messages")) == ("why", "why!")
    assert second["gen_ai.tool.name"] == "look_up" and json.loads(second["gen_ai.tool.call.result"]) == {"sky": "clear"}
    assert json.loads(second["gen_ai.tool.call.arguments"]) == {"args": ["Osaka"], "days": 2}


@pytest.mark.asyncio
async def test_coroutine_functions_record_the_same(watch: Any) -> None:
    seen = watch(capture_message_content="span_only")

    @with_span("answer", kind="agent")
    async def answer(question: str) -> str:
        return "because"

    assert await answer("why") == "because"
    assert _text(seen.span().attributes, "gen_ai.output.messages") == "because"


@pytest.mark.parametrize("where", ["no_content", "event_only"])
def test_contents_need_the_content_setting(where: str, watch: Any) -> None:
    seen = watch(capture_message_content=where)

    class Unread:
        def __repr__(self) -> str:
            raise AssertionError("contents are off")

    @with_span("answer", kind="workflow")
    def answer(question: Any) -> Any:
        return question

    answer(Unread())
    attributes = seen.span().attributes
    assert attributes["gen_ai.operation.name"] == "invoke_workflow" and "gen_ai.input.messages" not in attributes
    with with_content("span_only"):
        with_span("again", kind="workflow")(lambda text: text)("hello")
    assert _text(seen.spans()[-1].attributes, "gen_ai.input.messages") == "hello"


def test_a_function_without_a_kind_records_nothing_more(watch: Any) -> None:
    seen = watch(capture_message_content="span_only")
    with_span("plain", {"a": 1})(lambda text: text)("hello")
    assert dict(seen.span().attributes) == {"a": 1}
    with pytest.raises(ValueError, match="workflow"):
        with_span("x", kind="dream")


def test_steps_record_their_input(watch: Any) -> None:
    seen = watch(capture_message_content="span_only")

    @with_workflow("trip")
    def plan(question: str) -> str:
        return "by train"

    plan("how?")
    with with_agent("planner") as run:
        run.input, run.output = "where?", "there"
    workflow, agent = (found.attributes for found in seen.spans())
    assert (_text(workflow, "gen_ai.input.messages"), _text(workflow, "gen_ai.output.messages")) == ("how?", "by train")
    assert (_text(agent, "gen_ai.input.messages"), _text(agent, "gen_ai.output.messages")) == ("where?", "there")


def test_session_and_user_are_on_every_span(watch: Any) -> None:
    seen = watch()
    with (
        with_attributes(session_id="s-1", user_id="u-1", **{"tenant.id": "acme"}),
        with_span("outer"),
        span("myapp.inner"),
        with_agent("planner"),
    ):
        pass
    assert len(seen.spans()) == 3
    for found in seen.spans():
        assert (found.attributes["session.id"], found.attributes["user.id"], found.attributes["tenant.id"]) == ("s-1", "u-1", "acme")


def test_attributes_that_were_set_here_need_no_setting(watch: Any) -> None:
    seen = watch()
    with with_attributes(**{"app.feature": "search"}), with_agent("planner"):
        pass
    assert seen.span().attributes["app.feature"] == "search"
