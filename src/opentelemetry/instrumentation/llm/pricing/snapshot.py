"""Make ``prices.json`` from the installed ``genai-prices``.

A development command::

    python -m opentelemetry.instrumentation.llm.pricing.snapshot [--out FILE]

Nothing is downloaded: install a newer ``genai-prices`` to get newer prices. The result replaces the packaged file in
a release; between releases, ``prices=FILE`` selects it. Only the command and its tests import this module.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from .price_file import check
from .units import UNITS, Kind

PACKAGED = Path(__file__).with_name("prices.json")

_MINIMUM_SECONDS = {("groq", "whisper-large-v3"): 10, ("groq", "whisper-large-v3-turbo"): 10}
"""Minimum billed audio, which genai-prices has in its code and not in its data."""

_GLOBS = {"starts_with": "{}*", "ends_with": "*{}", "contains": "*{}*"}


class UnknownUnit(LookupError):
    """A price of genai-prices in a unit that ``units`` does not contain."""


def build(today: date | None = None) -> dict[str, Any]:
    """Return a price file with every model of the installed ``genai-prices``.

    A model with prices in an unknown unit is left out, with a line on stderr. Its calls are then unpriced, instead of
    priced too low.
    """
    import genai_prices
    from genai_prices.data import providers

    prices: dict[str, dict[str, Any]] = {}
    for provider in providers:
        models = prices[provider.id] = {}
        for model in provider.models:
            try:
                models[model.id] = _entry(provider.id, model)
            except UnknownUnit as unknown:
                sys.stderr.write(f"left out {provider.id} {model.id}: {unknown}\n")
    return {
        "format": 1,
        "source": "genai-prices",
        "version": genai_prices.__version__,
        "date": (today or datetime.now(timezone.utc).date()).isoformat(),
        "complete": True,
        "fallbacks": {p.id: list(p.fallback_model_providers) for p in providers if p.fallback_model_providers},
        "prices": prices,
    }


def _entry(provider: str, model: Any) -> dict[str, Any]:
    entry = _names(model.id, model.match)
    if minimum := _MINIMUM_SECONDS.get((provider, model.id)):
        entry["min_seconds"] = minimum
    # If no condition matches, the first set is used, so its own condition has no effect.
    sets = model.prices if isinstance(model.prices, list) else []
    entry |= _prices(sets[0].prices if sets else model.prices)
    changes = [_condition(change.constraint) | _prices(change.prices) for change in sets[1:]]
    variants = [
        {"when": dict(variant.when)} | _condition(variant.constraint) | prices
        for variant in model.price_variants or ()
        if (prices := _prices(variant.prices))
    ]
    return entry | {key: rows for key, rows in (("changes", changes), ("variants", variants)) if rows}


def _names(model: str, clause: object) -> dict[str, Any]:
    rule = _rule(clause)
    rules = rule if isinstance(rule, list) else [rule]
    names = [item.lower() if isinstance(item, str) else item for item in rules]
    if model.lower() not in names:
        return {"match": rule}
    others = [item for item, name in zip(rules, names, strict=True) if name != model.lower()]
    return {"also": others if len(others) > 1 else others[0]} if others else {}


def _rule(clause: object) -> Any:
    """Return a clause in the form of price files; a clause has one field."""
    ((name, value),) = vars(clause).items()
    if name == "or_":
        found = [item for rule in map(_rule, value) for item in (rule if isinstance(rule, list) else [rule])]
        return found if len(found) > 1 else found[0]
    if name == "and_":
        return {"all": [_rule(item) for item in value]}
    if name == "regex":
        return {"regex": value}
    if "*" in value:
        raise ValueError(f"a name with a star cannot be written as a rule: {value!r}")
    return _GLOBS.get(name, "{}").format(value)


def _condition(constraint: Any) -> dict[str, Any]:
    if constraint is None:
        return {}
    if hasattr(constraint, "start_date"):
        return {"from": constraint.start_date.isoformat()}
    return {"between": [_utc_time(constraint.start_time), _utc_time(constraint.end_time)]}


def _utc_time(value: time) -> str:
    moment = datetime.combine(date(1970, 1, 1), value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc)
    return moment.time().isoformat("minutes" if not (moment.second or moment.microsecond) else "auto")


@cache
def _keys() -> dict[str, str]:
    """Map the library's price keys to ours by their meaning."""
    from genai_prices.data_units import unit_data

    ours = {unit.kind: unit.key for unit in UNITS.values()}
    found = {}
    for unit in unit_data.values():
        dimensions = dict(unit["dimensions"])
        kind = Kind(
            dimensions.pop("family"),
            dimensions.pop("direction", ""),
            dimensions.pop("modality", ""),
            "".join(dimensions.pop(name, "") for name in ("token_type", "tool_type", "page_type")),
            dimensions.pop("cache_ttl", ""),
        )
        if kind in ours and not dimensions and UNITS[ours[kind]].per == unit["per"]:
            found[unit["price_key"]] = ours[kind]
    return found


def _prices(prices: object) -> dict[str, Any]:
    known = {key: value for key, value in vars(prices).items() if value is not None}
    if unknown := known.keys() - _keys().keys():
        raise UnknownUnit(f"unknown unit {', '.join(sorted(unknown))}")
    return {_keys()[key]: _price(value) for key, value in known.items()}


def _price(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(value)
    return [_number(value.base), *([tier.start, _number(tier.price)] for tier in value.tiers)]


def _number(value: Decimal) -> int | float:
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError(f"a price has more digits than a float holds: {value}")
    return int(number) if number.is_integer() else number


def dump(content: dict[str, Any]) -> str:
    """Return ``content`` as JSON with one model per line, for readable diffs."""

    def compact(value: object) -> str:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    providers = []
    for provider, models in content["prices"].items():
        lines = ",\n".join(f"{compact(model)}:{compact(entry)}" for model, entry in models.items())
        providers.append(f"{compact(provider)}:{{\n{lines}\n}}")
    head = "".join(f"{compact(key)}:{compact(value)},\n" for key, value in content.items() if key != "prices")
    return "{\n" + head + '"prices":{\n' + ",\n".join(providers) + "\n}\n}\n"


def main(arguments: list[str] | None = None) -> None:
    """Write the snapshot and print a summary."""
    parser = argparse.ArgumentParser(
        prog="python -m opentelemetry.instrumentation.llm.pricing.snapshot",
        description="Make prices.json from the genai-prices that is installed. Nothing is downloaded.",
    )
    parser.add_argument("--out", type=Path, default=PACKAGED, help="where to write (default: the packaged prices.json)")
    out: Path = parser.parse_args(arguments).out
    try:
        content = build()
    except ImportError as error:
        parser.exit(1, f"{error}; install genai-prices (it needs Python 3.11 or newer)\n")
    check(content, "the installed genai-prices")
    text = dump(content)
    out.write_text(text, encoding="utf-8")
    models = sum(map(len, content["prices"].values()))
    inside = f"{models} models of {len(content['prices'])} providers, genai-prices {content['version']}"
    sys.stdout.write(f"{out}: {inside}, {len(text.encode()):,} bytes\n")


if __name__ == "__main__":
    main()
