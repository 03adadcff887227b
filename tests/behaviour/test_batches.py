"""Test that the usage of batches is counted once, at batch prices."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from harness.servers.loopback import Response, serving
from opentelemetry.instrumentation.llm import CostBudget
from opentelemetry.instrumentation.llm.costs.batches import Batches
from opentelemetry.instrumentation.llm.dialects import batches
from opentelemetry.instrumentation.llm.schema.records import Batch, BatchItem, Usage
from opentelemetry.instrumentation.llm.testing import capture_events

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
GPT_4O = 0.35 / 2
"""Cents for ``USAGE`` at batch prices."""


def _chat(number: int, model: str = "gpt-4o") -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}
    return {"id": f"chatcmpl_{number}", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": USAGE}


def _line(number: int, body: Any) -> dict[str, Any]:
    return {"id": f"b{number}", "custom_id": f"c{number}", "response": {"status_code": 200, "body": body}, "error": None}


def _lines(*documents: Any) -> Response:
    return Response("".join(json.dumps(document) + "\n" for document in documents).encode(), content_type="application/octet-stream")


def _job(status: str, usage: Any = None, model: str = "gpt-4o") -> dict[str, Any]:
    return {
        "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": "file_in", "completion_window": "24h",
        "created_at": 1, "status": status, "model": model, "output_file_id": "file_out" if status == "completed" else None, "usage": usage,
    }  # fmt: skip


SUM = {
    "input_tokens": 2000, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 200,
    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2200, "prompt_tokens": 0, "completion_tokens": 0,
}  # fmt: skip


@contextmanager
def _openai(usage: Any = None, results: Response | None = None, model: str = "gpt-4o") -> Iterator[openai.OpenAI]:
    polls: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        if path.endswith("/content"):
            return results or _lines(_line(1, _chat(1)), _line(2, _chat(2)))
        polls.append(path)
        return _job("in_progress") if len(polls) < 3 else _job("completed", usage, model)

    with serving(respond) as url, openai.OpenAI(api_key="k", base_url=url) as client:
        yield client


def _polled(client: openai.OpenAI) -> Any:
    client.batches.create(input_file_id="file_in", endpoint="/v1/chat/completions", completion_window="24h")
    return [client.batches.retrieve("batch_1") for _ in range(4)][-1]


def _costs(emitted: Any) -> list[Any]:
    return [pytest.approx(e.measurements["cost"]) if e.measurements else e.metadata["reason"] for e in emitted]


def test_sum_of_a_batch_counts_once_and_its_file_adds_nothing(seen: Any) -> None:
    budget = CostBudget("batches", 100)
    with _openai(SUM) as client, capture_events("ex_llm.cost.*") as emitted:
        job = _polled(client)
        client.files.content(job.output_file_id)
    assert _costs(emitted) == [2 * GPT_4O]
    budget.close()
    assert budget.spent() == pytest.approx(2 * GPT_4O)
    assert seen.total("ex_llm.tokens.input.total") == 2000
    assert seen.total("ex_llm.cost.cents.total") == pytest.approx(2 * GPT_4O)


@pytest.mark.parametrize(
    "fetch",
    [
        lambda client: client.files.content("file_out").text,
        lambda client: client.files.with_raw_response.content("file_out").parse().text,
        lambda client: client.with_options(max_retries=0).files.content("file_out").read(),
    ],
    ids=["content", "raw", "options"],
)
def test_results_are_counted_once_when_they_are_read(fetch: Callable[[Any], Any], seen: Any) -> None:
    with _openai() as client, capture_events("ex_llm.cost.*") as emitted:
        fetch(client)
        fetch(client)
    assert _costs(emitted) == [2 * GPT_4O]
    assert seen.total("ex_llm.tokens.output.total") == 200
    assert [span.name for span in seen.spans()] == ["fetch_batch", "fetch_batch"]


def test_results_read_before_the_sum_are_not_counted_again(seen: Any) -> None:
    with _openai(SUM) as client, capture_events("ex_llm.cost.*") as emitted:
        client.batches.retrieve("batch_1")
        client.files.content("file_out")
        _polled(client)
    assert _costs(emitted) == [2 * GPT_4O]


def test_sum_of_a_batch_never_seen_unfinished_is_not_counted(seen: Any) -> None:
    with (
        serving(lambda *_: _job("completed", SUM)) as url,
        openai.OpenAI(api_key="k", base_url=url) as client,
        capture_events("ex_llm.cost.*") as emitted,
    ):
        client.batches.retrieve("batch_1")
    assert emitted == []


def test_sum_beyond_a_price_level_has_a_reason(seen: Any) -> None:
    used = {**SUM, "input_tokens": 3_000_000, "total_tokens": 3_000_200}
    with capture_events("ex_llm.cost.*") as emitted, _openai(used, model="gpt-5.4") as client:
        _polled(client)
    assert _costs(emitted) == ["ambiguous_usage"] and emitted[0].metadata["input_tokens"] == 3_000_000


def test_async_results_are_counted(seen: Any) -> None:
    async def fetch(url: str) -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=url) as client:
            await client.files.content("file_out")

    with serving(lambda *_: _lines(_line(1, _chat(1)))) as url, capture_events("ex_llm.cost.*") as emitted:
        asyncio.run(fetch(url))
    assert _costs(emitted) == [GPT_4O]


def test_results_of_responses_and_embeddings_are_read(seen: Any) -> None:
    response = {
        "id": "resp_1", "object": "response", "model": "gpt-4o", "status": "completed", "output": [],
        "usage": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100},
    }  # fmt: skip
    embedding = {"object": "list", "model": "text-embedding-3-small", "data": [], "usage": {"prompt_tokens": 1000, "total_tokens": 1000}}
    results = _lines(_line(1, response), _line(2, embedding), {"id": "b3", "custom_id": "c", "response": None, "error": {"code": "e"}})
    with _openai(results=results) as client, capture_events("ex_llm.cost.*") as emitted:
        client.files.content("file_out")
    assert _costs(emitted) == [GPT_4O + 0.002 / 2]


@pytest.mark.parametrize("body", [b"\x89PNG", b'{"messages": []}\n{"messages": []}', b"", b"{", b"[]"])
def test_other_files_are_no_calls(body: bytes, seen: Any) -> None:
    with _openai(results=Response(body, content_type="application/octet-stream")) as client, capture_events("ex_llm.*") as emitted:
        assert client.files.content("file_out").content == body
    assert emitted == [] and seen.spans() == []


def test_file_that_fails_is_no_call(seen: Any) -> None:
    with _openai(results=Response(b"{}", 404)) as client, capture_events("ex_llm.*") as emitted, pytest.raises(openai.NotFoundError):
        client.files.content("file_out")
    assert emitted == []


def test_large_results_have_a_reason(seen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LONGEST", 10)
    with _openai() as client, capture_events("ex_llm.cost.*") as emitted:
        client.files.content("file_out")
    assert _costs(emitted) == ["results_too_large"]


def _message(number: int) -> dict[str, Any]:
    used = {"input_tokens": 1000, "output_tokens": 100, "service_tier": "batch"}
    message = {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn", "usage": used,
    }  # fmt: skip
    return {"custom_id": f"c{number}", "result": {"type": "succeeded", "message": message}}


@contextmanager
def _anthropic() -> Iterator[str]:
    failed = {"custom_id": "c9", "result": {"type": "errored", "error": {"type": "error", "error": {"type": "x", "message": "y"}}}}
    base: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        if "/results" in path:
            return _lines(_message(1), failed, _message(2), _message(3))
        return {
            "id": "mb_1",
            "type": "message_batch",
            "processing_status": "ended",
            "results_url": f"{base[0]}/v1/messages/batches/mb_1/results",
        }

    with serving(respond) as url:
        base.append(url)
        yield url


MESSAGE = 0.45 / 2


@pytest.mark.parametrize(
    "batches_of",
    [lambda client: client.messages.batches, lambda client: client.beta.messages.batches],
    ids=["messages", "beta"],
)
def test_results_of_messages_are_counted_once(batches_of: Callable[[Any], Any], seen: Any) -> None:
    anthropic = pytest.importorskip("anthropic")
    with _anthropic() as url, anthropic.Anthropic(api_key="k", base_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        for _ in range(2):
            assert [item.result.type for item in batches_of(client).results("mb_1")] == ["succeeded", "errored", "succeeded", "succeeded"]
    assert _costs(emitted) == [3 * MESSAGE]
    assert seen.total("ex_llm.tokens.input.total") == 3000


def test_results_that_were_partly_read_are_completed(seen: Any) -> None:
    anthropic = pytest.importorskip("anthropic")
    with _anthropic() as url, anthropic.Anthropic(api_key="k", base_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        partly = client.messages.batches.results("mb_1")
        next(iter(partly))
        partly.close()
        list(client.messages.batches.with_raw_response.results("mb_1").parse())
    assert _costs(emitted) == [MESSAGE, 2 * MESSAGE]


def test_async_results_of_messages_are_counted(seen: Any) -> None:
    anthropic = pytest.importorskip("anthropic")

    async def fetch(url: str) -> None:
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url) as client:
            async for _ in await client.messages.batches.results("mb_1"):
                pass

    with _anthropic() as url, capture_events("ex_llm.cost.*") as emitted:
        asyncio.run(fetch(url))
    assert _costs(emitted) == [3 * MESSAGE]


def test_results_of_groq_and_together_are_counted(seen: Any) -> None:
    groq, together = pytest.importorskip("groq"), pytest.importorskip("together")
    results = _lines(_line(1, _chat(1, "llama-3.1-8b-instant")))
    with serving(lambda *_: results) as url, capture_events("ex_llm.cost.*") as emitted:
        with groq.Groq(api_key="k", base_url=url) as client:
            client.files.content("file_out").read()
        with together.Together(api_key="k", base_url=url) as client:
            client.files.content("file_out").read()
    assert [e.metadata["provider"] for e in emitted] == ["groq", "together"]
    assert all(e.metadata["input_tokens"] == 1000 for e in emitted)


def test_inline_results_of_mistral_are_counted(seen: Any) -> None:
    mistral = pytest.importorskip("mistralai.client")
    polls: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        polls.append(path)
        done = len(polls) > 1
        return {
            "id": "mj_1", "object": "batch", "input_files": ["f"], "endpoint": "/v1/chat/completions", "errors": [], "created_at": 1,
            "status": "SUCCESS" if done else "RUNNING", "total_requests": 1, "completed_requests": 1, "succeeded_requests": 1,
            "failed_requests": 0, "model": "mistral-small-latest", "output_file": "file_out",
            "outputs": [_line(1, _chat(1, "mistral-small-latest"))] if done else None,
        }  # fmt: skip

    with serving(respond) as url, mistral.Mistral(api_key="k", server_url=url) as client, capture_events("ex_llm.cost.*") as emitted:
        for _ in range(3):
            client.batch.jobs.get(job_id="mj_1", inline=True)
    assert len(emitted) == 1 and emitted[0].metadata["input_tokens"] == 1000


@pytest.mark.parametrize(
    "read", [lambda r: r.read(), lambda r: list(r.iter_bytes()), lambda r: list(r.stream)], ids=["read", "bytes", "stream"]
)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_downloaded_results_of_mistral_are_counted(read: Callable[[Any], Any], compressed: bool, seen: Any) -> None:
    mistral = pytest.importorskip("mistralai.client")
    results = _lines(_line(1, _chat(1, "mistral-small-latest")))
    if compressed:
        results = Response(gzip.compress(results.body), content_type="application/octet-stream", encoding="gzip")
    with (
        serving(lambda *_: results) as url,
        mistral.Mistral(api_key="k", server_url=url) as client,
        capture_events("ex_llm.cost.*") as emitted,
    ):
        for _ in range(2):
            response = client.files.download(file_id="file_out")
            read(response)
            response.close()
    assert [e.metadata["input_tokens"] for e in emitted] == [1000]


def test_results_streamed_from_a_file_are_counted(seen: Any) -> None:
    with _openai() as client, capture_events("ex_llm.cost.*") as emitted:
        with client.files.with_streaming_response.content("file_out") as response:
            assert len(list(response.iter_lines())) == 2
        with client.files.with_streaming_response.content("file_out") as response:
            pass
    assert _costs(emitted) == [2 * GPT_4O]


def _gemini(done: bool, **output: Any) -> dict[str, Any]:
    state = "BATCH_STATE_SUCCEEDED" if done else "BATCH_STATE_RUNNING"
    meta = {"model": "models/gemini-2.5-flash", "state": state, "name": "batches/b", "output": output if done else {}}
    return {"name": "batches/b", "metadata": meta, "done": done}


GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "x"}]}, "finishReason": "STOP"}], "modelVersion": "gemini-2.5-flash",
    "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100},
}  # fmt: skip


def test_inline_results_of_gemini_are_counted_once(seen: Any) -> None:
    genai = pytest.importorskip("google.genai")
    polls: list[str] = []

    def respond(method: str, path: str, body: Any) -> Any:
        polls.append(path)
        inlined = [{"response": {**GEMINI, "responseId": f"r{n}"}} for n in range(2)] + [{"error": {"code": 13, "message": "x"}}]
        return _gemini(len(polls) > 1, inlinedResponses={"inlinedResponses": inlined})

    with serving(respond) as url, capture_events("ex_llm.cost.*") as emitted:
        client = genai.Client(api_key="k", http_options={"base_url": url})
        for _ in range(3):
            client.batches.get(name="batches/b")
        client.close()
    assert _costs(emitted) == [2 * 0.055 / 2]
    assert seen.total("ex_llm.tokens.input.total") == 2000


def test_results_of_gemini_in_a_file_are_counted_once(seen: Any) -> None:
    genai = pytest.importorskip("google.genai")
    results = _lines({"key": "a", "response": GEMINI}, {"key": "b", "error": {"code": 13}}, {"key": "c", "response": GEMINI})
    with serving(lambda *_: results) as url, capture_events("ex_llm.cost.*") as emitted:
        client = genai.Client(api_key="k", http_options={"base_url": url})
        for _ in range(2):
            assert client.files.download(file="files/abc") == results.body
        client.close()
    assert _costs(emitted) == [2 * 0.055 / 2]


def test_counted_responses_are_bounded() -> None:
    kept = Batches()
    items = [BatchItem(number, "m", Usage(input_tokens=1)) for number in range(100_001)]
    assert len(kept.uncounted("p", Batch(items=items))) == 100_001
    assert [item.key for item in kept.uncounted("p", Batch(items=[items[0], items[-1]]))] == [0]
