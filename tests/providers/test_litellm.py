"""Test LiteLLM beyond the contract.

One span through the openai SDK, the price of LiteLLM, and references that were imported earlier.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from typing import Any

import pytest

from calls import installed
from harness.processes import python
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.calls.streams import finalize
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = [
    pytest.mark.skipif(not installed("litellm"), reason="litellm is in an environment of its own: tox -e litellm"),
    pytest.mark.filterwarnings("ignore"),
]
MESSAGES = [{"role": "user", "content": "say three words"}]


@pytest.fixture
def lite(stand_in: Any) -> Any:
    """Return litellm, without HTTP clients of another event loop."""
    from calls.litellm import Functions

    Functions("")
    return sys.modules["litellm"]


def _at(stand_in: Any, scenario: str = "") -> dict[str, Any]:
    base = f"{stand_in.url}/scenario/{scenario}" if scenario else stand_in.url
    return {"api_base": f"{base}/v1", "api_key": "sk-test", "max_retries": 0, "messages": MESSAGES}


def test_one_call_through_the_openai_sdk_has_one_span(lite: Any, seen: Any, stand_in: Any) -> None:
    response = lite.completion(model="openai/gpt-4o-mini", **_at(stand_in))
    recorded = seen.span().attributes
    assert len(stand_in.journal) == 1
    assert recorded["gen_ai.request.model"] == "openai/gpt-4o-mini" and recorded["gen_ai.provider.name"] == "openai"
    assert recorded["gen_ai.usage.output_tokens"] == response.usage.completion_tokens
    assert seen.total("ex_llm.tokens.output.total") == response.usage.completion_tokens
    assert seen.total("gen_ai.client.inference.duration") == seen.total("ex_llm.chat.requests.total") == 1


def test_the_cost_is_that_of_litellm(lite: Any, seen: Any, stand_in: Any) -> None:
    lite.register_model({"openai/house-model": {"input_cost_per_token": 1.0, "output_cost_per_token": 2.0, "litellm_provider": "openai"}})
    with capture_events("ex_llm.cost.calculated") as emitted:
        response = lite.completion(model="openai/gpt-4o-mini", input_cost_per_token=1.0, output_cost_per_token=2.0, **_at(stand_in))
    expected = 100 * (response.usage.prompt_tokens * 1.0 + response.usage.completion_tokens * 2.0)
    assert response._hidden_params["response_cost"] * 100 == pytest.approx(expected)
    assert [(e.measurements["cost"], e.metadata["source"]) for e in emitted] == [(pytest.approx(expected), "provider")]
    assert seen.span().attributes["ex_llm.cost.cents"] == pytest.approx(expected)


def test_tokens_estimated_by_litellm_are_not_recorded(lite: Any, seen: Any, stand_in: Any) -> None:
    chunks = list(lite.completion(model="gpt-4o-mini", stream=True, **_at(stand_in, "no-usage"), stream_options={"include_usage": True}))
    assert any(getattr(chunk, "usage", None) for chunk in chunks), "it gives the application an estimate"
    recorded = seen.span().attributes
    assert "gen_ai.usage.input_tokens" not in recorded and "ex_llm.cost.cents" not in recorded


def test_a_stream_keeps_its_object_and_records_each_chunk(lite: Any, seen: Any, stand_in: Any) -> None:
    stream = lite.completion(model="gpt-4o-mini", stream=True, **_at(stand_in))
    assert type(stream) is lite.CustomStreamWrapper and "__next__" not in vars(stream)
    chunk_count = len(list(stream))
    assert seen.total("ex_llm.stream.chunks.total") == chunk_count
    assert seen.span().attributes["ex_llm.stream.end"] == "complete"


@pytest.mark.parametrize("provider, model", [("openai", "gpt-4o-mini"), ("anthropic", "anthropic/claude-sonnet-4-5")])
def test_the_provider_is_the_one_litellm_resolved(provider: str, model: str, lite: Any, seen: Any, stand_in: Any) -> None:
    target = _at(stand_in)
    if provider == "anthropic":
        target["api_base"] = stand_in.url
    lite.completion(model=model, **target)
    assert seen.span().attributes["gen_ai.provider.name"] == provider


def test_an_alias_of_the_model_is_resolved_like_litellm(lite: Any, seen: Any, stand_in: Any) -> None:
    lite.model_alias_map["house"] = "openai/gpt-4o-mini"
    try:
        lite.completion(model="house", **_at(stand_in))
    finally:
        lite.model_alias_map.clear()
    recorded = seen.span().attributes
    assert (recorded["gen_ai.request.model"], recorded["gen_ai.provider.name"]) == ("house", "openai")


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_router_fallback_has_one_span_for_each_model(mode: str, lite: Any, seen: Any, stand_in: Any) -> None:
    def deployment(name: str, scenario: str) -> dict[str, Any]:
        where = {key: value for key, value in _at(stand_in, scenario).items() if key != "messages"}
        return {"model_name": name, "litellm_params": {"model": "openai/gpt-4o-mini", **where}}

    router = lite.Router([deployment("bad", "error-429"), deployment("good", "")], fallbacks=[{"bad": ["good"]}], num_retries=0)
    if mode == "sync":
        router.completion("bad", MESSAGES)
    else:
        asyncio.run(router.acompletion("bad", MESSAGES))
    assert [span.status.status_code.name for span in seen.spans()] == ["ERROR", "UNSET"]
    assert len(stand_in.journal) == 2


def test_a_retry_of_litellm_is_another_call(lite: Any, seen: Any, stand_in: Any) -> None:
    pytest.importorskip("tenacity")
    with pytest.raises(lite.RateLimitError):
        lite.completion(model="gpt-4o-mini", num_retries=1, **_at(stand_in, "error-429"))
    attempts = [event for span in seen.spans() for event in span.events if event.name == "ex_llm.provider.request.stop"]
    assert len(seen.spans()) == 2 and len(attempts) == len(stand_in.journal)
    assert {span.attributes["error.type"].rpartition(".")[2] for span in seen.spans()} == {"RateLimitError"}


def test_a_response_that_is_never_priced_still_ends_its_call(lite: Any, seen: Any, stand_in: Any, monkeypatch: Any) -> None:
    def refuse(**arguments: Any) -> Any:
        raise ValueError("a rule of the application")

    def send() -> str:
        try:
            lite.completion(model="gpt-4o-mini", **_at(stand_in))
        except ValueError as error:
            return str(error)
        return ""

    monkeypatch.setattr(lite.utils.Rules, "post_call_rules", lambda self, **arguments: refuse(**arguments))
    assert send() == "a rule of the application"
    # The call ends when the response is dropped. Old releases keep the response, so the call ends at exit.
    gc.collect()
    finalize.end_open()
    assert seen.span().attributes["gen_ai.usage.output_tokens"] > 0


def test_uninstrument_restores_everything(lite: Any, watch: Any, stand_in: Any) -> None:
    def kept() -> Any:
        function = lite.main.completion
        while "original_function" not in function.__code__.co_freevars:
            function = function.__wrapped__
        return function.__closure__[function.__code__.co_freevars.index("original_function")].cell_contents

    before, stepping = kept(), vars(lite.CustomStreamWrapper)["__next__"]
    seen = watch()
    assert kept() is not before
    LLMInstrumentor().uninstrument()
    assert kept() is before and vars(lite.CustomStreamWrapper)["__next__"] is stepping
    lite.completion(model="gpt-4o-mini", **_at(stand_in))
    assert seen.spans() == []


_EARLY = """
import sys, warnings
warnings.simplefilter("ignore")
from litellm import completion, embedding
from litellm.main import completion as from_main
import litellm
function = litellm.completion
from conftest import Seen
seen = Seen()
seen.instrument()
asked = {"api_base": sys.argv[1] + "/v1", "api_key": "sk", "max_retries": 0}
for early in (completion, from_main, function):
    early(model="gpt-4o-mini", messages=[{"role": "user", "content": "a"}], **asked)
embedding(model="text-embedding-3-small", input=["a"], **asked)
print([(s.name, s.attributes["ex_llm.cost.cents"] > 0) for s in seen.spans()])
"""


def test_references_imported_earlier_are_instrumented(lite: Any, stand_in: Any) -> None:
    ran = python("-c", _EARLY, stand_in.url)
    chats = [("chat gpt-4o-mini", True)] * 3
    assert (ran.returncode, ran.stdout.strip()) == (0, str([*chats, ("embeddings text-embedding-3-small", True)])), ran.stderr


def test_a_mock_is_recorded_without_an_attempt(lite: Any, seen: Any, stand_in: Any) -> None:
    lite.completion(model="gpt-4o-mini", messages=MESSAGES, mock_response="hello")
    assert stand_in.journal == [] and seen.span().attributes["gen_ai.provider.name"] == "openai"


def test_prices_are_not_fetched_in_tests() -> None:
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
