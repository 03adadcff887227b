"""Test that inference spans of frameworks are replaced by those of this package.

Modules with the same functions and names stand in for the frameworks; ``tox -e beside_adk`` and the other ``beside_``
environments run the real ones.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from harness.observation.native import inferences
from opentelemetry import trace
from opentelemetry.instrumentation.llm import LLMInstrumentor

OURS = "opentelemetry.instrumentation.llm"
MESSAGES: Any = [{"role": "user", "content": "say three words"}]
Run = Callable[[Any, Callable[[], Any], Any], None]


def _module(name: str, **about: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(about)
    for value in about.values():
        if isinstance(value, type):
            value.__module__ = name
    return module


def _chat(tracer: Any) -> Any:
    return tracer.start_as_current_span("chat", attributes={"gen_ai.request.model": "gpt-4o-mini"})


class _Model:
    def __init__(self, client: Any) -> None:
        self.client = client


def _adk(tracer: Any, known: bool) -> tuple[list[ModuleType], Run]:
    tracing = _module("google.adk.telemetry.tracing", tracer=tracer)

    @asynccontextmanager
    async def use_inference_span(llm_request: Any, invocation_context: Any, event: Any) -> Any:
        with _chat(tracing.tracer) as span:
            yield span

    tracing.use_inference_span = use_inference_span  # type: ignore[attr-defined]
    model = _module("google.adk.models.lite_llm" if known else "somewhere.models", LiteLlm=type("LiteLlm", (), {})).LiteLlm()

    def run(client: Any, send: Callable[[], Any], tracer: Any) -> None:
        async def go() -> None:
            invocation = SimpleNamespace(agent=SimpleNamespace(canonical_model=model))
            async with tracing.use_inference_span(None, invocation, None) as span:
                send()
                span.set_attribute("gen_ai.usage.input_tokens", 1)

        asyncio.run(go())

    return [tracing], run


def _strands(tracer: Any, known: bool) -> tuple[list[ModuleType], Run]:
    class Tracer:
        def start_model_invoke_span(self, messages: Any, parent_span: Any = None) -> Any:
            return tracer.start_span("chat", attributes={"gen_ai.request.model": "gpt-4o-mini"})

    loop = _module("strands.event_loop.event_loop")

    def _make_invoke_model_terminal(agent: Any, cycle_span: Any, tracer: Any, model_state: Any) -> Callable[[Callable[[], Any]], None]:
        def terminal(send: Callable[[], Any]) -> None:
            span = tracer.start_model_invoke_span(messages=MESSAGES, parent_span=cycle_span)
            with trace.use_span(span, end_on_exit=False):
                send()
            if span.is_recording():
                span.end()

        return terminal

    loop._make_invoke_model_terminal = _make_invoke_model_terminal  # type: ignore[attr-defined]
    kind = _module("strands.models.openai" if known else "somewhere.models", OpenAIModel=type("OpenAIModel", (), {})).OpenAIModel

    def run(client: Any, send: Callable[[], Any], _: Any) -> None:
        loop._make_invoke_model_terminal(SimpleNamespace(model=kind()), None, Tracer(), {})(send)

    return [loop], run


def _agent_framework(tracer: Any, known: bool) -> tuple[list[ModuleType], Run]:
    module = _module("agent_framework.observability")

    def _get_span_attributes(**attributes: Any) -> dict[str, Any]:
        return {"gen_ai.request.model": "gpt-4o-mini", **attributes}

    @contextmanager
    def _get_span(attributes: dict[str, Any], span_name_attribute: str) -> Iterator[Any]:
        with tracer.start_as_current_span("chat", attributes=attributes) as span:
            yield span

    class ChatTelemetryLayer(_Model):
        def get_response(self, send: Callable[[], Any]) -> Any:
            attributes = module._get_span_attributes(operation="chat")

            async def respond() -> None:
                with module._get_span(attributes=attributes, span_name_attribute="model"):
                    send()
                    # The function below makes its own spans.
                    with module._get_span(module._get_span_attributes(operation="execute_tool"), "name"):
                        pass

            return respond()

    vars(module).update(_get_span_attributes=_get_span_attributes, _get_span=_get_span, ChatTelemetryLayer=ChatTelemetryLayer)

    def run(client: Any, send: Callable[[], Any], _: Any) -> None:
        asyncio.run(module.ChatTelemetryLayer(client if known else object()).get_response(send))

    return [module], run


@pytest.mark.parametrize("known", [True, False], ids=["instrumented below", "not instrumented below"])
@pytest.mark.parametrize("setting", ["replace", "keep"])
@pytest.mark.parametrize("framework", [_strands, _agent_framework], ids=["strands", "agent framework"])
def test_framework_inference_span_is_suppressed_for_our_sdks(
    framework: Any, setting: str, known: bool, watch: Any, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import openai

    seen = watch(native_telemetry=setting)
    tracer = seen.tracer_provider.get_tracer("framework")
    modules, run = framework(tracer, known)
    originals = [dict(vars(module)) for module in modules]
    for module in modules:
        monkeypatch.setitem(sys.modules, module.__name__, module)
    LLMInstrumentor().uninstrument()
    seen.instrument(native_telemetry=setting)
    with (
        openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="k", max_retries=0) as client,
        tracer.start_as_current_span("invoke_agent") as agent,
    ):
        run(client, lambda: client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES), tracer)
    gives_way = setting == "replace" and known
    ours = next(span for span in seen.spans() if span.instrumentation_scope.name == OURS)
    theirs = [span for span in seen.spans() if span.name == "chat" and span.instrumentation_scope.name == "framework"]
    assert inferences(seen.spans()).count(OURS) == 1
    if gives_way:
        assert ours.parent.span_id == agent.get_span_context().span_id
    else:
        assert theirs and ours.parent.span_id in {span.context.span_id for span in theirs}
    assert len(theirs) == (framework is _agent_framework) + (not gives_way)
    LLMInstrumentor().uninstrument()
    assert [dict(vars(module)) for module in modules] == originals


@pytest.mark.parametrize("known", [True, False], ids=["instrumented below", "not instrumented below"])
def test_adk_tracer_makes_no_span_of_an_instrumented_inference(known: bool) -> None:
    """Set the instrumented SDKs by hand, as the SDKs below ADK are not installed."""
    from conftest import Seen
    from opentelemetry.instrumentation.llm.frameworks.inference_spans import patches

    seen = Seen()
    tracer = seen.tracer_provider.get_tracer("framework")
    (module,), run = _adk(tracer, known)
    makes = {patch.target.rpartition(":")[2]: patch.wrap for patch in patches(lambda name: name == "litellm")}
    vars(module).update({name: makes[name](vars(module)[name]) for name in ("tracer", "use_inference_span")})
    with tracer.start_as_current_span("invoke_agent") as agent:
        current: list[Any] = []
        run(None, lambda: current.append(trace.get_current_span().get_span_context().span_id), tracer)
    assert [span.name for span in seen.spans()] == (["invoke_agent"] if known else ["chat", "invoke_agent"])
    assert (current == [agent.get_span_context().span_id]) is known
    seen.close()
