"""Compare the packaged prices with LiteLLM's list.

Tiers, batches, caches and fees; if they differ, the provider's page decides. Run with ``-s`` to read the counts and the
differences.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import Any

import pytest

if find_spec("litellm") is None:  # Its data file is read; the package is not imported.
    pytest.skip("needs the price list that LiteLLM brings", allow_module_level=True)

from opentelemetry.instrumentation.llm.pricing import additions, price
from opentelemetry.instrumentation.llm.pricing.price_file import check
from opentelemetry.instrumentation.llm.pricing.prices import _added, _packaged
from opentelemetry.instrumentation.llm.schema.records import Cost, Usage

ROWS = additions.price_list()
CONDITIONS: dict[str, dict[str, Any]] = {
    "": {},
    "_flex": {"service_tier": "flex"},
    "_priority": {"service_tier": "priority"},
    "_batches": {"batch": True},
}
USAGES: dict[str, tuple[str, Usage]] = {
    # Compared values: the key of the list, and a usage of a thousand units.
    "input": ("input_cost_per_token", Usage(input_tokens=1000)),
    "output": ("output_cost_per_token", Usage(input_tokens=0, output_tokens=1000)),
    "cache read": ("cache_read_input_token_cost", Usage(input_tokens=1000, cache_read_tokens=1000)),
    "cache write": ("cache_creation_input_token_cost", Usage(input_tokens=1000, cache_write_tokens=1000)),
    "cache write 1h": (
        "cache_creation_input_token_cost_above_1hr", Usage(input_tokens=1000, cache_write_tokens=1000, cache_write_1h_tokens=1000),
    ),
    "cache write 12h": (
        "cache_creation_input_token_cost_above_12hr", Usage(input_tokens=1000, cache_write_tokens=1000, cache_write_12h_tokens=1000),
    ),
}  # fmt: skip


def _compared() -> Iterator[tuple[str, str, str, str, float, float | str]]:
    """Yield owner, model, unit, condition, the list's cents and the packaged cents."""
    when = datetime.now(timezone.utc)
    for owner, name, _, row in additions.entries(ROWS):
        for unit, (key, usage) in USAGES.items():
            for suffix, how in CONDITIONS.items():
                listed = row.get(key + suffix)
                if not isinstance(listed, (int, float)) or not listed:
                    continue
                ours = price(owner, name, usage, when=when, **how)
                yield owner, name, unit, suffix, listed * 100_000, ours.total - (ours.other or 0) if isinstance(ours, Cost) else ours.reason


def test_both_lists_agree_where_both_have_a_price() -> None:
    agreed, differ, refused = Counter[str](), [], Counter[str]()
    for owner, name, unit, condition, listed, ours in _compared():
        if isinstance(ours, str):
            refused[f"{condition.strip('_') or 'standard'}: {ours}"] += 1
        elif ours == pytest.approx(listed, rel=1e-6, abs=1e-9):
            agreed[condition.strip("_") or "standard"] += 1
        else:
            differ.append((owner, name, unit, condition, round(listed, 6), round(ours, 6)))
    print(f"\nagree: {dict(agreed)}\nno price of ours: {dict(refused)}\ndiffer: {len(differ)}")
    for row in sorted(set(differ)):
        print("  ", *row)
    assert [row for row in differ if row[2] == "cache write 12h"] == []
    assert sum(agreed.values()) > 10 * len(differ)
    assert all(agreed[kind] > 40 for kind in ("standard", "flex", "priority", "batches"))


@pytest.mark.parametrize("kind", ["flex", "priority", "batches"])
def test_a_tier_in_one_list_only_is_not_the_standard_price(kind: str) -> None:
    wrong = []
    for owner, name, unit, condition, _listed, ours in _compared():
        if condition == f"_{kind}" and unit == "input" and not isinstance(ours, str):
            standard = price(owner, name, USAGES[unit][1])
            if isinstance(standard, Cost) and ours == standard.total != pytest.approx(_listed):
                wrong.append((owner, name))
    assert wrong == []


FEES = [
    # owner, model, usage of one unit, cents, the key of the list
    ("openai", "gpt-4o", Usage(input_tokens=0, code_sessions=1), 3.0, ("openai/container", "code_interpreter_cost_per_session")),
    ("google", "gemini-2.5-flash", Usage(input_tokens=0, map_searches=1), 2.5, ("gemini/gemini-2.5-flash", "google_maps_grounding_cost_per_query")),
    ("google", "gemini-3.5-flash", Usage(input_tokens=0, map_searches=1), 1.4, ("gemini/gemini-3.5-flash", "google_maps_grounding_cost_per_query")),
    ("openai", "tts-1", Usage(characters=1000), 1.5, ("tts-1", "input_cost_per_character")),
    ("aws", "stability.sd3-5-large-v1:0", Usage(images=1), 8.0, ("stability.sd3-5-large-v1:0", "output_cost_per_image")),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "model", "usage", "cents", "row"), FEES)
def test_fees_are_those_of_the_list(owner: str, model: str, usage: Usage, cents: float, row: tuple[str, str]) -> None:
    found, listed = price(owner, model, usage), ROWS[row[0]][row[1]] * 100 * (usage.characters or 1)
    assert isinstance(found, Cost) and found.total == pytest.approx(cents) == pytest.approx(listed)


def test_additions_equal_the_list_and_fit_their_entries() -> None:
    packaged = json.loads(additions.PACKAGED.read_bytes())
    fresh = additions.build()
    if fresh["version"] == packaged["version"] and fresh["date"] == packaged["date"]:
        assert fresh == packaged, "run python -m opentelemetry.instrumentation.llm.pricing.additions"
    for owner, models in _added().prices.items():
        for name, added in models.items():
            entry: Mapping[str, Any] = _packaged().prices[owner].get(name, {})
            merged = {**added, **entry, "variants": [*entry.get("variants", ()), *added.get("variants", ())]}
            check({"prices": {owner: {name: merged}}}, f"{owner} {name}")
            assert entry or {"images", "input", "video_seconds"} & added.keys()


@pytest.mark.parametrize(("size", "quality", "cents"), [
    (None, None, 4), ("1024x1024", "standard", 4), ("1792x1024", None, 8), ("1024x1024", "hd", 8), ("1024x1792", "hd", 12),
    ("512x512", None, "unpriced_size"), (None, "ultra", "unpriced_quality"),
])  # fmt: skip
def test_an_image_costs_by_its_size_and_quality(size: str | None, quality: str | None, cents: float | str) -> None:
    context = {key: value for key, value in (("size", size), ("quality", quality)) if value is not None}
    found = price("openai", "dall-e-3", Usage(images=1), context=context)
    assert found.total == pytest.approx(cents) if isinstance(found, Cost) else found.reason == cents
    assert isinstance(price("openai", "gpt-image-1", Usage(input_tokens=9, output_tokens=9), context=context), Cost)
