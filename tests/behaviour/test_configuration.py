"""Test ``configure``: one line of code sets up what is missing, and nothing else.

Each test runs in a process of its own, because a provider can be set once only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from harness.servers.collector import Collector

CALL = """
import openai
openai.OpenAI(base_url=URL + "/v1", api_key="k").chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
"""


def program(code: str, url: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    code = f"URL = {url!r}\nfrom opentelemetry.instrumentation.llm import configure\n{code}"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env={**kept, **environment}, check=False
    )


def test_a_call_is_shown_on_the_terminal(stand_in: Any) -> None:
    done = program(f"print(configure(exporter='console', service_name='shop'))\n{CALL}", stand_in.url)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "traces: exported by LiveSpanExporter", "metrics: not exported", "logs: not exported", "LLM SDKs: instrumented when they are imported"
    ]  # fmt: skip
    assert any("chat gpt-4o-mini" in line and "cents" in line for line in lines[4:] + done.stderr.splitlines())


def test_all_signals_are_exported_when_the_process_ends(stand_in: Any) -> None:
    with Collector() as collector:
        code = f"configure('otlp', service_name='shop', emit_event=True)\n{CALL}"
        done = program(code, stand_in.url, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf")
    assert done.returncode == 0, done.stderr
    assert {path for path, _ in collector.received} == {"/v1/traces", "/v1/metrics", "/v1/logs"}
    assert all(b"shop" in body for _, body in collector.received)
    assert any(b"gpt-4o-mini" in body for _, body in collector.received)


def test_a_provider_that_is_set_is_not_replaced() -> None:
    code = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
mine = TracerProvider()
trace.set_tracer_provider(mine)
done = configure("console")
assert trace.get_tracer_provider() is mine
print(done.traces, "|", configure("console", emit_event=True).instrumented)
"""
    done = program(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "unchanged, set up before as TracerProvider | unchanged, they were instrumented before"
    assert "emit_event of configure() not applied" in done.stderr and "Overriding" not in done.stderr


@pytest.mark.parametrize(
    ("code", "error", "environment"),
    [
        ("configure('otpl')", "ValueError: exporter='otpl' is not allowed; use one of otlp, console, none", {}),
        ("configure('none', prise=1)", "ValueError: instrument() does not know prise", {}),
        ("configure()", "OTEL_TRACES_EXPORTER='oltp' is not an installed exporter", {"OTEL_TRACES_EXPORTER": "oltp"}),
        ("configure()", "OTEL_EXPORTER_OTLP_PROTOCOL='http' is not allowed", {"OTEL_EXPORTER_OTLP_PROTOCOL": "http"}),
        (
            "import sys; sys.modules['opentelemetry.sdk'] = None; configure('console')",
            "configure() needs opentelemetry-sdk: pip install 'opentelemetry-instrumentation-llm[otlp]'",
            {},
        ),
    ],
)
def test_an_error_names_the_value_and_sets_nothing_up(code: str, error: str, environment: dict[str, str]) -> None:
    check = "\nfrom opentelemetry.instrumentation.llm.listening import is_set_up\nprint(is_set_up())"
    done = program(f"try:\n    {code}\nexcept Exception as error:\n    print(f'{{type(error).__name__}}: {{error}}'){check}", **environment)
    assert done.returncode == 0, done.stderr
    assert error in done.stdout and done.stdout.splitlines()[-1] == "False"
