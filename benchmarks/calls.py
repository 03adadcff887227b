"""Measure the time of instrumented and not instrumented calls in one run.

``python benchmarks/calls.py`` uses an OpenAI client whose transport returns responses from memory, so that only the SDK and this
package are measured. Rounds of all variants are interleaved, and the fastest round of each counts.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from opentelemetry.instrumentation.llm import LLMInstrumentor

ROUNDS, CALLS, STREAMS = 7, 200, 30
CHUNKS = 100
MESSAGES: list[Any] = [{"role": "user", "content": "hello"}]
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
}  # fmt: skip
CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "delta": {"content": "x"}}],
}
STREAM = "".join(f"data: {json.dumps(CHUNK)}\n\n" for _ in range(CHUNKS)) + "data: [DONE]\n\n"


def answer(request: httpx2.Request) -> httpx2.Response:
    """Return a whole response or a stream from memory."""
    if json.loads(request.content).get("stream"):
        return httpx2.Response(200, text=STREAM, headers={"content-type": "text/event-stream"})
    return httpx2.Response(200, json=ANSWER)


CLIENT = openai.OpenAI(api_key="sk-x", base_url="http://127.0.0.1/v1", http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))


def call() -> None:
    """Make one call without streaming."""
    CLIENT.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)


def stream() -> None:
    """Read one stream to its end."""
    for _ in CLIENT.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True):
        pass


def _providers(**tracer: Any) -> dict[str, Any]:
    return {"tracer_provider": TracerProvider(**tracer), "meter_provider": MeterProvider([InMemoryMetricReader()])}


VARIANTS: dict[str, dict[str, Any] | None] = {
    "not instrumented": None,
    "instrumented, no OpenTelemetry SDK": {},
    "instrumented, spans and metrics": _providers(),
    "instrumented, spans not sampled, metrics": _providers(sampler=ALWAYS_OFF),
}


def microseconds(work: Callable[[], None], times: int) -> float:
    """Return the average processor time of ``work`` in microseconds.

    Processor time depends less on other programs than wall-clock time.
    """
    began = time.process_time_ns()
    for _ in range(times):
        work()
    return (time.process_time_ns() - began) / times / 1e3


def main() -> None:
    """Measure every variant and print it in relation to the first."""
    best: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        for name, settings in VARIANTS.items():
            if settings is not None:
                LLMInstrumentor().instrument(threading=False, **settings)
            for kind, work, times in (("call", call, CALLS), ("stream", stream, STREAMS)):
                best[name, kind] = min(best.get((name, kind), float("inf")), microseconds(work, times))
            if settings is not None:
                LLMInstrumentor().uninstrument()
    print(f"python {sys.version.split()[0]}, openai {openai.__version__}; streams of {CHUNKS} chunks")
    for kind in ("call", "stream"):
        bare = best["not instrumented", kind]
        for name in VARIANTS:
            taken = best[name, kind]
            print(f"{kind:7} {name:43} {taken:9.1f} us   x{taken / bare:5.3f}   +{taken - bare:7.1f} us")


if __name__ == "__main__":
    main()
