"""Test prices: the cost of a usage, the matching entry, and custom prices."""

from __future__ import annotations

import doctest
import importlib
import json
import subprocess
import sys
import threading
import tracemalloc
from datetime import datetime, timedelta, timezone
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

import opentelemetry.instrumentation.llm.pricing as pricing
from opentelemetry.instrumentation.llm.pricing import PriceFileError, Prices, Unpriced, price
from opentelemetry.instrumentation.llm.pricing import prices as prices_module
from opentelemetry.instrumentation.llm.pricing.match import PROVIDERS
from opentelemetry.instrumentation.llm.pricing.price_file import check
from opentelemetry.instrumentation.llm.schema.records import Cost, Usage

PACKAGED = Path(str(pricing.__file__)).with_name("prices.json")
USAGE = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
SOURCES = str(Path(str(pricing.__file__)).resolve().parents[4])


def alone(**models: Any) -> Prices:
    """Return prices of the provider ``p`` without the packaged prices."""
    return Prices.load({"complete": True, "prices": {"p": {name.replace("_", "-"): entry for name, entry in models.items()}}})


def cents(found: Cost | Unpriced) -> float:
    assert isinstance(found, Cost), found
    return round(found.total, 9)


def of(entry: dict[str, Any], usage: Usage = USAGE, **how: Any) -> Cost | Unpriced:
    return price("p", "m", usage, prices=alone(m=entry), **how)


@pytest.mark.parametrize("module", ["units", "match", "cost", "prices", "budget"])
def test_examples_in_docstrings_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"{pricing.__name__}.{module}"))
    assert result.attempted and not result.failed


def test_parts_are_split_so_that_no_unit_is_billed_twice() -> None:
    entry = {"input": 10, "output": 20, "cache_read": 1, "cache_write": 12, "cache_write_1h": 16, "web_searches": 5, "requests": 2}
    usage = Usage(
        input_tokens=1_000_000,
        output_tokens=500_000,
        reasoning_tokens=100_000,
        cache_read_tokens=300_000,
        cache_write_tokens=200_000,
        cache_write_1h_tokens=50_000,
        web_searches=2,
    )
    found = of(entry, usage)
    assert isinstance(found, Cost)
    parts = (found.input, found.output, found.cache_read, found.cache_write, found.other)
    assert [round(part or 0, 9) for part in parts] == [500.0, 1000.0, 30.0, 260.0, 1.2]
    assert cents(found) == 1791.2
    assert found.saved is not None and round(found.saved, 9) == 270.0  # 300,000 at 10 and not at 1 dollar a million


def test_an_absent_count_is_unknown_and_not_zero() -> None:
    found = of({"input": 10, "output": 20, "cache_read": 1}, Usage(input_tokens=1_000_000))
    assert found == Cost(1000.0, input=1000.0, source="override")


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        (Usage(), "no_usage"),
        (Usage(images=2), "usage_not_priced"),
        (Usage(input_tokens=10, cache_read_tokens=11), "inconsistent_usage"),
        (Usage(cache_read_tokens=1), "inconsistent_usage"),
        (Usage(input_tokens=-1), "inconsistent_usage"),
        (Usage(input_tokens=90, input_audio_tokens=20, cache_read_tokens=30), "ambiguous_usage"),
    ],
)
def test_counts_without_a_cost_have_a_reason(usage: Usage, reason: str) -> None:
    found = of({"input": 1, "output": 1, "cache_read": 0.1, "input_audio": 2, "cache_read_audio": 0.2}, usage)
    assert found == Unpriced(reason)
    assert not found


def test_an_overlap_that_follows_from_other_parts_is_resolved() -> None:
    entry = {"input": 1, "output": 1, "cache_read": 0.1, "input_audio": 2, "cache_read_audio": 0.2}
    usage = Usage(input_tokens=90, input_audio_tokens=20, cache_read_tokens=30, cache_read_text_tokens=30)
    assert cents(of(entry, usage)) == round((40 * 1 + 20 * 2 + 30 * 0.1) / 10_000, 9)


@pytest.mark.parametrize("usage", [Usage(), Usage(web_searches=1), Usage(reasoning_tokens=3)])
def test_the_price_of_a_call_does_not_replace_absent_tokens(usage: Usage) -> None:
    found = of({"input": 1, "requests": 10}, usage)
    assert cents(found) == 1.0 if usage.web_searches else isinstance(found, Unpriced)


def test_a_model_without_prices_is_free_and_not_unknown() -> None:
    assert of({}) == Cost(0.0, source="override")
    assert of({}, Usage()) == Unpriced("no_usage")


@pytest.mark.parametrize("tokens, expected", [(199_999, 1.0), (200_000, 1.0), (200_001, 2.0), (500_001, 4.0)])
def test_a_tier_changes_the_price_of_every_token(tokens: int, expected: float) -> None:
    entry = {"input": [1, [500_000, 4], [200_000, 2]], "output": [1, [200_000, 3]]}
    assert cents(of(entry, Usage(input_tokens=tokens))) == round(tokens * expected / 10_000, 9)


def test_minimum_seconds_are_billed_once_any_audio_was_read() -> None:
    entry = {"audio_hours": 3600, "min_seconds": 10}
    assert [cents(of(entry, Usage(seconds=seconds_of_audio))) for seconds_of_audio in (0, 0.5, 10, 11)] == [0, 1000, 1000, 1100]


REPORTED = [(0.25, 0.25, "provider"), (0, 0.0, "provider"), (-1.0, 3.0, "override"), (float("nan"), 3.0, "override")]


@pytest.mark.parametrize(("reported", "total", "source"), REPORTED)
def test_a_cost_that_the_provider_reports_wins(reported: float, total: float, source: str) -> None:
    found = of({"input": 3}, Usage(input_tokens=10_000, reported_cost_cents=reported))
    assert (cents(found), getattr(found, "source", None)) == (total, source)
    unheard_of = price("nobody", "nothing", Usage(reported_cost_cents=0.5))
    assert unheard_of == Cost(0.5, source="provider")


CHANGES = {
    "input": 1,
    "changes": [{"from": "2026-03-01", "input": 2}, {"between": ["22:30", "01:00"], "input": 5}],
    "variants": [
        {"when": {"service_tier": "flex"}, "from": "2026-04-01", "input": 0.5},
        {"when": {"processing": "batch"}, "input": 0.25},
        {"when": {"processing": "batch"}, "input": 9},
        {"when": {"speed": "fast", "service_tier": "x"}, "input": 7},
    ],
}
AT = datetime(2026, 5, 1, 12)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"when": datetime(2026, 2, 28, 12)}, 1),
        ({"when": datetime(2026, 3, 1)}, 5),
        ({"when": datetime(2026, 3, 1, 1)}, 2),
        ({"when": datetime(2026, 3, 1, 22, 29, 59)}, 2),
        ({"when": datetime(2026, 3, 1, 22, 30)}, 5),
        ({"when": datetime(2026, 3, 2, 0, 30, tzinfo=timezone(timedelta(hours=2)))}, 5),
        ({"when": AT, "service_tier": "flex"}, 0.5),
        ({"when": AT, "service_tier": "default"}, 2),
        ({"when": AT, "context": {"search_type": "unheard of"}}, 2),
        ({"when": AT, "batch": True}, 0.25),
        ({"when": AT, "service_tier": "batch"}, 0.25),
        ({"when": AT, "batch": True, "service_tier": "flex"}, 0.5),
        ({"when": AT, "service_tier": "x", "context": {"speed": "fast"}}, 7),
    ],
)
def test_time_and_kind_of_call_select_the_price(how: dict[str, Any], expected: float) -> None:
    assert cents(of(CHANGES, Usage(input_tokens=1_000_000), **how)) == expected * 100


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"when": datetime(2026, 3, 31, 12), "service_tier": "flex"}, "unpriced_tier"),
        ({"when": AT, "service_tier": "unheard of"}, "unpriced_tier"),
        ({"when": AT, "service_tier": "PRIORITY"}, "unpriced_tier"),
        ({"when": AT, "context": {"speed": "fast"}}, "unpriced_speed"),
        ({"when": AT, "context": {"inference_geo": "us"}}, "unpriced_region"),
        ({"when": AT, "context": {"latency": "optimized"}}, "unpriced_latency"),
        ({"when": AT, "service_tier": "flex", "context": {"inference_geo": "us"}}, "unpriced_region"),
    ],
)
def test_a_condition_without_a_price_makes_the_cost_unknown(how: dict[str, Any], reason: str) -> None:
    assert of(CHANGES, Usage(input_tokens=1_000_000), **how) == Unpriced(reason)


def test_a_variant_may_multiply_the_prices_of_tokens() -> None:
    entry = {
        "input": [1, [1000, 2]],
        "output": 4,
        "web_searches": 10,
        "variants": [{"when": {"inference_geo": "us"}, "times": 1.1}, {"when": {"speed": "fast"}, "input": 3, "output": 12}],
    }
    used = Usage(input_tokens=1_000_000, output_tokens=1_000_000, web_searches=1)
    assert cents(of(entry, used, context={"inference_geo": "us"})) == pytest.approx(220 + 440 + 1)
    assert cents(of(entry, used, context={"inference_geo": "us", "speed": "fast"})) == pytest.approx(330 + 1320 + 1)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(input_tokens=10, output_tokens=12, total_tokens=22), True),
        (Usage(input_tokens=22, total_tokens=22), True),
        (Usage(input_tokens=22), True),
        (Usage(input_tokens=10, output_tokens=12, total_tokens=1022), False),
        (Usage(input_tokens=10, output_tokens=12, total_tokens=10), False),
    ],
)
def test_parts_that_do_not_add_up_to_the_total_have_no_cost(usage: Usage, expected: bool) -> None:
    found = of({"input": 1, "output": 2}, usage)
    assert isinstance(found, Cost) if expected else found == Unpriced("inconsistent_usage")


SPANS = [
    "openai",
    "azure.ai.openai",
    "azure.ai.inference",
    "anthropic",
    "aws.bedrock",
    "gcp.gemini",
    "gcp.vertex_ai",
    "gcp.gen_ai",
    "cohere",
    "deepseek",
    "groq",
    "mistral_ai",
    "perplexity",
    "x_ai",
    "moonshot_ai",
    "openrouter",
    "together",
    "fireworks",
    "cerebras",
]


@pytest.mark.parametrize("provider", SPANS)
def test_provider_names_of_spans_are_known(provider: str) -> None:
    assert price(provider, "no-such-model-at-all", USAGE) == Unpriced("unknown_model")


@pytest.mark.parametrize("provider", ["ibm.watsonx.ai", "ollama", "my-own-server", "", None])
def test_providers_without_prices_are_named(provider: str | None) -> None:
    assert price(provider, "gpt-4o", USAGE) == Unpriced("unknown_provider")


@pytest.mark.parametrize("model", ["", None, "x" * 10_000])
def test_an_empty_model_name_is_an_unknown_model(model: str | None) -> None:
    assert price("openai", model, USAGE) == Unpriced("unknown_model")


def test_every_provider_that_the_table_maps_to_has_prices() -> None:
    assert set(PROVIDERS.values()) <= json.loads(PACKAGED.read_bytes())["prices"].keys()


NAMES = Prices.load(
    {
        "complete": True,
        "fallbacks": {"azure": ["openai"], "google": ["anthropic"]},
        "prices": {
            "aws": {"anthropic.claude-x-v1:0": {"input": 1}, "global.anthropic.claude-x-v1:0": {"input": 2}},
            "openai": {"gpt-4o": {"also": ["gpt-4o-2024-*"], "input": 3}, "gpt-5-2025-12-11": {"input": 4}},
            "anthropic": {"claude-y": {"match": ["claude-y*", "y-*"], "input": 5}},
            "google": {"gemini-z": {"match": {"all": ["gemini-z*", {"regex": "^(?!.*-tts$)"}]}, "input": 6}},
            "azure": {"phi": {"match": "*phi*", "input": 7}},
            "huggingface_groq": {"org/name": {"match": "*/name", "input": 8}},
        },
    }
)
MEANT = [
    ("aws.bedrock", "anthropic.claude-x-v1:0", 1),
    *(("aws.bedrock", f"{region}.anthropic.claude-x-v1:0", 1) for region in ("us", "eu", "apac", "jp", "us-gov")),
    ("aws.bedrock", "global.anthropic.claude-x-v1:0", 2),
    ("aws.bedrock", "arn:aws:bedrock:eu-west-1:123:inference-profile/eu.anthropic.claude-x-v1:0", 1),
    ("aws.bedrock", "arn:aws:bedrock:us-east-1:123:inference-profile/global.anthropic.claude-x-v1:0", 2),
    ("aws.bedrock", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x-v1:0", 1),
    ("aws.bedrock", "arn:aws:bedrock:us-east-1:123:application-inference-profile/abc123", None),
    ("openai", "GPT-4o", 3),
    ("openai", "gpt-4o-2024-08-06", 3),
    ("openai", "gpt-4o-mini", None),
    ("openai", "gpt-5-20251211", 4),
    ("openai", "gpt-5-20251311", None),
    ("azure.ai.openai", "gpt-4o", 3),
    ("azure.ai.inference", "microsoft/phi-4", 7),
    ("gcp.vertex_ai", "claude-y@20250101", 5),
    ("gcp.vertex_ai", "projects/p/locations/l/publishers/anthropic/models/claude-y@20250101", 5),
    ("gcp.gemini", "models/gemini-z-pro", 6),
    ("gcp.gemini", "gemini-z-pro-tts", None),
    ("anthropic", "y-1", 5),
    ("litellm", "vertex_ai/gemini-z", 6),
    ("litellm", "bedrock/us.anthropic.claude-x-v1:0", 1),
    ("huggingface", "org/name:groq", 8),
]


@pytest.mark.parametrize(("provider", "model", "expected"), MEANT)
def test_names_resolve_to_the_right_entry(provider: str, model: str, expected: float | None) -> None:
    found = price(provider, model, Usage(input_tokens=1_000_000), prices=NAMES)
    assert found == Unpriced("unknown_model") if expected is None else cents(found) == expected * 100


def test_bedrock_names_of_the_packaged_prices_resolve() -> None:
    names = ("anthropic.claude-3-5-sonnet-20240620-v1:0", "meta.llama3-1-8b-instruct-v1:0", "amazon.nova-lite-v1:0")
    for name in names:
        for prefix in ("", "us.", "eu.", "apac.", "arn:aws:bedrock:us-east-1:1:inference-profile/us."):
            found = price("aws.bedrock", prefix + name, USAGE)
            # A geography has its own price if the page of the provider lists one.
            geography = name.startswith("amazon.nova") and prefix in ("eu.", "apac.")
            assert found and (geography or found == price("aws.bedrock", name, USAGE))


@pytest.mark.parametrize(
    ("prefix", "factor"),
    [("", 1), ("us.", 1), ("eu.", 1.3125), ("apac.", 1.05), ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.", 1.3125)],
)
def test_a_geography_of_bedrock_has_its_own_price(prefix: str, factor: float) -> None:
    base, found = (price("aws.bedrock", name, USAGE) for name in ("amazon.nova-pro-v1:0", prefix + "amazon.nova-pro-v1:0"))
    assert isinstance(base, Cost) and isinstance(found, Cost) and found.total == pytest.approx(base.total * factor)


def test_fallback_prices_do_not_share_tiers() -> None:
    tiered = {"gpt": {"input": 1, "variants": [{"when": {"service_tier": "flex"}, "input": 0.5}]}}
    prices = Prices.load({"complete": True, "fallbacks": {"azure": ["openai"]}, "prices": {"openai": tiered}})
    assert cents(price("openai", "gpt", USAGE, prices=prices, service_tier="flex")) == 50
    assert cents(price("azure", "gpt", USAGE, prices=prices)) == 100
    assert price("azure", "gpt", USAGE, prices=prices, service_tier="flex") == Unpriced("unpriced_tier")


def test_a_deployment_can_be_given_the_name_of_its_model() -> None:
    prices = NAMES.with_overrides(model_names={"My-Deployment": "gpt-4o"}).with_overrides(model_names={"other": "phi"})
    found = [price("azure.ai.openai", name, USAGE, prices=prices) for name in ("my-deployment", "other", "third")]
    assert found == [Cost(300.0, 300.0, source="override"), Cost(700.0, 700.0, source="override"), Unpriced("unknown_model")]


def test_custom_prices_override_the_packaged_prices(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    own = {"source": "contract", "date": "2026-01-01", "prices": {"azure.ai.openai": {"gpt-4o": {"input": 1}}}}
    file.write_text(json.dumps(own))
    for source in (str(file), file, own):
        prices = Prices.load(source)
        assert price("azure.ai.openai", "gpt-4o", USAGE, prices=prices) == Cost(100.0, 100.0, source="contract", price_date="2026-01-01")
        assert price("openai", "gpt-4o", USAGE, prices=prices) == price("openai", "gpt-4o", USAGE)
        assert prices.sources[0] == "contract 2026-01-01" and prices.sources[1].startswith("genai-prices ")


def test_a_custom_server_can_use_prices_of_a_provider() -> None:
    prices = Prices.load({"fallbacks": {"my-gateway": ["openai"]}})
    assert price("my-gateway", "gpt-4o", USAGE, prices=prices) == price("openai", "gpt-4o", USAGE)
    assert price("my-gateway", "my-model", USAGE, prices=prices) == Unpriced("unknown_model")


def test_a_price_function_is_called_first_and_may_return_none() -> None:
    requested = []

    def mine(provider: str, model: str, usage: Usage) -> Cost | float | None:
        requested.append((provider, model, usage))
        return {"a": Cost(1.5, input=1.5, source="mine"), "b": 2}.get(model)

    prices = NAMES.with_overrides(mine)
    assert price("p", "a", USAGE, prices=prices) == Cost(1.5, input=1.5, source="mine")
    assert price("p", "b", USAGE, prices=prices) == Cost(2.0, source="function")
    assert cents(price("openai", "gpt-4o", USAGE, prices=prices)) == 300
    assert price("p", "c", USAGE, prices=prices) == Unpriced("unknown_provider")
    assert requested[2] == ("openai", "gpt-4o", USAGE)
    over = prices.with_overrides({"prices": {"p": {"a": {"input": 1}}}})
    assert cents(price("p", "a", USAGE, prices=over)) == 100, "what was laid on last is asked first"
    assert price("p", "b", USAGE, prices=over) == Cost(2.0, source="function")


@pytest.mark.parametrize("price_result", [-1, float("nan"), True, "1"])
def test_an_invalid_result_of_a_price_function_is_named(price_result: Any) -> None:
    prices = Prices.load(lambda provider, model, usage: price_result)
    with pytest.raises(ValueError, match="allowed: a Cost, cents"):
        price("p", "m", USAGE, prices=prices)


def in_model(entry: Any) -> dict[str, Any]:
    return {"prices": {"openai": {"gpt-4o": entry}}}


WRONG = [
    ([], "must be an object"),
    ({"price": {}}, "unknown key 'price'; did you mean 'prices'?"),
    ({"format": 2}, "format: 2 is not known"),
    ({"complete": 1}, "complete: 1 must be true or false"),
    ({"date": 20260101}, "date: 20260101 must be a text"),
    ({"fallbacks": {"azure": "openai"}}, "fallbacks.azure: 'openai' must be a list of texts"),
    ({"prices": {"openai": []}}, "prices.openai: [] must be an object of models"),
    (in_model(2.5), "prices.openai.gpt-4o: 2.5 must be an object"),
    (in_model({"imput": 1}), "prices.openai.gpt-4o: unknown key 'imput'; did you mean 'input'?"),
    (in_model({"zzz": 1}), "prices.openai.gpt-4o: unknown key 'zzz'; allowed: also, changes"),
    (in_model({"input": -0.1}), "prices.openai.gpt-4o.input: -0.1 is not allowed"),
    (in_model({"input": "2.5"}), "prices.openai.gpt-4o.input: '2.5' is not a number"),
    (in_model({"input": True}), "input: True is not a number"),
    (in_model({"input": float("nan")}), "input: nan is not allowed"),
    (in_model({"input": []}), "input: [] is not a price"),
    (in_model({"input": [1, 2]}), "input: [1, 2] is not a price"),
    (in_model({"input": [1, [200, -2]]}), "input: -2 is not allowed"),
    (in_model({"min_seconds": -1}), "min_seconds: -1 is not allowed"),
    (in_model({"cache_read": 1}), "a price for 'cache_read' requires a price for 'input'"),
    (in_model({"input": 1, "input_audio": 1, "cache_read": 1}), "requires a price for 'cache_read_audio'"),
    (in_model({"match": ""}), "match: '' is not a rule"),
    (in_model({"also": ["a", {"starts": "b"}]}), "also[1]: {'starts': 'b'} is not a rule"),
    (in_model({"match": {"regex": "("}}), "match.regex: '(' is not a regular expression"),
    (in_model({"match": {"all": []}}), "match.all: [] is not a rule"),
    (in_model({"changes": {}}), "changes: {} must be a list"),
    (in_model({"changes": [{"input": 1}, {"input": -1}]}), "changes[1].input: -1 is not allowed"),
    (in_model({"changes": [{"from": "1 May"}]}), "changes[0].from: '1 May' is not a date such as 2026-01-31"),
    (in_model({"changes": [{"between": ["12:00"]}]}), "between: ['12:00'] must be two times"),
    (in_model({"changes": [{"between": ["12:00", "25:00"]}]}), "between: '25:00' is not a time"),
    (in_model({"variants": [{"input": 1}]}), "variants[0].when: None must be an object such as"),
    (in_model({"variants": [{"when": {"a": 1}, "input": 1}]}), "variants[0].when: [1] must be a list of texts"),
    (in_model({"variants": [{"when": {"a": "b"}, "cache_read": 1}]}), "a price for 'cache_read' requires a price for 'input'"),
]


@pytest.mark.parametrize(("content", "message"), WRONG, ids=[message[-50:] for _, message in WRONG])
def test_an_invalid_price_file_is_refused_with_field_and_reason(content: Any, message: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(content))
    with pytest.raises(PriceFileError) as raised:
        Prices.load(file)
    assert message in str(raised.value) and str(raised.value).startswith(str(file))
    if isinstance(content, dict):
        with pytest.raises(PriceFileError):
            Prices.load(content)
    assert price("openai", "gpt-4o", USAGE), "the snapshot stands"


def test_text_that_is_not_json_is_refused_by_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{\n "prices": {\n  "openai": {,}\n }\n}')
    with pytest.raises(PriceFileError, match="line 3, column 14: not JSON"):
        Prices.load(file)
    file.write_bytes(b'{"prices": "\xff"}')
    with pytest.raises(PriceFileError, match="not JSON"):
        Prices.load(file)
    with pytest.raises(PriceFileError, match=r"cannot read the price file .*missing\.json"):
        Prices.load(tmp_path / "missing.json")


@pytest.mark.parametrize("source", [1, 2.5, ["prices"]])
def test_an_invalid_source_is_refused_by_name(source: Any) -> None:
    with pytest.raises(TypeError, match="give a path, a mapping or a function"):
        Prices.load(source)


def test_the_packaged_file_is_valid_small_and_dated() -> None:
    raw = PACKAGED.read_bytes()
    data = json.loads(raw)
    check(data, "prices.json")
    assert len(raw) < 300_000
    assert data["source"] == "genai-prices" and data["version"] and data["complete"] is True
    assert datetime.fromisoformat(data["date"]) <= datetime.now() + timedelta(days=1)
    (compared,) = [line for line in requires("opentelemetry-instrumentation-llm") or () if line.startswith("genai-prices")]
    assert f"=={data['version']};" in compared.replace(" ", ""), "the tests compare with what the packaged prices are made from"


def test_the_packaged_prices_need_little_memory() -> None:
    tracemalloc.start()
    try:
        loaded = prices_module._packaged.__wrapped__()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert loaded.prices["openai"] and held < 2_500_000 and peak < 5_000_000


def test_remembered_names_are_bounded() -> None:
    prices = alone(m={"match": "m-*", "input": 1})
    for number in range(prices_module._REMEMBERED * 2 + 10):
        assert price("p", f"m-{number}", USAGE, prices=prices)
    assert len(prices._remembered) <= prices_module._REMEMBERED


def test_many_threads_get_the_same_prices() -> None:
    models = [("openai", "gpt-4o"), ("anthropic", "claude-3-haiku"), ("google", "gemini-2.5-pro"), ("deepseek", "deepseek-chat")]
    when = datetime(2026, 11, 1, 12)
    expected = [price(*model, USAGE, when=when) for model in models]
    fresh, answers, barrier = Prices(), [], threading.Barrier(16)

    def look_up() -> None:
        barrier.wait()
        answers.append([price(*model, USAGE, prices=fresh, when=when) for model in models])

    threads = [threading.Thread(target=look_up) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(expected) and answers == [expected] * 16


IMPORT = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import opentelemetry.instrumentation.llm.pricing as pricing
from opentelemetry.instrumentation.llm.pricing import redis_budget
from opentelemetry.instrumentation.llm.schema.records import Usage
prices = pricing.Prices.snapshot().with_overrides({"prices": {"p": {"m": {"input": 1}}}})
assert not [name for name in opened if name.endswith("prices.json")], opened
assert not {"genai_prices", "redis"} & sys.modules.keys()
assert pricing.price("openai", "gpt-4o", Usage(input_tokens=1))
assert [name for name in opened if name.endswith("prices.json")], opened
print("as expected")
"""


def test_importing_and_configuring_reads_no_price_file() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], env={"PYTHONPATH": SOURCES}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "as expected\n", done.stderr
