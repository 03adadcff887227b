"""Make ``additions.json``: prices that ``genai-prices`` lacks.

A development command::

    python -m opentelemetry.instrumentation.llm.pricing.additions [--out FILE]

Sources: the price list that the installed LiteLLM contains as a data file (service tiers and batches; ``version`` in
``additions.json`` is its release), and the tables ``SERVICES`` and ``IMAGES`` below. A tier is used only if LiteLLM and
the snapshot agree on the standard price of the model, so that a tier never refers to a different standard price. Nothing
is downloaded.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .match import locate, matches, spellings
from .model import Model
from .prices import _packaged, _search
from .snapshot import dump

PACKAGED = Path(__file__).with_name("additions.json")
_LIST = "model_prices_and_context_window_backup.json"
_OWNERS = {
    "anthropic": "anthropic",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "openai": "openai",
    "text-completion-openai": "openai",
    "vertex_ai-language-models": "google",
    "xai": "x-ai",
}
_UNITS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "input_cost_per_audio_token": "input_audio",
    "cache_read_input_audio_token_cost": "cache_read_audio",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h",
}
_LONG = "cache_write_12h"
_KINDS = {
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "ultrafast": {"service_tier": "ultrafast"},
    "batches": {"processing": "batch"},
}
SERVICES: tuple[tuple[str, Any, Mapping[str, Any]], ...] = (
    # All prices: dollars per thousand.
    # Grounding with Google Maps: price list of LiteLLM 1.110.2.
    ("google", "gemini-2*", {"map_searches": 25}),
    ("google", "gemini-3*", {"map_searches": 14}),
    # A session of a 1 GB container, and the fee per request of the search models: price list of LiteLLM 1.110.2.
    ("openai", ["gpt-*", "o1*", "o3*", "o4*", "computer-use*"], {"code_sessions": 30}),
    ("openai", "*-search-preview*", {"requests": 25}),
    ("openai", "*-search-api*", {"requests": 10}),
    # Server-side tools of xAI: https://docs.x.ai/developers/pricing.
    ("x-ai", "grok-*", {"web_searches": 5, "social_searches": 5, "code_executions": 5, "storage_searches": 2.5}),
)
_HD = ("720x1280", "1280x720")
_TALL = ("1024x1792", "1792x1024")
IMAGES: dict[str, dict[str, dict[str, Any]]] = {
    # Dollars per thousand images. Unverified: neither LiteLLM 1.110.2 nor genai-prices lists these models.
    "openai": {
        "dall-e-3": {
            "images": 40,
            "variants": [
                *({"when": {"quality": "hd", "size": size}, "images": 120} for size in _TALL),
                *({"when": {"size": size}, "images": 80} for size in _TALL),
                {"when": {"quality": "hd"}, "images": 80},
                *({"when": when} for when in ({"size": "1024x1024"}, {"quality": "standard"})),
            ],
        },
        "dall-e-2": {
            "images": 20,
            "variants": [
                {"when": {"size": "512x512"}, "images": 18},
                {"when": {"size": "256x256"}, "images": 16},
                *({"when": when} for when in ({"size": "1024x1024"}, {"quality": "standard"})),
            ],
        },
        # Dollars per second of video: price list of LiteLLM 1.110.2.
        "sora-2": {"video_seconds": 0.1, "variants": [{"when": {"size": size}} for size in _HD]},
        "sora-2-pro": {
            "video_seconds": 0.3,
            "variants": [*({"when": {"size": size}, "video_seconds": 0.5} for size in _TALL), *({"when": {"size": size}} for size in _HD)],
        },
    }
}
"""Models billed per image or second that the snapshot does not contain."""
_BY_IMAGE = {"gemini": ("google", "imagen-"), "vertex_ai-image-models": ("google", "imagen-"), "bedrock": ("aws", "stability.")}
"""Models of LiteLLM's list whose price per image does not depend on the size."""
_TWELVE_HOURS = "cache_creation_input_token_cost_above_12hr"
_US = 1.1
"""Price factor for inference in the US, as in the price list of LiteLLM 1.110.2."""


def price_list() -> dict[str, Any]:
    """Return the price list of the installed LiteLLM, without importing LiteLLM."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        raise ImportError("litellm is not installed")
    rows: dict[str, Any] = json.loads(Path(spec.origin).with_name(_LIST).read_bytes())
    return rows


def dollars(row: Mapping[str, object], key: str, suffix: str = "") -> Any:
    """Return a price of a list row per million, with its prices for long prompts."""
    base = _million(row.get(key + suffix))
    if base is None:
        return None
    steps = []
    for name in row:
        if name.startswith(f"{key}_above_") and name.endswith(f"k_tokens{suffix}"):
            start = name[len(key) + 7 : -len(f"k_tokens{suffix}")]
            if start.isdigit():
                steps.append([int(start) * 1000, _million(row[name])])
    return [base, *sorted(steps)] if steps else base


def _million(price: object) -> int | float | None:
    if not isinstance(price, (int, float)) or not price:
        return None
    value = round(price * 1_000_000, 6)
    return int(value) if value == int(value) else value


def in_snapshot(owner: str, model: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return name and entry of a model in the snapshot itself, without additions."""
    found = _search([_packaged()], *_located(owner, model))
    return found[1] if found is not None and found[2] else None


def _located(owner: str, model: str) -> tuple[str, list[str]]:
    owner, model = locate(owner, model)
    return owner, spellings(owner, model)


def entries(rows: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield (provider, our name, our entry, row of the list) for each shared model."""
    order = list(_OWNERS)
    # Skip rows of a single region: the snapshot does not distinguish regions by host.
    known = {name: row for name, row in rows.items() if row.get("litellm_provider") in _OWNERS and not name.startswith("bedrock/")}
    for name, row in sorted(known.items(), key=lambda item: order.index(item[1]["litellm_provider"])):
        owner = _OWNERS.get(row.get("litellm_provider", ""))
        assert owner is not None
        model = name if owner == "aws" else name.split("/", 1)[-1]
        if (found := in_snapshot(owner, model)) is not None:
            yield owner, *found, row


def current(entry: Mapping[str, object]) -> Mapping[str, Any]:
    """Return the prices of an entry that are in force now."""
    return Model(entry).current()


def agree(entry: Mapping[str, Any], row: Mapping[str, object]) -> bool:
    """Return whether both have the same constant prices for input and output."""
    prices = current(entry)
    if any(change.get("from", "") > datetime.now(timezone.utc).date().isoformat() for change in entry.get("changes", ())):
        return False
    return all(
        prices.get(unit) == dollars(row, key) for key, unit in (("input_cost_per_token", "input"), ("output_cost_per_token", "output"))
    )


def build() -> dict[str, Any]:
    """Return the content of ``additions.json``."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    told_by: dict[tuple[str, str, str], str] = {}
    doubtful: set[tuple[str, str, str]] = set()
    for owner, name, entry, row in entries(price_list()):
        if name not in _packaged().prices[owner] or not agree(entry, row):
            continue
        rows = found.setdefault((owner, name), {})
        for label, variant in _variants(row, current(entry)):
            # If two platforms of one owner differ, the first in the order of ``_OWNERS`` is used.
            platform = told_by.setdefault((owner, name, label), row["litellm_provider"])
            if rows.setdefault(label, variant) != variant and platform == row["litellm_provider"]:
                doubtful.add((owner, name, label))
        if (kept := dollars(row, _TWELVE_HOURS)) is not None and "cache_write" in current(entry):
            rows["12h"] = {_LONG: kept}
    prices: dict[str, dict[str, Any]] = {}
    for (owner, name), rows in found.items():
        own = [variant["when"] for variant in _packaged().prices[owner][name].get("variants", ())]
        sure = [v for label, v in rows.items() if "when" in v and (owner, name, label) not in doubtful]
        # If the snapshot has a variant, add only the unit that the snapshot does not support.
        kept_rows = [v for v in sure if v["when"] not in own] + [
            {"when": v["when"], _LONG: v[_LONG]} for v in sure if v["when"] in own and _LONG in v
        ]
        made = {**rows.get("12h", {}), **({"variants": kept_rows} if kept_rows else {})}
        if made:
            prices.setdefault(owner, {})[name] = made
    _add_services(prices)
    _add_images(prices)
    _add_geographies(prices)
    return {
        "format": 1,
        "source": "litellm",
        "version": version("litellm"),
        "date": datetime.now(timezone.utc).date().isoformat(),
        "prices": {owner: dict(sorted(models.items())) for owner, models in sorted(prices.items())},
    }


def _variants(row: Mapping[str, Any], standard: Mapping[str, object]) -> Iterator[tuple[str, dict[str, Any]]]:
    for suffix, when in _KINDS.items():
        prices = {
            unit: price
            for key, unit in _UNITS.items()
            if (unit in standard or (unit == _LONG and "cache_write" in standard))
            and (price := dollars(row, key, f"_{suffix}")) is not None
        }
        if "input" in prices and ("output" in prices or not row.get("output_cost_per_token")):
            yield suffix, {"when": when, **prices}
    if (row.get("provider_specific_entry") or {}).get("us") == _US and row["litellm_provider"] == "anthropic":
        yield "us", {"when": {"inference_geo": "us"}, "times": _US}


_GEOGRAPHY = re.compile(r"(?:eu|apac|jp|au|in|ca|us|us-gov|global)\.")
_ONE_HOUR = "cache_creation_input_token_cost_above_1hr"


def _add_geographies(prices: dict[str, dict[str, Any]]) -> None:
    """Add Bedrock models whose price in a geography differs from the snapshot entry."""
    for name, row in price_list().items():
        if row.get("litellm_provider") not in ("bedrock", "bedrock_converse") or not _GEOGRAPHY.match(name):
            continue
        found = in_snapshot("aws", name)
        own = {unit: price for key, unit in _UNITS.items() if (price := dollars(row, key)) is not None}
        if found is None or not {"input", "output"} <= own.keys():
            continue
        theirs = current(found[1])
        if all(_first(own[unit]) == _first(theirs.get(unit)) for unit in ("input", "output")):
            continue
        if (hour := dollars(row, _ONE_HOUR)) is not None and "cache_write" in own:
            own["cache_write_1h"] = hour
        variants = [variant for _, variant in _variants(row, own)]
        prices.setdefault("aws", {})[name] = {**own, **({"variants": variants} if variants else {})}


def _first(price: object) -> Any:
    return price[0] if isinstance(price, list) else price


def _add_images(prices: dict[str, dict[str, Any]]) -> None:
    for owner, models in IMAGES.items():
        prices.setdefault(owner, {}).update(models)
    for name, row in price_list().items():
        owner, begins = _BY_IMAGE.get(row.get("litellm_provider", ""), ("", " "))
        model = name.rsplit("/", 1)[-1].removeprefix("us.")
        each = row.get("output_cost_per_image")
        if each and model.startswith(begins) and name.count("/") < 2 and model not in _packaged().prices[owner]:
            prices.setdefault(owner, {})[model] = {"images": round(each * 1000, 6)}


def _add_services(prices: dict[str, dict[str, Any]]) -> None:
    for owner, rule, units in SERVICES:
        for name, entry in _packaged().prices[owner].items():
            # Models that are not priced by tokens cannot use these services.
            if "input" not in entry or not any(matches(item, name.lower()) for item in (rule if isinstance(rule, list) else [rule])):
                continue
            made = prices.setdefault(owner, {}).setdefault(name, {})
            made.update({key: price for key, price in units.items() if key not in entry})


def main(arguments: list[str] | None = None) -> None:
    """Write the additions and print how many there are."""
    parser = argparse.ArgumentParser(prog="python -m opentelemetry.instrumentation.llm.pricing.additions")
    parser.add_argument("--out", type=Path, default=PACKAGED, help="where to write (default: the packaged additions.json)")
    out: Path = parser.parse_args(arguments).out
    content = build()
    text = dump(content)
    out.write_text(text, encoding="utf-8")
    models = sum(map(len, content["prices"].values()))
    sys.stdout.write(f"{out}: additions to {models} models, litellm {content['version']}, {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
