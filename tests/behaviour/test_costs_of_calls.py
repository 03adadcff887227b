"""Test the costs of calls by the usage of their responses.

Also the reason that is recorded if a cost is not known.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import doctor, price
from opentelemetry.instrumentation.llm.calls.patches import Patches
from opentelemetry.instrumentation.llm.dialects.anthropic import messages
from opentelemetry.instrumentation.llm.dialects.google import gemini
from opentelemetry.instrumentation.llm.dialects.google import usage as gemini_usage
from opentelemetry.instrumentation.llm.dialects.openai import responses
from opentelemetry.instrumentation.llm.dialects.openai import usage as openai_usage
from opentelemetry.instrumentation.llm.pricing import Prices
from opentelemetry.instrumentation.llm.schema.records import Cost, Usage
from opentelemetry.instrumentation.llm.testing import capture_events
from opentelemetry.instrumentation.llm.wrapper import Patch

MESSAGES = [{"role": "user", "content": "say three words"}]


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-x", max_retries=0) as made:
        yield made


def test_a_call_without_a_price_is_reported_counted_and_diagnosed(seen: Any, client: Any) -> None:
    with capture_events("ex_llm.cost.*") as emitted:
        for _ in range(2):
            client.chat.completions.create(model="nobody-knows", messages=MESSAGES)
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert [(e.name, e.metadata.get("reason")) for e in emitted] == [
        ("ex_llm.cost.unknown", "unknown_model"),
        ("ex_llm.cost.unknown", "unknown_model"),
        ("ex_llm.cost.calculated", None),
    ]
    (point,) = seen.metrics()["ex_llm.telemetry.unpriced_calls.total"]
    assert (point.value, dict(point.attributes)) == (2, {"provider": "openai", "model": "nobody-knows", "reason": "unknown_model"})
    (unpriced,) = doctor.report().as_json()["unpriced"]
    assert unpriced["model"].startswith("nobody-knows") and unpriced["reason"] == "unknown_model"


def test_the_model_of_a_call_without_a_price_is_one_debug_line(seen: Any, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "opentelemetry.instrumentation.llm"):
        for _ in range(3):
            client.chat.completions.create(model="nobody-knows", messages=MESSAGES)
    (line,) = [m for m in caplog.messages if "nobody-knows" in m]
    assert line.startswith("openai nobody-knows") and line.endswith("has no price: unknown_model")


def test_a_failed_call_without_usage_is_not_an_unpriced_call(seen: Any, client: Any) -> None:
    import openai

    with capture_events("ex_llm.cost.*") as emitted, pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-4o-mini@error-429", messages=MESSAGES)
    assert emitted == [] and "ex_llm.cost.unknown_reason" not in seen.span().attributes


def test_targets_that_a_release_lacks_are_counted(seen: Any) -> None:
    patches = Patches()
    patches.begin()
    with capture_events("ex_llm.telemetry.missing_target") as emitted:
        for name in ("nobody", "nobody_else"):
            patches.place(Patch("some-sdk >= 1", f"json:{name}", lambda original: original, optional=False))
    assert [(e.measurements["missing"], e.metadata["target"]) for e in emitted] == [(1, "json:nobody"), (2, "json:nobody_else")]
    (point,) = [p for p in seen.metrics()["ex_llm.telemetry.missing_targets"] if p.attributes["sdk"] == "some-sdk"]
    assert point.value == 2


def test_failures_of_handlers_and_of_this_package_are_counted(seen: Any, client: Any) -> None:
    from opentelemetry.instrumentation.llm import attach
    from opentelemetry.instrumentation.llm.guard import guarded

    attach("broken", "ex_llm.chat.stop", lambda *event: 1 / 0)
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    guarded(lambda: 1 / 0)
    assert seen.total("ex_llm.telemetry.handler_failures.total") == 1
    assert seen.total("ex_llm.telemetry.extraction_errors.total") == 1


def test_a_price_function_that_raises_gives_no_price(watch: Any, client: Any) -> None:
    def prices(provider: str, model: str, usage: Usage) -> Cost | None:
        if model == "breaks":
            raise RuntimeError("mine")
        return Cost(2.0, input=2.0, source="mine") if model == "mine" else None

    seen = watch(prices=prices)
    with capture_events("ex_llm.cost.*") as emitted:
        for model in ("mine", "gpt-4o-mini", "breaks"):
            client.chat.completions.create(model=model, messages=MESSAGES)
    assert [(e.name.rpartition(".")[2], e.metadata.get("source"), e.metadata.get("reason")) for e in emitted] == [
        ("calculated", "mine", None),
        ("calculated", "genai-prices", None),
        ("unknown", None, "prices_failed"),
    ]
    assert seen.total("ex_llm.telemetry.extraction_errors.total") == 1


def test_prices_can_be_the_live_price_library(watch: Any, client: Any) -> None:
    library = pytest.importorskip("genai_prices", reason="a development dependency")

    def live(provider: str, model: str, usage: Usage) -> float | None:
        try:
            used = library.Usage(
                input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cache_read_tokens=usage.cache_read_tokens
            )
            return float(library.calc_price(used, model, provider_id=provider).total_price) * 100
        except LookupError:
            return None

    seen = watch(prices=live)
    result = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    used = openai_usage.usage(result.usage)
    ours = price("openai", "gpt-4o-mini", used, prices=Prices.snapshot())
    assert isinstance(ours, Cost) and seen.span().attributes["ex_llm.cost.cents"] == pytest.approx(ours.total, abs=1e-7)


def test_savings_of_a_cached_prompt_are_a_separate_number(watch: Any, client: Any) -> None:
    seen = watch(model_names={"gpt-4o-mini-cached": "gpt-4o-mini"})
    with capture_events("ex_llm.cost.calculated") as emitted:
        client.chat.completions.create(model="gpt-4o-mini-cached", messages=[{"role": "user", "content": "word " * 300}])
    (event,) = emitted
    full = Usage(input_tokens=event.metadata["input_tokens"], output_tokens=event.metadata["output_tokens"])
    uncached = price("openai", "gpt-4o-mini", full)
    assert isinstance(uncached, Cost) and event.metadata["cache_read_tokens"] > 0
    assert 0 < event.metadata["saved"] == pytest.approx(uncached.total - event.measurements["cost"])
    assert seen.total("ex_llm.cost.saved.cents.total") == pytest.approx(event.metadata["saved"])


def test_an_abandoned_stream_costs_the_usage_received_so_far(seen: Any, stand_in: Any) -> None:
    anthropic = pytest.importorskip("anthropic")
    with anthropic.Anthropic(base_url=stand_in.url, api_key="x", max_retries=0) as client:
        stream = client.messages.create(model="claude-3-5-haiku-latest", messages=MESSAGES, max_tokens=50, stream=True)
        next(iter(stream))
        stream.close()
    span = seen.span()
    known = Usage(
        input_tokens=span.attributes["gen_ai.usage.input_tokens"], output_tokens=span.attributes.get("gen_ai.usage.output_tokens")
    )
    expected = price("anthropic", "claude-3-5-haiku-latest", known)
    assert isinstance(expected, Cost) and span.attributes["ex_llm.cost.cents"] == pytest.approx(expected.total)
    assert span.attributes["ex_llm.stream.end"] == "closed_early"


@pytest.mark.parametrize(
    ("block", "cents"),
    [
        ({"prompt_tokens": 5, "cost": 0.0123}, 1.23),
        ({"prompt_tokens": 5, "cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}, 2.1),
        ({"prompt_tokens": 5, "cost": 0.02, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.02}}, 2.0),
        ({"prompt_tokens": 5, "cost": {"request_cost": 0.006, "total_cost": 0.00614}}, 0.614),
        ({"prompt_tokens": 5, "cost_in_usd_ticks": 200000000}, 2.0),
        ({"prompt_tokens": 5, "cost": "free"}, None),
        ({"prompt_tokens": 5}, None),
    ],
)
def test_a_cost_reported_by_the_provider_wins_and_is_marked(block: dict[str, Any], cents: float | None) -> None:
    used = openai_usage.usage(block)
    found = price("openrouter", "nobody-knows", used)
    if cents is None:
        assert not isinstance(found, Cost)
    else:
        assert isinstance(found, Cost) and found.total == pytest.approx(cents) and found.source == "provider"


def _response(*kinds: tuple[str, str | None]) -> dict[str, Any]:
    output = [{"type": kind, **({"action": {"type": action}} if action else {})} for kind, action in kinds]
    return {"model": "gpt-4.1", "status": "completed", "usage": {"input_tokens": 1000, "output_tokens": 10}, "output": output}


def test_searches_of_a_response_are_counted_and_priced_each() -> None:
    looked = _response(
        ("web_search_call", "search"), ("web_search_call", "open_page"), ("web_search_call", None), ("file_search_call", None)
    )
    used, unused = responses.response(looked).usage, responses.response(_response(("message", None))).usage
    assert (used.web_searches, used.storage_searches) == (2, 1)
    assert (unused.web_searches, unused.storage_searches) == (None, None)
    costs = [price("openai", "gpt-4.1", one) for one in (used, unused)]
    assert all(isinstance(cost, Cost) for cost in costs)
    assert costs[0].total - costs[1].total == pytest.approx(2 * 1.0 + 0.25)  # type: ignore[union-attr]


@pytest.mark.parametrize(("model", "searches"), [("gemini-2.5-flash", 1), ("gemini-3.1-pro-preview", 3)])
def test_searches_of_gemini_are_counted_as_they_are_billed(model: str, searches: int) -> None:
    def grounded(queries: list[str]) -> dict[str, Any]:
        candidate = {"groundingMetadata": {"webSearchQueries": queries}}
        return {"modelVersion": model, "candidates": [candidate], "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2}}

    assert gemini.generate_content.response(grounded(["a", "b", "c"])).usage.web_searches == searches
    draft = gemini.generate_content.response(grounded([]))
    assert draft.usage.web_searches is None
    for queries in ([], ["a", "b", "c"], []):
        gemini.generate_content.absorb(draft, grounded(queries))
    assert draft.usage.web_searches == searches and draft.usage.input_tokens == 5


def test_google_reports_usage_beside_text_tokens() -> None:
    reported = {
        "promptTokenCount": 30,
        "promptTokensDetails": [{"modality": "VIDEO", "tokenCount": 20}, {"modality": "TEXT", "tokenCount": 10}],
        "groundingToolCount": [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 1}],
    }
    used = gemini_usage.usage(reported)
    assert (used.input_video_tokens, used.input_text_tokens, used.web_searches) == (20, 10, 2)


def test_the_fast_mode_of_anthropic_has_its_price() -> None:
    reported = messages.response({"model": "claude-opus-4-8", "usage": {"input_tokens": 1000, "output_tokens": 100, "speed": "fast"}})
    assert reported.speed == "fast"
    slow, fast = (price("anthropic", "claude-opus-4-8", reported.usage, context=context) for context in (None, {"speed": reported.speed}))
    assert isinstance(slow, Cost) and isinstance(fast, Cost) and fast.total > slow.total


def test_reasoning_larger_than_output_is_added_to_it() -> None:
    used = openai_usage.usage({"prompt_tokens": 33, "completion_tokens": 100, "total_tokens": 133, "reasoning_tokens": 400})
    assert used.output_tokens == 500


def test_reasoning_reported_within_output_is_a_part_of_it() -> None:
    reported = {"prompt_tokens": 33, "completion_tokens": 100, "total_tokens": 133, "completion_tokens_details": {"reasoning_tokens": 120}}
    used = openai_usage.usage(reported)
    assert (used.output_tokens, used.reasoning_tokens) == (100, 120)


def test_neither_import_nor_instrument_reads_a_price_file() -> None:
    code = """
import pkgutil, sys
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.pricing import prices
import openai
LLMInstrumentor().instrument()
assert prices._packaged.cache_info().currsize == 0 and "genai_prices" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
