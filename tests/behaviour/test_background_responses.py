"""Test that a background response is counted once.

It is counted at the first fetch that returns it finished.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from harness.servers.loopback import events, serving
from opentelemetry.instrumentation.llm.costs.deferred import Deferred
from opentelemetry.instrumentation.llm.schema.records import Response, Usage
from opentelemetry.instrumentation.llm.testing import capture_events

USAGE = {
    "input_tokens": 10000,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 2000,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 12000,
}


def _response(status: str, name: str = "resp_1") -> dict[str, Any]:
    return {
        "id": name,
        "object": "response",
        "created_at": 1,
        "status": status,
        "background": True,
        "model": "gpt-5-2025-08-07",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": USAGE if status in ("completed", "incomplete", "cancelled") else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
    }


@contextlib.contextmanager
def _serving(final: str) -> Iterator[str]:
    fetches: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        if method == "POST":
            return _response("queued")
        fetches.append(path)
        if "stream=true" in path:
            created = {"type": "response.created", "sequence_number": 0, "response": _response("in_progress")}
            return events(created, {"type": f"response.{final}", "sequence_number": 1, "response": _response(final)})
        return _response("in_progress" if len(fetches) == 1 else final)

    with serving(respond) as url:
        yield url


@pytest.mark.parametrize("final", ["completed", "incomplete", "cancelled"])
def test_first_fetch_of_a_finished_response_counts_it(final: str, seen: Any) -> None:
    with _serving(final) as url, openai.OpenAI(api_key="k", base_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        response = client.responses.create(model="gpt-5", input="x", background=True)
        for _ in range(4):
            response = client.responses.retrieve(response.id)
    assert [(e.name, e.measurements.get("cost")) for e in emitted] == [("ex_llm.cost.calculated", 3.25)]
    assert seen.total("ex_llm.tokens.input.total") == 10000
    assert not [key for span in seen.spans() for key in span.attributes if key.startswith("gen_ai.usage")]


def test_resumed_stream_counts_the_response_it_finishes(seen: Any) -> None:
    with _serving("completed") as url, openai.OpenAI(api_key="k", base_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        response = client.responses.create(model="gpt-5", input="x", background=True)
        list(client.responses.retrieve(response.id, stream=True, starting_after=0))
        client.responses.retrieve(response.id)
        client.responses.retrieve(response.id)
    assert [e.measurements.get("cost") for e in emitted] == [3.25]
    assert seen.total("ex_llm.tokens.output.total") == 2000


def test_async_fetch_counts_once(seen: Any) -> None:
    async def fetch(url: str) -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=url) as client:
            response = await client.responses.create(model="gpt-5", input="x", background=True)
            for _ in range(3):
                await client.responses.retrieve(response.id)

    with _serving("completed") as url, capture_events("ex_llm.cost.*") as emitted:
        asyncio.run(fetch(url))
    assert [e.measurements.get("cost") for e in emitted] == [3.25]


def test_response_never_returned_unfinished_is_not_counted(seen: Any) -> None:
    with (
        serving(lambda *_: _response("completed")) as url,
        openai.OpenAI(api_key="k", base_url=url) as client,
        capture_events("ex_llm.cost.*") as emitted,
    ):
        client.responses.retrieve("resp_1")
    assert emitted == [] and "ex_llm.cost.cents" not in seen.span().attributes


def test_remembered_response_ids_are_bounded() -> None:
    deferred = Deferred()
    for number in range(10_001):
        deferred.is_unfinished(Response(response_id=f"r{number}", response_status="queued"))
    done = [Response(response_id=f"r{n}", response_status="completed", deferred_usage=Usage(input_tokens=1)) for n in (0, 1)]
    assert [deferred.finished(reply) is not None for reply in done] == [False, True]


def test_background_interaction_of_gemini_counts_once(seen: Any) -> None:
    genai = pytest.importorskip("google.genai")
    fetches: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        done = method == "GET" and len(fetches) > 0
        fetches.extend([path] if method == "GET" else [])
        usage = {"total_input_tokens": 1000, "total_output_tokens": 100, "total_tokens": 1100} if done else None
        return {"id": "i1", "model": "gemini-2.5-flash", "status": "completed" if done else "in_progress", "steps": [], "usage": usage}

    with serving(respond) as url, capture_events("ex_llm.cost.*") as emitted:
        client = genai.Client(api_key="k", http_options={"base_url": url})
        made = client.interactions.create(model="gemini-2.5-flash", input="x", background=True)
        for _ in range(4):
            client.interactions.get(made.id)
        client.close()
    assert [(e.name, e.measurements.get("cost") is not None) for e in emitted] == [("ex_llm.cost.calculated", True)]
    assert seen.total("ex_llm.tokens.input.total") == 1000


def test_fetched_prediction_of_replicate_counts_once() -> None:
    deferred = Deferred()
    deferred.is_unfinished(Response(response_id="p1", response_status="starting"))
    done = Response(response_id="p1", response_status="succeeded", usage=Usage(input_tokens=10))
    assert [deferred.finished(done), deferred.finished(done)] == [Usage(input_tokens=10), None]
