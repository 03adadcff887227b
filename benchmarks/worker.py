"""Run the rows of a benchmark for one peer and one set-up.

``run.py`` starts it as a process:

    python worker.py '{"setup": "...", "mode": "sdk", "handlers": 0, "rows": {"chat sync": 20}, "library": null}'

With ``library``, a shared object that makes callgrind write its counts, each row runs once. Without it, the worker reads one name
of a row per line, runs the row, and prints the CPU time of one call in microseconds. The worker opens no socket: the transport
of the HTTP client returns responses from memory.
"""

from __future__ import annotations

import asyncio
import base64
import ctypes
import gc
import importlib
import json
import os
import struct
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

MODEL = "gpt-4o-mini"
USAGE = {
    "prompt_tokens": 117, "completion_tokens": 39, "total_tokens": 156,
    "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 8, "audio_tokens": 0},
}  # fmt: skip
HEADERS = {"x-request-id": "req_1", "x-ratelimit-remaining-requests": "9999", "x-ratelimit-remaining-tokens": "199999"}
MESSAGES: list[Any] = [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "What is the capital of France?"}]
BIG: list[Any] = [
    {"role": "user", "content": [
        {"type": "text", "text": "word " * 40_000},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(bytes(1_500_000)).decode()}},
    ]},
]  # fmt: skip
TOOLS: list[Any] = [
    {"type": "function", "function": {
        "name": "weather", "description": "Return the weather.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }},
]  # fmt: skip


def _chat(message: dict[str, Any], reason: str) -> bytes:
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{MODEL}-2024-07-18",
        "usage": USAGE,
        "choices": [choice],
    }
    return json.dumps({**body, "service_tier": "default", "system_fingerprint": "fp_1"}).encode()


def _stream(chunks: int) -> bytes:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": f"{MODEL}-2024-07-18"}
    choices: list[dict[str, Any]] = [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]
    parts = [{**base, "choices": choices}] * (chunks - 2)
    parts += [{**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {**base, "choices": [], "usage": USAGE}]
    return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + b"data: [DONE]\n\n"


TOOL_CALL = {
    "content": None,
    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}],
}
VECTORS = [{"object": "embedding", "index": i, "embedding": base64.b64encode(struct.pack("<8f", *[0.5] * 8)).decode()} for i in range(4)]
BODIES: dict[str, tuple[int, bytes]] = {
    "chat": (200, _chat({"content": "Paris"}, "stop")),
    "tool": (200, _chat(TOOL_CALL, "tool_calls")),
    "error": (400, b'{"error": {"message": "bad", "type": "invalid_request_error", "code": "invalid"}}'),
    "100": (200, _stream(100)),
    "2000": (200, _stream(2000)),
    "embeddings": (
        200,
        json.dumps(
            {"object": "list", "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8}, "data": VECTORS}
        ).encode(),
    ),
}


class Rows:
    """The calls that are measured, by name."""

    def __init__(self) -> None:
        import openai

        http = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")
        self._body = "chat"

        def answer(request: Any) -> Any:
            status, body = BODIES[self._body]
            kind = "text/event-stream" if self._body.isdigit() else "application/json"
            return http.Response(status, content=body, headers={**HEADERS, "content-type": kind})

        common: dict[str, Any] = {"api_key": "sk-x", "base_url": "http://127.0.0.1/v1", "max_retries": 0}
        self._sync = openai.OpenAI(**common, http_client=http.Client(transport=http.MockTransport(answer)))
        self._async = openai.AsyncOpenAI(**common, http_client=http.AsyncClient(transport=http.MockTransport(answer)))
        self._loop = asyncio.new_event_loop()
        self._failure = openai.APIStatusError

    def run(self, name: str, times: int) -> None:
        """Run one row ``times`` times."""
        kind, _, style = name.rpartition(" ")
        self._body = {"chat": "chat", "tool call": "tool", "error": "error", "embeddings": "embeddings", "big prompt": "chat"}.get(
            kind, kind[7:]
        )
        if style == "async":
            self._loop.run_until_complete(self._many(kind, times))
            return
        create = self._create(self._sync, kind)
        for _ in range(times):
            with suppress(self._failure):
                result = create()
                if kind.startswith("stream"):
                    for _chunk in result:
                        pass

    async def _many(self, kind: str, times: int) -> None:
        create = self._create(self._async, kind)
        for _ in range(times):
            with suppress(self._failure):
                result = await create()
                if kind.startswith("stream"):
                    async for _chunk in result:
                        pass

    def _create(self, client: Any, kind: str) -> Callable[[], Any]:
        if kind == "embeddings":
            return lambda: client.embeddings.create(model="text-embedding-3-small", input=["a", "b", "c", "d"])
        more: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}} if kind.startswith("stream") else {}
        if kind == "tool call":
            more["tools"] = TOOLS
        messages = BIG if kind == "big prompt" else MESSAGES
        return lambda: client.chat.completions.create(model=MODEL, messages=messages, temperature=0.2, max_tokens=100, **more)


def providers(mode: str) -> None:
    """Set up the OpenTelemetry SDK with exporters that discard everything.

    ``mode`` is ``sdk``, ``sampled out``, or ``no SDK`` for no set-up.
    """
    if mode == "no SDK":
        return
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    from opentelemetry import metrics, trace

    tracer_provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.0 if mode == "sampled out" else 1.0)))
    tracer_provider.add_span_processor(SpanProcessor())
    trace.set_tracer_provider(tracer_provider)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))


def floor() -> None:
    """Instrument chat by hand at the lowest cost: one span and plain numbers."""
    import wrapt

    from opentelemetry import trace

    tracer = trace.get_tracer("floor")
    numbers = dict.fromkeys(range(8), 0.0)

    def begun(kwargs: Any) -> Any:
        return tracer.start_span("chat", attributes={"gen_ai.request.model": kwargs.get("model"), "gen_ai.operation.name": "chat"})

    def ended(span: Any, result: Any, began: int) -> Any:
        usage = getattr(result, "usage", None)
        if usage is not None:
            span.set_attributes({
                "gen_ai.response.id": result.id, "gen_ai.response.model": result.model,
                "gen_ai.usage.input_tokens": usage.prompt_tokens, "gen_ai.usage.output_tokens": usage.completion_tokens,
            })  # fmt: skip
        for number in numbers:
            numbers[number] += time.perf_counter_ns() - began
        span.end()
        return result

    def wrapped(original: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        began, span = time.perf_counter_ns(), begun(kwargs)
        try:
            return ended(span, original(*args, **kwargs), began)
        except Exception:
            span.end()
            raise

    async def wrapped_async(original: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        began, span = time.perf_counter_ns(), begun(kwargs)
        try:
            return ended(span, await original(*args, **kwargs), began)
        except Exception:
            span.end()
            raise

    for target, wrapper in (("Completions.create", wrapped), ("AsyncCompletions.create", wrapped_async)):
        wrapt.wrap_function_wrapper("openai.resources.chat.completions.completions", target, wrapper)


def handlers(number: int) -> None:
    """Attach user handlers to the ends of calls."""
    if number:
        from opentelemetry.instrumentation.llm import attach

        for which in range(number):
            attach(f"handler-{which}", "ex_llm.chat.stop", lambda event, measurements, metadata, config: None)


def main() -> None:
    """Set up, then run all rows once with callgrind, or the requested rows."""
    warnings.simplefilter("ignore")
    options = json.loads(sys.argv[1])
    providers(options["mode"])
    exec(options["setup"], {"floor": floor})
    handlers(options["handlers"])
    rows = Rows()
    for name, times in options["rows"].items():
        rows.run(name, max(3, times // 8))
    if options["library"] is not None:
        library = ctypes.CDLL(options["library"])
        for name, times in options["rows"].items():
            rows.run(name, 2)
            gc.collect()
            gc.freeze()
            library.dump(b"before")
            rows.run(name, times)
            library.dump(f"row {name}".encode())
        os._exit(0)
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        times = options["rows"][name]
        gc.collect()
        began = time.process_time_ns()
        rows.run(name, times)
        print((time.process_time_ns() - began) / times / 1e3, flush=True)


if __name__ == "__main__":
    main()
