"""Test instrument and uninstrument: in any order, repeated, all restored."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import LLMInstrumentor, attach, detach
from opentelemetry.instrumentation.llm.testing import capture_events

ROOT = Path(__file__).parents[2]
MESSAGES = [{"role": "user", "content": "say three words"}]


def python(code: str, *before: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, with warnings as errors."""
    paths = f"{ROOT / 'src'}:{ROOT / 'examples'}"
    import os

    return subprocess.run(
        [sys.executable, *before, "-W", "error", "-c", textwrap.dedent(code)] if not before else [*before, sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": paths, **environment},
    )  # fmt: skip


@pytest.fixture
def client(stand_in: Any) -> Any:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


def _targets() -> dict[str, Any]:
    import openai._base_client
    import openai._legacy_response
    import openai._response

    return {
        "sync": vars(openai._base_client.SyncAPIClient)["request"],
        "async": vars(openai._base_client.AsyncAPIClient)["request"],
        "legacy": vars(openai._legacy_response.LegacyAPIResponse)["_parse"],
        "raw": vars(openai._response.BaseAPIResponse)["_parse"],
    }


def test_uninstrument_restores_every_original(watch: Any) -> None:
    before = _targets()
    watch()
    assert all(_targets()[name] is not original for name, original in before.items())
    LLMInstrumentor().uninstrument()
    assert all(_targets()[name] is original for name, original in before.items())


def test_instrument_works_again_after_uninstrument(watch: Any, client: Any) -> None:
    first = watch()
    LLMInstrumentor().uninstrument()
    second = watch()
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert (len(first.spans()), len(second.spans())) == (0, 1)


def test_instrumenting_twice_records_once(watch: Any, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen = watch()
    LLMInstrumentor().instrument()
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert len(seen.spans()) == 1 and seen.total("ex_llm.chat.requests.total") == 1
    assert caplog.records == []


def test_an_older_raw_resource_is_instrumented_and_restored(watch: Any, client: Any) -> None:
    raw = client.chat.completions.with_raw_response
    seen = watch()
    raw.create(model="gpt-4o-mini", messages=MESSAGES)
    LLMInstrumentor().uninstrument()
    raw.create(model="gpt-4o-mini", messages=MESSAGES)
    assert len(seen.spans()) == 1


def test_a_wrapper_over_ours_survives_and_ours_is_disabled(watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import openai._base_client as target

    seen = watch()
    ours, passed = target.SyncAPIClient.request, []

    def foreign(self: Any, *args: Any, **kwargs: Any) -> Any:
        passed.append(1)
        return ours(self, *args, **kwargs)

    original = LLMInstrumentor()._patches.patched["openai._base_client:SyncAPIClient.request"].original
    target.SyncAPIClient.request = foreign  # type: ignore[method-assign,assignment]
    try:
        LLMInstrumentor().uninstrument()
        again = watch()
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        assert (len(passed), len(seen.spans()), len(again.spans())) == (1, 0, 1)
        LLMInstrumentor().uninstrument()
        assert vars(target.SyncAPIClient)["request"] is foreign
    finally:
        target.SyncAPIClient.request = original  # type: ignore[method-assign]


def test_a_stream_open_at_uninstrument_is_recorded_and_readable(watch: Any, client: Any) -> None:
    seen = watch()
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
    first = next(stream)
    LLMInstrumentor().uninstrument()
    rest = list(stream)
    assert first and rest[-1].choices[0].finish_reason == "stop"
    assert seen.span().attributes["ex_llm.stream.end"] == "abandoned"


def test_a_disabled_provider_is_not_instrumented(watch: Any, client: Any) -> None:
    seen = watch(disabled_providers="openai")
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert seen.spans() == []


def test_suppressed_instrumentation_emits_nothing(seen: Any, client: Any) -> None:
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    with capture_events() as emitted, suppress_instrumentation():
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert emitted == [] and seen.spans() == [] and seen.total("ex_llm.chat.requests.total") == 0


def test_a_failing_handler_does_not_reach_the_application(seen: Any, client: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    attach("broken", "ex_llm.*", broken)
    try:
        response = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    finally:
        detach("broken")
    assert response.id and len(seen.spans()) == 1


@pytest.mark.parametrize("order", ["instrument first", "import first", "client first"])
def test_every_order_of_import_client_and_instrument_is_equal(order: str) -> None:
    steps = {
        "instrument": "from opentelemetry.instrumentation.llm import LLMInstrumentor; LLMInstrumentor().instrument()",
        "import": "import openai",
        "client": "client = openai.OpenAI(base_url=server.url + '/v1', api_key='sk-x'); create = client.chat.completions.create",
    }
    orders = {
        "instrument first": ("instrument", "import", "client"),
        "import first": ("import", "instrument", "client"),
        "client first": ("import", "client", "instrument"),
    }
    code = f"""
import json
from stand_in import StandIn
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans)); trace.set_tracer_provider(provider)
with StandIn() as server:
    {"; ".join(steps[step] for step in orders[order])}
    create(model="gpt-4o-mini", messages={MESSAGES!r})
    client.close()
print(json.dumps([span.name for span in spans.get_finished_spans()]))
"""
    done = python(code)
    assert (done.stderr, json.loads(done.stdout or "null")) == ("", ["chat gpt-4o-mini"])


def test_instrument_has_no_import_socket_or_thread_side_effect() -> None:
    code = """
        import sys, threading, socket
        def refuse(*a, **k): raise AssertionError("a socket was made")
        socket.socket.__init__ = refuse
        from opentelemetry.instrumentation.llm import LLMInstrumentor
        LLMInstrumentor().instrument()
        sdks = {"openai", "anthropic", "google.genai", "mistralai", "cohere", "boto3", "groq", "litellm", "pydantic", "httpx", "httpx2", "requests"}
        assert not sdks & set(sys.modules), sdks & set(sys.modules)
        ours = "opentelemetry.instrumentation.llm."
        read = {name for name in sys.modules if name.startswith(ours + "providers.")}
        assert not read, f"tables are read before their SDK is imported: {read}"
        assert not {"genai_prices", "prometheus_client", "statsd", "redis"} & set(sys.modules)
        assert threading.active_count() == 1
        LLMInstrumentor().uninstrument()
    """
    done = python(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_sdk_that_is_not_installed_logs_nothing() -> None:
    code = """
        import sys
        sys.modules["openai"] = None
        from opentelemetry.instrumentation.llm import LLMInstrumentor
        LLMInstrumentor().instrument(); LLMInstrumentor().uninstrument()
    """
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_target_missing_in_a_release_is_one_debug_line() -> None:
    code = """
        import logging, sys, types
        logging.basicConfig(level=logging.DEBUG, format="%(message)s")
        package, client = types.ModuleType("openai"), types.ModuleType("openai._base_client")
        client.SyncAPIClient = type("SyncAPIClient", (), {})
        sys.modules |= {"openai": package, "openai._base_client": client}
        from opentelemetry.instrumentation.llm import LLMInstrumentor
        LLMInstrumentor().instrument()
    """
    lines = [line for line in python(code).stderr.splitlines() if "is not instrumented" in line]
    assert len(lines) == 2 and "has no openai._base_client:SyncAPIClient.request" in lines[0]


APPLICATION = f"""
import sys
sys.path.insert(0, {str(ROOT / "examples")!r})
from stand_in import StandIn
import openai
with StandIn() as server, openai.OpenAI(base_url=server.url + "/v1", api_key="sk-x") as client:
    client.chat.completions.create(model="gpt-4o-mini", messages={MESSAGES!r})
    list(client.chat.completions.create(model="gpt-4o-mini", messages={MESSAGES!r}, stream=True))
    client.embeddings.create(model="text-embedding-3-small", input="x")
"""


def test_opentelemetry_instrument_needs_only_the_package(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATION)
    command = Path(sys.executable).parent / "opentelemetry-instrument"
    import os

    done = subprocess.run(
        [str(command), "--traces_exporter", "console", "--metrics_exporter", "console", sys.executable, str(tmp_path / "app.py")],
        capture_output=True, text=True, timeout=120, env={**os.environ, "OTEL_LOGS_EXPORTER": "none"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"name": "chat gpt-4o-mini"') == 2
    assert done.stdout.count('"name": "embeddings text-embedding-3-small"') == 1
    for metric in ("ex_llm.chat.requests.total", "gen_ai.client.inference.duration", "gen_ai.client.embeddings.duration"):
        assert f'"name": "{metric}"' in done.stdout
    assert done.stderr == ""


def test_without_an_opentelemetry_sdk_nothing_is_printed(tmp_path: Path) -> None:
    code = "from opentelemetry.instrumentation.llm import LLMInstrumentor; LLMInstrumentor().instrument()\n" + APPLICATION
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_attached_handler_works_without_an_opentelemetry_sdk() -> None:
    code = """
        from opentelemetry.instrumentation.llm import LLMInstrumentor, attach
        heard = []
        attach('early', 'ex_llm.chat.stop', lambda *said: heard.append(said[0]))
        LLMInstrumentor().instrument()
    """
    code = textwrap.dedent(code)
    done = python(code + APPLICATION + "\nprint(len(heard))")
    assert (done.stdout, done.stderr) == ("2\n", "")


@pytest.mark.parametrize("kind", ["ProxyTracerProvider", "_ProxyProvider", "ProxyingProvider"])
def test_a_foreign_provider_named_proxy_is_set_up(kind: str) -> None:
    """Check the class name that Logfire uses; ``tox -e beside`` runs Logfire itself."""
    code = f"""
        import json
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        spans = InMemorySpanExporter()
        provider = type({kind!r}, (TracerProvider,), {{}})()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        trace.set_tracer_provider(provider)
        from opentelemetry.instrumentation.llm import LLMInstrumentor
        LLMInstrumentor().instrument()
    """
    done = python(textwrap.dedent(code) + APPLICATION + "\nprint(len(spans.get_finished_spans()))")
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_every_placeholder_class_of_the_api_is_found() -> None:
    code = """
        from opentelemetry import _logs, metrics, trace
        from opentelemetry.instrumentation.llm import listening
        print([listening.is_placeholder(p) for p in (trace.get_tracer_provider(), metrics.get_meter_provider(), _logs.get_logger_provider())])
        print(listening.is_set_up(), len(listening.PLACEHOLDERS))
        metrics.set_meter_provider(metrics.NoOpMeterProvider())
        print(listening.is_set_up())
    """
    done = python(code)
    assert (done.stdout, done.stderr) == ("[True, True, True]\nFalse 3\nTrue\n", "")
