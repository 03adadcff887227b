"""LiteLLM beyond the contract: one span through the openai SDK, whose price stands, and references made before us."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from typing import Any

import pytest

from harness.processes import python
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.calls.streams import finalize
from opentelemetry.instrumentation.llm.testing import capture_events
from payloads import installed

pytestmark = [
    pytest.mark.skipif(not installed("litellm"), reason="litellm is in an environment of its own: tox -e litellm"),
    pytest.mark.filterwarnings("ignore"),
]
MESSAGES = [{"role": "user", "content": "say three words"}]


@pytest.fixture
def lite(stand_in: Any) -> Any:
    """Return litellm, without HTTP clients of another event loop."""
    from payloads.litellm import Functions

    Functions("")
    return sys.modules["litellm"]


def _at(stand_in: Any, scenario: str = "") -> dict[str, Any]:
    base = f"{stand_in.url}/scenario/{scenario}" if scenario else stand_in.url
    return {"api_base": f"{base}/v1", "api_key": "sk-test", "max_retries": 0, "messages": MESSAGES}


def test_one_inference_through_the_openai_sdk_has_one_span_and_one_measure_of_each(lite: Any, seen: Any, stand_in: Any) -> None:
    answer = lite.completion(model="openai/gpt-4o-mini", **_at(stand_in))
    told = seen.span().attributes
    assert len(stand_in.journal) == 1
    assert told["gen_ai.request.model"] == "openai/gpt-4o-mini" and told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.usage.output_tokens"] == answer.usage.completion_tokens
    assert seen.total("ex_llm.tokens.output.total") == answer.usage.completion_tokens
    assert seen.total("gen_ai.client.inference.duration") == seen.total("ex_llm.chat.requests.total") == 1


def test_the_price_is_that_of_litellm(lite: Any, seen: Any, stand_in: Any) -> None:
    lite.register_model({"openai/house-model": {"input_cost_per_token": 1.0, "output_cost_per_token": 2.0, "litellm_provider": "openai"}})
    with capture_events("ex_llm.cost.calculated") as said:
        answer = lite.completion(model="openai/gpt-4o-mini", input_cost_per_token=1.0, output_cost_per_token=2.0, **_at(stand_in))
    expected = 100 * (answer.usage.prompt_tokens * 1.0 + answer.usage.completion_tokens * 2.0)
    assert answer._hidden_params["response_cost"] * 100 == pytest.approx(expected)
    assert [(e.measurements["cost"], e.metadata["source"]) for e in said] == [(pytest.approx(expected), "provider")]
    assert seen.span().attributes["ex_llm.cost.cents"] == pytest.approx(expected)


def test_what_litellm_counts_by_itself_is_not_told(lite: Any, seen: Any, stand_in: Any) -> None:
    chunks = list(lite.completion(model="gpt-4o-mini", stream=True, **_at(stand_in, "no-usage"), stream_options={"include_usage": True}))
    assert any(getattr(chunk, "usage", None) for chunk in chunks), "it gives the application an estimate"
    told = seen.span().attributes
    assert "gen_ai.usage.input_tokens" not in told and "ex_llm.cost.cents" not in told


def test_a_stream_stays_its_own_object_and_is_told_chunk_by_chunk(lite: Any, seen: Any, stand_in: Any) -> None:
    stream = lite.completion(model="gpt-4o-mini", stream=True, **_at(stand_in))
    assert type(stream) is lite.CustomStreamWrapper and "__next__" not in vars(stream)
    taken = len(list(stream))
    assert seen.total("ex_llm.stream.chunks.total") == taken
    assert seen.span().attributes["ex_llm.stream.end"] == "complete"


@pytest.mark.parametrize("provider, model", [("openai", "gpt-4o-mini"), ("anthropic", "anthropic/claude-sonnet-4-5")])
def test_who_is_asked_is_what_litellm_found(provider: str, model: str, lite: Any, seen: Any, stand_in: Any) -> None:
    asked = _at(stand_in)
    if provider == "anthropic":
        asked["api_base"] = stand_in.url
    lite.completion(model=model, **asked)
    assert seen.span().attributes["gen_ai.provider.name"] == provider


def test_an_alias_of_the_model_is_resolved_where_litellm_has_resolved_it(lite: Any, seen: Any, stand_in: Any) -> None:
    lite.model_alias_map["house"] = "openai/gpt-4o-mini"
    try:
        lite.completion(model="house", **_at(stand_in))
    finally:
        lite.model_alias_map.clear()
    told = seen.span().attributes
    assert (told["gen_ai.request.model"], told["gen_ai.provider.name"]) == ("house", "openai")


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_router_that_falls_back_has_one_span_a_model(mode: str, lite: Any, seen: Any, stand_in: Any) -> None:
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


def test_what_litellm_tries_again_is_another_call(lite: Any, seen: Any, stand_in: Any) -> None:
    pytest.importorskip("tenacity")
    with pytest.raises(lite.RateLimitError):
        lite.completion(model="gpt-4o-mini", num_retries=1, **_at(stand_in, "error-429"))
    attempts = [event for span in seen.spans() for event in span.events if event.name == "ex_llm.provider.request.stop"]
    assert len(seen.spans()) == 2 and len(attempts) == len(stand_in.journal)
    assert {span.attributes["error.type"].rpartition(".")[2] for span in seen.spans()} == {"RateLimitError"}


def test_an_answer_that_is_never_priced_ends_its_call_all_the_same(lite: Any, seen: Any, stand_in: Any, monkeypatch: Any) -> None:
    def refuse(**told: Any) -> Any:
        raise ValueError("a rule of the application")

    def ask() -> str:
        try:
            lite.completion(model="gpt-4o-mini", **_at(stand_in))
        except ValueError as error:
            return str(error)
        return ""

    monkeypatch.setattr(lite.utils.Rules, "post_call_rules", lambda self, **told: refuse(**told))
    assert ask() == "a rule of the application"
    # When it is dropped; old releases keep it, so then it is when the process ends.
    gc.collect()
    finalize.end_open()
    assert seen.span().attributes["gen_ai.usage.output_tokens"] > 0


def test_everything_is_put_back(lite: Any, watch: Any, stand_in: Any) -> None:
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


def test_references_that_were_made_before_are_watched(lite: Any, stand_in: Any) -> None:
    ran = python("-c", _EARLY, stand_in.url)
    chats = [("chat gpt-4o-mini", True)] * 3
    assert (ran.returncode, ran.stdout.strip()) == (0, str([*chats, ("embeddings text-embedding-3-small", True)])), ran.stderr


def test_a_mock_is_told_without_a_request(lite: Any, seen: Any, stand_in: Any) -> None:
    lite.completion(model="gpt-4o-mini", messages=MESSAGES, mock_response="hello")
    assert stand_in.journal == [] and seen.span().attributes["gen_ai.provider.name"] == "openai"


def test_prices_are_not_fetched_in_tests() -> None:
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
