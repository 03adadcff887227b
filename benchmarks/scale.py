"""Compute the cost of a million calls: processor time, bytes, data points.

``python benchmarks/scale.py`` measures thousands of calls of an OpenAI client whose transport returns responses from memory, with
and without streams of 100 chunks, encodes the spans like an OTLP exporter, and multiplies. It needs
opentelemetry-exporter-otlp-proto-http.
"""

from __future__ import annotations

import gzip
import sys
import time
from secrets import token_hex
from typing import Any

import httpx2
import openai
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from calls import ANSWER, MESSAGES, call, stream
from opentelemetry.instrumentation.llm import LLMInstrumentor, with_attributes

ROUNDS, BATCH = 5, 512
TIMES = {"call": 300, "stream": 60}
CHUNKS = 100
MILLION = 1_000_000
MODELS = [f"gpt-4o-mini-{number}" for number in range(10)]
SECONDS_PER_EXPORT, SECONDS_PER_DAY = 60, 86_400


def seconds(kind: str, watched: bool, **tracer: Any) -> tuple[float, list[Any]]:
    """Return the processor time of one call, and the spans of all calls."""
    spans = InMemorySpanExporter()
    provider = TracerProvider(**tracer)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    if watched:
        LLMInstrumentor().instrument(threading=False, tracer_provider=provider, meter_provider=MeterProvider([InMemoryMetricReader()]))
    work, times = {"call": call, "stream": stream}[kind], TIMES[kind]
    began = time.process_time()
    for _ in range(times):
        with with_attributes(conversation_id=token_hex(16), session_id=token_hex(16), user_id=token_hex(4)):
            work()
    taken = time.process_time() - began
    if watched:
        LLMInstrumentor().uninstrument()
    return taken / times, list(spans.get_finished_spans())


def added(kind: str) -> tuple[float, float, float, list[Any]]:
    """Return microseconds of a call, added microseconds, and the spans.

    The added values are those with metrics only, and with metrics and every span.
    """
    bare = none = full = float("inf")
    spans: list[Any] = []
    for _ in range(ROUNDS):
        bare = min(bare, seconds(kind, False)[0])
        none = min(none, seconds(kind, True, sampler=TraceIdRatioBased(0.0))[0])
        taken, spans = seconds(kind, True)
        full = min(full, taken)
    return bare * 1e6, (none - bare) * 1e6, (full - bare) * 1e6, spans


def encoded(spans: list[Any]) -> tuple[float, float, float]:
    """Return microseconds, bytes and compressed bytes per span, encoded in batches."""
    batches = [spans[first : first + BATCH] for first in range(0, len(spans), BATCH)]
    began = time.process_time()
    bodies = [encode_spans(batch).SerializeToString() for batch in batches]
    small = [gzip.compress(body) for body in bodies]
    taken = time.process_time() - began
    return taken / len(spans) * 1e6, sum(map(len, bodies)) / len(spans), sum(map(len, small)) / len(spans)


def series() -> tuple[int, int]:
    """Return the number of data points of ten models, and the bytes of one export."""
    reader = InMemoryMetricReader()
    LLMInstrumentor().instrument(threading=False, meter_provider=MeterProvider([reader]))
    for model in MODELS:
        answer = {**ANSWER, "model": model}
        transport = httpx2.MockTransport(lambda request, answer=answer: httpx2.Response(200, json=answer))
        with openai.OpenAI(api_key="sk-x", base_url="http://127.0.0.1/v1", http_client=httpx2.Client(transport=transport)) as client:
            client.chat.completions.create(model=model, messages=MESSAGES)
    data = reader.get_metrics_data()
    LLMInstrumentor().uninstrument()
    points = sum(len(m.data.data_points) for of in data.resource_metrics for scope in of.scope_metrics for m in scope.metrics)
    return points, len(encode_metrics(data).SerializeToString())


def minutes(microseconds: float) -> str:
    """Return the text for a million times this number of microseconds."""
    return f"x 1,000,000 = {microseconds * MILLION / 1e6 / 60:6.1f} min"


def main() -> None:
    """Measure, multiply by a million, and print."""
    print(f"python {sys.version.split()[0]}, openai {openai.__version__}; processor time")
    spans: list[Any] = []
    adds: dict[str, float] = {}
    for kind in TIMES:
        bare, none, adds[kind], some = added(kind)
        spans += some
        print(f"{kind:7} without instrumentation               {bare:8.0f} us")
        print(f"{kind:7} instrumented, metrics and no span     {none:+8.0f} us  {minutes(none)}")
        print(f"{kind:7} instrumented, metrics and every span  {adds[kind]:+8.0f} us  {minutes(adds[kind])}")
    print(f"one chunk of a stream                         {(adds['stream'] - adds['call']) / CHUNKS:+8.1f} us")
    encode_us, raw, small = encoded(spans)
    print(f"a span encoded and compressed                 {encode_us:8.0f} us  {minutes(encode_us)}")
    print(f"a span as OTLP                                {raw:8.0f} B   x 1,000,000 = {raw * MILLION / 1e9:6.2f} GB")
    print(f"a span as OTLP, compressed                    {small:8.0f} B   x 1,000,000 = {small * MILLION / 1e9:6.2f} GB")
    points, size = series()
    exports = SECONDS_PER_DAY // SECONDS_PER_EXPORT
    print(
        f"data points of {len(MODELS)} models                      {points:8d}     / {len(MODELS)} = {points / len(MODELS):.0f} per model"
    )
    print(f"one export of them, not compressed            {size:8d} B   x {exports} per day = {size * exports / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
