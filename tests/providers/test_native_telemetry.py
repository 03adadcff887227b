"""Test SDKs that make their own spans: one call is one span of this package.

A setting keeps the spans of the SDK too. The SDKs are real; anthropic is tested in ``test_anthropic``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from calls import installed, mistralai
from calls.azure_inference import native
from calls.litellm import calling_back, otel
from harness.observation.native import inferences
from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor, with_agent
from opentelemetry.instrumentation.llm.testing import capture_events

OURS = "opentelemetry.instrumentation.llm"
MESSAGES = [{"role": "user", "content": "say three words"}]
Ask = Callable[[str], Any]
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Make a tracer provider the global provider, as far as SDKs read it."""

    def make(tracer_provider: Any) -> None:
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: tracer_provider)

    return make


def _mistral(stream: bool) -> Ask:
    try:
        from mistralai.client import Mistral
    except ImportError:
        from mistralai import Mistral

    def send(url: str) -> None:
        with Mistral(api_key="k", server_url=f"{url}/mistral") as client:
            if not stream:
                client.chat.complete(model="mistral-small", messages=MESSAGES)
                return
            with client.chat.stream(model="mistral-small", messages=MESSAGES) as chunks:
                list(chunks)

    return send


@pytest.fixture
def azure(watch: Any, everywhere: Any) -> Iterator[Callable[[bool], Ask]]:
    """Enable spans of azure-core, and of models in its SDK."""
    pytest.importorskip("azure.core.tracing.ext.opentelemetry_span")
    pytest.importorskip("azure.ai.inference.tracing")
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    def send_requests(stream: bool) -> Ask:
        def send(url: str) -> None:
            with ChatCompletionsClient(f"{url}/azure-inference/models", AzureKeyCredential("none"), retry_total=0) as client:
                completion = client.complete(messages=MESSAGES, model="Phi-4", stream=stream)
                if stream:
                    list(completion)

        return send

    with native():
        yield send_requests


def _pydantic(stream: bool, provider: Any) -> Ask:
    pytest.importorskip("pydantic_ai")
    from pydantic_ai import Agent
    from pydantic_ai.capabilities import Instrumentation
    from pydantic_ai.models.instrumented import InstrumentationSettings
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    def send(url: str) -> None:
        async def run() -> None:
            requested = OpenAIProvider(base_url=f"{url}/v1", api_key="k")
            async with requested.client:
                model = OpenAIChatModel("gpt-4o-mini", provider=requested)
                agent = Agent(model, capabilities=[Instrumentation(settings=InstrumentationSettings(tracer_provider=provider))])
                if not stream:
                    await agent.run("say three words")
                    return
                async with agent.run_stream("say three words") as result:
                    async for _ in result.stream_text():
                        pass

        asyncio.run(run())

    return send


def _check_recorded(seen: Any, send: Ask, url: str) -> list[str]:
    """Make the call; check metrics, events and cost of this package.

    They must be complete whichever package makes the span.
    """
    with capture_events() as recorded:
        send(url)
    assert [event.name for event in recorded].count("ex_llm.chat.stop") == 1
    assert seen.total("ex_llm.chat.requests.total") == 1
    return inferences(seen.spans())


SETTINGS = [("replace", 0), ("keep", 1)]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("setting", "theirs"), SETTINGS)
def test_mistral_makes_no_second_span(setting: str, theirs: int, stream: bool, watch: Any, everywhere: Any, stand_in: Any) -> None:
    pytest.importorskip("mistralai")
    pytest.importorskip("mistralai.extra.observability.otel")
    seen = watch(native_telemetry=setting)
    everywhere(seen.tracer_provider)
    with mistralai.native():
        scopes = _check_recorded(seen, _mistral(stream), stand_in.url)
    assert scopes.count(OURS) == 1
    assert len(seen.spans()) == 1 + theirs


def _mistral_to(provider: Any, url: str) -> Ask:
    """Send the native spans of a client of mistralai to ``provider``."""
    client_module = pytest.importorskip("mistralai.client")
    observability = pytest.importorskip("mistralai.extra.observability")

    client = client_module.Mistral(api_key="k", server_url=f"{url}/mistral")
    observability.configure_telemetry(client, provider=provider)

    def send(kind: str) -> None:
        with client:
            if kind == "async":
                asyncio.run(client.chat.complete_async(model="mistral-small", messages=MESSAGES))
            elif kind == "stream":
                with client.chat.stream(model="mistral-small", messages=MESSAGES) as chunks:
                    list(chunks)
            else:
                client.chat.complete(model="mistral-small", messages=MESSAGES)

    return send


def _anthropic_to(provider: Any, url: str) -> Ask:
    """Send the native spans of a client of anthropic to ``provider``."""
    anthropic = pytest.importorskip("anthropic")
    if not hasattr(anthropic.Anthropic, "_tracer"):
        pytest.skip("this release of anthropic has no spans")
    options = {"api_key": "k", "base_url": url, "open_telemetry": {"tracer_provider": provider}}
    request: Any = {"model": "claude-opus-4-8", "max_tokens": 9, "messages": MESSAGES}

    async def send_async() -> None:
        async with anthropic.AsyncAnthropic(**options) as client:
            await client.messages.create(**request)

    def send(kind: str) -> None:
        if kind == "async":
            asyncio.run(send_async())
            return
        with anthropic.Anthropic(**options) as client:
            if kind == "stream":
                with client.messages.create(**request, stream=True) as chunks:
                    list(chunks)
            else:
                client.messages.create(**request)

    return send


@pytest.mark.parametrize("kind", ["plain", "stream", "async"])
@pytest.mark.parametrize("setting", ["replace", "keep"])
@pytest.mark.parametrize("client", [_mistral_to, _anthropic_to])
def test_a_native_span_keeps_its_parent_in_another_provider(
    client: Callable[[Any, str], Ask], setting: str, kind: str, watch: Any, stand_in: Any
) -> None:
    """Send native spans of the SDK to a provider that does not have our spans."""
    finished = InMemorySpanExporter()
    other = TracerProvider()
    other.add_span_processor(SimpleSpanProcessor(finished))
    seen = watch(native_telemetry=setting)
    send = client(other, stand_in.url)
    with other.get_tracer("application").start_as_current_span("invoke_agent"), with_agent("researcher"):
        send(kind)
    spans = finished.get_finished_spans()
    agent = next(span for span in spans if span.name == "invoke_agent")
    native = [span for span in spans if span.parent is not None]
    assert len(native) == 1
    assert native[0].parent.span_id == agent.context.span_id
    assert [span.name.split()[0] for span in seen.spans()] == ["chat", "invoke_agent"]


@pytest.mark.parametrize("client", [_mistral_to, _anthropic_to])
def test_a_native_span_in_the_same_provider_gives_way(client: Callable[[Any, str], Ask], watch: Any, stand_in: Any) -> None:
    seen = watch()
    client(seen.tracer_provider, stand_in.url)("plain")
    assert inferences(seen.spans()) == [OURS]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("setting", "theirs"), SETTINGS)
def test_azure_makes_no_second_span(
    setting: str, theirs: int, stream: bool, azure: Any, watch: Any, everywhere: Any, stand_in: Any
) -> None:
    seen = watch(native_telemetry=setting)
    everywhere(seen.tracer_provider)
    scopes = _check_recorded(seen, azure(stream), stand_in.url)
    assert (scopes.count(OURS), len(scopes)) == (1, 1 + theirs)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("setting", "theirs"), SETTINGS)
def test_pydantic_ai_makes_no_second_span(setting: str, theirs: int, stream: bool, watch: Any, stand_in: Any) -> None:
    seen = watch(native_telemetry=setting)
    scopes = _check_recorded(seen, _pydantic(stream, seen.tracer_provider), stand_in.url)
    assert scopes == sorted([OURS, *["pydantic-ai"] * theirs])
    agent = next(span for span in seen.spans() if "agent" in span.name)
    ours = next(span for span in seen.spans() if span.instrumentation_scope.name == OURS)
    assert ours.context.trace_id == agent.context.trace_id
    if setting == "replace":
        assert ours.parent.span_id == agent.context.span_id


def test_pydantic_ai_keeps_spans_of_uninstrumented_clients(watch: Any) -> None:
    pytest.importorskip("pydantic_ai")
    from pydantic_ai import Agent
    from pydantic_ai.capabilities import Instrumentation
    from pydantic_ai.models.instrumented import InstrumentationSettings
    from pydantic_ai.models.test import TestModel

    seen = watch()
    agent = Agent(TestModel(), capabilities=[Instrumentation(settings=InstrumentationSettings(tracer_provider=seen.tracer_provider))])
    asyncio.run(agent.run("say three words"))
    assert inferences(seen.spans()) == ["pydantic-ai"]


def test_pydantic_ai_is_restored_by_uninstrument(watch: Any) -> None:
    instrumented = pytest.importorskip("pydantic_ai.models.instrumented")
    original = instrumented.open_model_request_span
    watch()
    assert instrumented.open_model_request_span is not original
    LLMInstrumentor().uninstrument()
    assert instrumented.open_model_request_span is original


@contextlib.contextmanager
def callback_calls(callback: Any) -> Iterator[threading.Event]:
    """Register a callback of LiteLLM; yield the function that returns its calls."""
    reported, success = threading.Event(), callback.log_success_event

    def report(*args: Any, **kwargs: Any) -> None:
        success(*args, **kwargs)
        reported.set()

    callback.log_success_event = report
    with calling_back(callback):
        yield reported


@pytest.mark.skipif(not installed("litellm"), reason="litellm is in an environment of its own: tox -e litellm")
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "inside a span"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("setting", ["replace", "keep"])
def test_the_callback_of_litellm_makes_no_second_span(setting: str, stream: bool, inside: bool, watch: Any, stand_in: Any) -> None:
    import litellm

    seen = watch(native_telemetry=setting)
    callback = otel(seen.tracer_provider)
    work = seen.tracer_provider.get_tracer("the application").start_as_current_span("work")

    def send(url: str) -> None:
        requested = {"model": "openai/gpt-4o-mini", "api_base": f"{url}/v1", "api_key": "k", "messages": MESSAGES, "stream": stream}
        completion = litellm.completion(**requested)
        if stream:
            list(completion)

    with callback_calls(callback) as reported, work if inside else contextlib.nullcontext():
        send(stand_in.url)
        assert reported.wait(10)
    scopes = [span.instrumentation_scope.name for span in seen.spans()]
    theirs = [span for span in seen.spans() if span.instrumentation_scope.name != OURS and "gen_ai.request.model" in span.attributes]
    assert scopes.count(OURS) == 1
    # Earlier releases report a stream twice.
    assert bool(theirs) == (setting == "keep"), scopes


def test_a_doubled_span_is_found(watch: Any, stand_in: Any) -> None:
    """Prove that the check of these tests finds a second span of an inference."""
    import openai

    seen = watch()
    tracer = seen.tracer_provider.get_tracer("somebody else's")
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini"}
    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k", max_retries=0) as client:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        assert inferences(seen.spans()) == [OURS]
        with tracer.start_as_current_span("chat gpt-4o-mini", attributes=attributes):
            client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert inferences(seen.spans()) == [OURS, OURS, "somebody else's"]


def test_other_wrappers_of_an_instrumented_function_work(watch: Any) -> None:
    """Check a function that an SDK wraps again with ``functools.wraps``."""
    import httpx

    watch()
    with httpx.Client() as client:
        for function in (httpx.Client.send, client.send):
            around = functools.wraps(function)(lambda: None)
            assert (around.__name__, around.__doc__) == ("send", function.__doc__)
            assert vars(function) == {}
