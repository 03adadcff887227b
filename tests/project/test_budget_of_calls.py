"""Test the functions and byte codes that one chat and one chunk execute.

They may not exceed the checked-in budget. ``python tests/project/test_budget_of_calls.py`` lowers the budget to the present figures,
and refuses to raise it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2
import openai
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

import opentelemetry.instrumentation.llm as package
from opentelemetry.instrumentation.llm import LLMInstrumentor, capture

FILE = Path(__file__).with_name("budget_of_calls.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
OURS = str(Path(package.__file__).parent)
CALLS, CHUNKS = 3, (20, 120)
TOLERANCE = 1.01
MODEL = "gpt-4o-mini"
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "service_tier": "default",
    "usage": {
        "prompt_tokens": 117, "completion_tokens": 39, "total_tokens": 156,
        "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 8},
    },
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris"}}],
}  # fmt: skip
CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
MESSAGES: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]


class Counter:
    """Count functions and byte codes of the package in this thread."""

    def __init__(self) -> None:
        self.functions = self.bytecodes = 0

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        self.functions += 1
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return self._step

    def _step(self, frame: Any, event: str, argument: Any) -> Any:
        if event == "opcode":
            self.bytecodes += 1
        return self._step


def counted(work: Callable[[], None]) -> tuple[int, int]:
    """Return the functions and byte codes of the package that ``work`` executes.

    The lowest of three runs after a warm-up.
    """
    for _ in range(CALLS):
        work()
    found = []
    for _ in range(CALLS):
        counter, before = Counter(), sys.gettrace()
        sys.settrace(counter)
        try:
            work()
        finally:
            sys.settrace(before)
        found.append((counter.functions, counter.bytecodes))
    return min(found)


def respond(request: httpx2.Request) -> httpx2.Response:
    requested = json.loads(request.content)
    if not requested.get("stream"):
        return httpx2.Response(200, json=ANSWER)
    choices = [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]
    body = f"data: {json.dumps({**CHUNK, 'choices': choices})}\n\n" * requested["max_tokens"] + "data: [DONE]\n\n"
    return httpx2.Response(200, text=body, headers={"content-type": "text/event-stream"})


def measured() -> dict[str, int]:
    """Return the figures of one chat and of one chunk."""
    http = httpx2.Client(transport=httpx2.MockTransport(respond))
    reader = InMemoryMetricReader()
    clock = itertools.count(1, 1_000_000).__next__
    # The gaps between chunks are sorted into buckets: a busy machine would need more of them.
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(package.__name__)]
    with contextlib.ExitStack() as stack:
        for module in modules:
            if hasattr(module, "perf_counter_ns"):
                stack.enter_context(mock.patch.object(module, "perf_counter_ns", clock))
        return _measured(http, reader)


def _measured(http: httpx2.Client, reader: InMemoryMetricReader) -> dict[str, int]:
    capture.used = False  # A scope of another test would add a look-up to every call.
    LLMInstrumentor().instrument(threading=False, tracer_provider=TracerProvider(), meter_provider=MeterProvider([reader]))
    try:
        with openai.OpenAI(api_key="sk-x", base_url="http://127.0.0.1/v1", http_client=http) as client:

            def chat() -> None:
                client.chat.completions.create(model=MODEL, messages=MESSAGES, temperature=0.2)

            def stream(chunks: int) -> None:
                for _ in client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=chunks, stream=True):
                    pass

            functions, bytecodes = counted(chat)
            few, many = (counted(lambda chunks=chunks: stream(chunks)) for chunks in CHUNKS)  # type: ignore[misc]
    finally:
        LLMInstrumentor().uninstrument()
    chunks = CHUNKS[1] - CHUNKS[0]
    return {
        "chat functions": functions, "chat bytecodes": bytecodes,
        "hundred chunks functions": (many[0] - few[0]) * 100 // chunks, "hundred chunks bytecodes": (many[1] - few[1]) * 100 // chunks,
    }  # fmt: skip


@pytest.fixture
def allowed() -> Iterator[dict[str, int]]:
    budget = json.loads(FILE.read_text())
    if VERSION not in budget:
        pytest.skip(f"no budget for Python {VERSION}; its byte codes are others")
    yield budget[VERSION]


def test_a_chat_and_a_chunk_stay_within_their_budget(allowed: dict[str, int]) -> None:
    found = measured()
    over = {name: f"{found[name]} of {most}" for name, most in allowed.items() if found[name] > most * TOLERANCE}
    assert not over, f"more is executed than before: {over}; make it cheaper, or lower something else"


def test_the_work_of_a_chat_is_counted(allowed: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove that the counter counts: a counter of nothing would always pass."""
    found = measured()
    assert found["chat functions"] > 50
    assert found["chat bytecodes"] > 20 * found["chat functions"]
    assert threading.gettrace() is None


def main() -> None:
    """Lower the budget of this Python version to the present figures."""
    budget = json.loads(FILE.read_text()) if FILE.exists() else {}
    found, before = measured(), budget.get(VERSION, {})
    higher = {name: value for name, value in found.items() if value > before.get(name, value) * TOLERANCE}
    if higher:
        sys.exit(f"the budget may only fall: {higher} against {before}")
    budget[VERSION] = {name: min(value, before.get(name, value)) for name, value in found.items()}
    FILE.write_text(json.dumps(budget, indent=2, sort_keys=True) + "\n")
    sys.stdout.write(f"{VERSION}: {found}\n")


if __name__ == "__main__":
    main()
