"""Test OpenTelemetry's own instrumentations of HTTP clients beside this package.

Their spans stay and are nested as before, in every order of instrumenting.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import asyncio, importlib, json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)

def sdk(): importlib.import_module(sys.argv[1])
def http():
    module, name = sys.argv[2].split(":")
    getattr(importlib.import_module(module), name)().instrument()
def llm():
    from opentelemetry.instrumentation.llm import LLMInstrumentor
    LLMInstrumentor().instrument()

for step in sys.argv[3].split(","):
    {"sdk": sdk, "http": http, "llm": llm, "-": lambda: None}[step]()

import calls
from contract.driving import run
sample = next(p for p in calls.read() if p.provider == sys.argv[5] and p.stream == (sys.argv[6] == "stream"))
if sample.stream and sys.argv[4] == "sync":
    from contract.driving import opened
    with opened(sample, sys.argv[7]) as client:
        list(sample.call(client))
else:
    run(sample, sys.argv[4], sys.argv[7])
spans = kept.get_finished_spans()
names = {span.context.span_id: span.name for span in spans}
print(json.dumps([[s.name, s.kind.name, s.parent and names.get(s.parent.span_id), s.attributes.get("http.response.status_code")] for s in spans]))
"""

# Rows: samples of the SDK, module of its HTTP client, instrumentation of that client, sync or async or both.
CLIENTS = {
    "httpx": ("groq", "groq", "opentelemetry.instrumentation.httpx:HTTPXClientInstrumentor", ("sync", "async")),
    "httpx2": ("openai", "openai", "opentelemetry.instrumentation.httpx:HTTPX2ClientInstrumentor", ("sync", "async")),
    "requests": ("azure_inference", "azure.ai.inference", "opentelemetry.instrumentation.requests:RequestsInstrumentor", ("sync",)),
    "urllib3": ("bedrock", "botocore.httpsession", "opentelemetry.instrumentation.urllib3:URLLib3Instrumentor", ("sync",)),
    "aiohttp": (
        "azure_inference",
        "azure.ai.inference",
        "opentelemetry.instrumentation.aiohttp_client:AioHttpClientInstrumentor",
        ("async",),
    ),
}
ORDERS = [",".join(order) for order in itertools.permutations(("sdk", "http", "llm"))]


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _spans(name: str, order: str, mode: str, stand_in: Any, stream: str = "whole") -> list[list[Any]]:
    provider, sdk, instrumentation, _ = CLIENTS[name]
    arguments = [sdk, instrumentation, order, mode, provider, stream, stand_in.url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    spans: list[list[Any]] = json.loads(done.stdout.splitlines()[-1])
    return spans


_known: dict[tuple[str, str], list[list[Any]]] = {}


def _bare(name: str, mode: str, stand_in: Any) -> list[list[Any]]:
    """Return the spans that exist without this package."""
    if (name, mode) not in _known:
        _known[name, mode] = _spans(name, "sdk,http", mode, stand_in)
    return _known[name, mode]


CASES = [(name, mode, order) for name, (*_, modes) in CLIENTS.items() for mode in modes for order in ORDERS]


@pytest.mark.parametrize(("name", "mode", "order"), CASES, ids=["-".join(case) for case in CASES])
def test_the_http_span_is_a_child_of_the_call_span(name: str, mode: str, order: str, stand_in: Any) -> None:
    _, sdk, instrumentation, _ = CLIENTS[name]
    for needed in (sdk, instrumentation.partition(":")[0]):
        if not _installed(needed):
            pytest.skip(f"needs {needed}")
    *below, call = _spans(name, order, mode, stand_in)
    bare = _bare(name, mode, stand_in)
    assert [span[:2] for span in below] == [span[:2] for span in bare] and bare, "as many requests, named as before"
    assert {span[2] for span in below} == {call[0]} and call[1] == "CLIENT" and call[2] is None
    assert call[3] == 200, "the attempt is an attribute of the call's span too"


def test_the_http_span_of_a_stream_is_a_child_of_the_call_span(stand_in: Any) -> None:
    if not _installed("opentelemetry.instrumentation.httpx") or not _installed("groq"):
        pytest.skip("needs opentelemetry-instrumentation-httpx and groq")
    below, call = sorted(_spans("httpx", "sdk,http,llm", "sync", stand_in, "stream"), key=lambda span: span[2] is None)
    assert below[2] == call[0]
