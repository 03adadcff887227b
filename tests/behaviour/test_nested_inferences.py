"""Test nested inferences: each is recorded, and nothing is counted twice."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import calls
from harness.servers.loopback import events, serving
from opentelemetry.instrumentation.llm.testing import capture_events

if not calls.installed("litellm"):
    pytest.skip("litellm is not installed", allow_module_level=True)

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
pytestmark = pytest.mark.filterwarnings("ignore:Items? .* on TypedDict:UserWarning")
TURN = [{"role": "user", "content": "x"}]
COST = {"gpt-4o": 0.45, "gpt-4o-mini": 0.027, "claude-sonnet-4-6": 0.6}


def _chat(model: str) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }


def _respond(method: str, path: str, body: Any) -> Any:
    if "/messages" in path:
        return {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": "x"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1000, "output_tokens": 200},
        }
    if body.get("stream"):
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
        return events(
            {**chunk, "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]},
            {**chunk, "choices": [], "usage": _chat("")["usage"]},
        )
    return _chat(body["model"])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(_respond) as made:
        yield made


@pytest.fixture
def client(url: str) -> Iterator[Any]:
    import openai

    # A provider name that has prices, for a server on loopback.
    with openai.OpenAI(api_key="k", base_url=f"{url}/v1") as made:
        yield made


@pytest.fixture
def priced(watch: Any, url: str) -> Any:
    """Give the server on loopback the provider name of each SDK."""
    return watch()


@pytest.fixture
def custom() -> Iterator[Any]:
    """Register a custom provider of LiteLLM by its class."""
    import litellm

    before = litellm.custom_provider_map

    def register(kind: type) -> None:
        litellm.custom_provider_map = [{"provider": "mine", "custom_handler": kind()}]

    yield register
    litellm.custom_provider_map = before


def _models(seen: Any) -> dict[str, Any]:
    return {span.name.partition(" ")[2]: span.attributes.get("gen_ai.usage.input_tokens") for span in seen.spans()}


def test_a_custom_provider_calling_two_models_counts_each_once(priced: Any, client: Any, custom: Any) -> None:
    import litellm

    class Both(litellm.CustomLLM):
        def completion(self, *args: Any, **kwargs: Any) -> Any:
            client.chat.completions.create(model="gpt-4o", messages=TURN)
            return litellm.ModelResponse(**client.chat.completions.create(model="gpt-4o-mini", messages=TURN).model_dump())

    custom(Both)
    litellm.completion(model="mine/x", messages=TURN)
    assert _models(priced) == {"gpt-4o": 1000, "gpt-4o-mini": 1000, "mine/x": None}
    assert priced.total("ex_llm.tokens.input.total") == 2000
    (outer,) = [span for span in priced.spans() if span.name == "chat mine/x"]
    assert outer.attributes["ex_llm.cost.in_nested_calls"] is True
    assert all(span.parent.span_id == outer.context.span_id for span in priced.spans() if span is not outer)


def test_an_ensemble_of_one_model_counts_every_response(priced: Any, client: Any, custom: Any) -> None:
    import litellm

    class Ensemble(litellm.CustomLLM):
        def completion(self, *args: Any, **kwargs: Any) -> Any:
            with ThreadPoolExecutor(2) as threads:
                found = list(threads.map(lambda _: client.chat.completions.create(model="gpt-4o", messages=TURN), range(3)))
            return litellm.ModelResponse(**found[0].model_dump())

    custom(Ensemble)
    litellm.completion(model="mine/gpt-4o", messages=TURN)
    assert priced.total("ex_llm.tokens.input.total") == 3000
    assert len(priced.spans()) == 4


def test_an_async_ensemble_counts_every_response(priced: Any, url: str, custom: Any) -> None:
    import litellm
    import openai

    class Ensemble(litellm.CustomLLM):
        async def acompletion(self, *args: Any, **kwargs: Any) -> Any:
            async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1") as client:
                requested = (client.chat.completions.create(model=model, messages=TURN) for model in ("gpt-4o", "gpt-4o-mini"))
                found = await asyncio.gather(*requested)
            return litellm.ModelResponse(**found[0].model_dump())

    custom(Ensemble)
    asyncio.run(litellm.acompletion(model="mine/x", messages=TURN))
    assert _models(priced) == {"gpt-4o": 1000, "gpt-4o-mini": 1000, "mine/x": None}
    assert priced.total("ex_llm.tokens.input.total") == 2000


def test_a_judge_of_another_provider_is_recorded_separately(priced: Any, client: Any, url: str, custom: Any) -> None:
    import anthropic
    import litellm

    class Judged(litellm.CustomLLM):
        def completion(self, *args: Any, **kwargs: Any) -> Any:
            with anthropic.Anthropic(api_key="k", base_url=url) as judge:
                judge.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=TURN)
            return litellm.ModelResponse(**client.chat.completions.create(model="gpt-4o", messages=TURN).model_dump())

    custom(Judged)
    litellm.completion(model="mine/x", messages=TURN)
    assert _models(priced) == {"claude-sonnet-4-6": 1000, "gpt-4o": 1000, "mine/x": None}


def test_a_judge_with_the_same_model_keeps_the_usage_of_the_call(priced: Any, client: Any, url: str) -> None:
    import litellm
    from litellm.integrations.custom_logger import CustomLogger

    class Judge(CustomLogger):
        def log_pre_api_call(self, *args: Any, **kwargs: Any) -> None:
            client.chat.completions.create(model="gpt-4o", messages=TURN)

    litellm.callbacks, before = [Judge()], litellm.callbacks
    try:
        litellm.completion(model="openai/gpt-4o", messages=TURN, api_base=f"{url}/v1", api_key="k")
    finally:
        litellm.logging_callback_manager._reset_all_callbacks()
        litellm.callbacks = before
    assert sorted(span.attributes["gen_ai.usage.input_tokens"] for span in priced.spans()) == [1000, 1000]
    assert priced.total("ex_llm.tokens.input.total") == 2000


def test_a_custom_stream_over_another_model_counts_once(priced: Any, client: Any, custom: Any) -> None:
    import litellm

    class Streamed(litellm.CustomLLM):
        def streaming(self, *args: Any, **kwargs: Any) -> Any:
            requested = client.chat.completions.create(model="gpt-4o", messages=TURN, stream=True, stream_options={"include_usage": True})
            for chunk in requested:
                text = chunk.choices[0].delta.content if chunk.choices else ""
                usage = chunk.usage.model_dump() if chunk.usage else None
                yield {"text": text or "", "is_finished": not chunk.choices, "finish_reason": "stop", "usage": usage, "index": 0}

    custom(Streamed)
    for _ in litellm.completion(model="mine/x", messages=TURN, stream=True):
        pass
    assert priced.total("ex_llm.tokens.input.total") == 1000


def test_an_sdk_that_wraps_the_sdk_of_a_provider_is_one_inference(priced: Any, url: str) -> None:
    import litellm

    litellm.completion(model="openai/gpt-4o", messages=TURN, api_base=f"{url}/v1", api_key="k")
    litellm.text_completion(model="openai/gpt-4o", prompt="x", api_base=f"{url}/v1", api_key="k")
    assert [span.attributes["gen_ai.usage.input_tokens"] for span in priced.spans()] == [1000, 1000]
    assert priced.total("ex_llm.tokens.input.total") == 2000


@pytest.mark.parametrize("stream", [False, True])
def test_a_mock_has_cost_zero_and_is_marked(priced: Any, stream: bool) -> None:
    import litellm

    with capture_events("ex_llm.cost.*") as emitted:
        made = litellm.completion(model="gpt-4o", messages=TURN, mock_response="x", stream=stream)
        if stream:
            list(made)
    assert [(e.name, e.measurements["cost"], e.metadata["source"]) for e in emitted] == [("ex_llm.cost.calculated", 0.0, "mock")]
    known = priced.span().attributes
    assert (known["ex_llm.cost.cents"], known["ex_llm.cost.source"]) == (0.0, "mock")


def test_a_canned_response_of_a_router_costs_nothing(priced: Any) -> None:
    import litellm

    models = [{"model_name": "canned", "litellm_params": {"model": "openai/gpt-4o", "api_key": "k", "mock_response": "x"}}]
    with capture_events("ex_llm.cost.*") as emitted:
        litellm.Router(model_list=models).completion(model="canned", messages=TURN)
    assert [e.measurements.get("cost") for e in emitted] == [0.0]


@pytest.mark.parametrize("call", ["embedding", "image_generation"])
def test_other_mocks_cost_nothing(call: str, priced: Any) -> None:
    import litellm

    named = {
        "embedding": {"input": ["x"], "mock_response": [0.1]},
        "image_generation": {"prompt": "x", "mock_response": "https://x.test/y"},
    }
    with capture_events("ex_llm.cost.*") as emitted:
        getattr(litellm, call)(model={"embedding": "text-embedding-3-small"}.get(call, "openai/dall-e-3"), **named[call])
    assert [e.measurements.get("cost") for e in emitted] == [0.0]
