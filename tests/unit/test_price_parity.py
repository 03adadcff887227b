"""Compare every packaged price with the library that the snapshot comes from.

All its models, a grid of usages. Run with ``-s`` to read how many were compared and the largest difference.
"""

from __future__ import annotations

import json
from dataclasses import fields, make_dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import pytest

genai_prices = pytest.importorskip("genai_prices", reason="needs the genai-prices of the snapshot, which is for Python 3.11 and later")

from genai_prices.data import providers  # noqa: E402
from genai_prices.data_snapshot import get_snapshot  # noqa: E402
from genai_prices.data_units import unit_data  # noqa: E402

from opentelemetry.instrumentation.llm.pricing import Prices, Unpriced, price, snapshot  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.cost import cost  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.match import PROVIDERS  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.model import Model  # noqa: E402
from opentelemetry.instrumentation.llm.pricing.units import UNITS, Kind  # noqa: E402
from opentelemetry.instrumentation.llm.schema.records import Cost, Usage  # noqa: E402

CLOSE = 1e-9
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
PACKAGED = json.loads(snapshot.PACKAGED.read_bytes())

_NOT_IN_USAGE = {unit.field for unit in UNITS.values() if unit.field} - {field.name for field in fields(Usage)}
Wide = make_dataclass("Wide", [(name, Any, None) for name in sorted(_NOT_IN_USAGE)], bases=(Usage,), init=False, eq=False, repr=False)
"""``Usage`` with a field for every unit.

Also for units that ``Usage`` does not count yet.
"""


def _library_keys() -> dict[str, list[str]]:
    """Map each field of ``Usage`` to the library's keys of the same count."""
    found: dict[str, list[str]] = {}
    for usage_key, unit in unit_data.items():
        field = UNITS[snapshot._keys()[unit["price_key"]]].field
        if field:
            found.setdefault(field, []).append(usage_key)
    return found


LIBRARY_KEYS = _library_keys()


def _tokens(n: int) -> dict[str, dict[str, int]]:
    """Return usages of ``n`` input tokens, by their special property."""
    plain = {"input_tokens": n, "output_tokens": n // 7}
    read = {"cache_read_tokens": n // 2}
    written = {"cache_write_tokens": n // 4, "cache_write_1h_tokens": n // 8}
    thought = {"reasoning_tokens": n // 9, "citation_tokens": n // 50}
    audio = {"input_audio_tokens": n // 3, "output_audio_tokens": n // 20}
    image = {"input_image_tokens": n // 5, "output_image_tokens": n // 30}
    video = {"input_video_tokens": n // 10, "output_video_tokens": n // 40}
    shared = {"cache_read_audio_tokens": n // 6, "cache_read_image_tokens": n // 11, "cache_read_video_tokens": n // 20}
    counted = {"web_searches": 3, "storage_searches": 2}
    return {
        "plain": plain,
        "input only": {"input_tokens": n},
        "read": plain | read,
        "written": plain | {"cache_write_tokens": n // 4},
        "read and written": plain | read | written,
        "reasoning": plain | thought,
        "audio": plain | audio,
        "audio read": plain | audio | read | {"cache_read_audio_tokens": n // 6},
        "all": plain | read | written | thought | audio | image | video | shared | counted,
    }


REST = {
    "seconds": {"seconds": 4.5},
    "more seconds": {"seconds": 75.25, "input_tokens": 40, "output_tokens": 10},
    "characters": {"characters": 1234},
    "pages": {"pages": 7, "annotated_pages": 2},
    "searches": {"search_units": 3, "web_searches": 5, "storage_searches": 1, "text_messages": 2},
    "more read than there is": {"input_tokens": 10, "cache_read_tokens": 11},
    "read of nothing": {"cache_read_tokens": 11},
    "unknown overlap": {"input_tokens": 90, "input_audio_tokens": 20, "input_image_tokens": 5, "cache_read_tokens": 30},
}


class Pair:
    """One usage in both forms, made once because the library's form is slow to make."""

    made: ClassVar[dict[tuple[tuple[str, float], ...], Pair]] = {}

    def __init__(self, counts: dict[str, float]) -> None:
        self.ours = Wide(**counts)
        keys = {key: value for field, value in counts.items() for key in LIBRARY_KEYS[field]}
        self.theirs = genai_prices.Usage(**keys)

    @classmethod
    def of(cls, counts: dict[str, float]) -> Pair:
        key = tuple(sorted(counts.items()))
        if key not in cls.made:
            cls.made[key] = cls(counts)
        return cls.made[key]


def _all_prices(model: Any) -> list[Any]:
    sets = model.prices if isinstance(model.prices, list) else []
    return [row.prices for row in sets or [model]] + [variant.prices for variant in model.price_variants or ()]


def _usages(model: Any) -> list[dict[str, float]]:
    tiers = {tier.start for prices in _all_prices(model) for price in vars(prices).values() for tier in getattr(price, "tiers", ())}
    edges = [usage for start in tiers for n in (start, start + 1) for usage in (_tokens(n)["read and written"], _tokens(n)["plain"])]
    return [*_tokens(1_009).values(), *REST.values(), *edges]


def _moments(model: Any) -> list[datetime]:
    found = {NOW}
    rows = [*(model.prices if isinstance(model.prices, list) else ()), *(model.price_variants or ())]
    for condition in (row.constraint for row in rows if row.constraint is not None):
        if hasattr(condition, "start_date"):
            day = datetime.combine(condition.start_date, datetime.min.time(), timezone.utc)
            found |= {day, day - timedelta(seconds=1)}
        else:
            for edge in (condition.start_time, condition.end_time):
                moment = datetime.combine(NOW.date(), edge)
                found |= {moment, moment - timedelta(seconds=1)}
    return sorted(found)


def _contexts(model: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{}]
    for variant in model.price_variants or ():
        if variant.when not in found:
            found.append(dict(variant.when))
    if len(found) > 1:
        found += [{key: value for context in found for key, value in context.items()}, {"service_tier": "unheard of"}]
    return found


class Comparison:
    """Count the comparisons and keep the largest difference."""

    def __init__(self) -> None:
        self.usages = self.priced = self.refused = self.nothing_priced = 0
        self.worst, self.where = 0.0, ""
        self.wrong: list[str] = []

    def difference(self, dollars: float, where: str) -> None:
        if abs(dollars) >= self.worst:
            self.worst, self.where = abs(dollars), where
        if abs(dollars) > CLOSE:
            self.wrong.append(f"{where}: {dollars:+.12f}")

    def one(self, provider: Any, model: Any, ours: Cost | Unpriced, counts: dict[str, float], **how: Any) -> None:
        where = f"{provider.id} {model.id} {counts} {how}"
        self.usages += 1
        try:
            theirs = model.calc_price(
                Pair.of(counts).theirs, provider, genai_request_timestamp=how["when"], price_context=how["context"] or None
            )
        except ValueError:
            self.refused += 1
            if not isinstance(ours, Unpriced):
                self.wrong.append(f"{where}: the library refuses, we say {ours}")
            return
        if isinstance(ours, Unpriced):
            # For a usage without a priced unit the library returns 0, and this package an unknown cost.
            self.nothing_priced += 1
            if ours.reason != "usage_not_priced" or theirs.total_price != 0:
                self.wrong.append(f"{where}: {ours}, the library says {theirs.total_price}")
            return
        self.priced += 1
        self.difference(ours.total / 100 - float(theirs.total_price), where)
        parts = [ours.input, ours.output, ours.cache_read, ours.cache_write, ours.other]
        self.difference((ours.total - sum(part or 0 for part in parts)) / 100, f"parts of {where}")
        if not ours.other:
            self.difference((ours.output or 0) / 100 - float(theirs.output_price), f"output of {where}")


def test_every_model_costs_as_much_as_in_the_library() -> None:
    comparison, models = Comparison(), 0
    for provider in providers:
        for model in provider.models:
            models += 1
            ours = Model(PACKAGED["prices"][provider.id][model.id])
            for when in _moments(model):
                for context in _contexts(model):
                    rates = ours.rates(when, context)
                    for counts in _usages(model):
                        found = cost(Pair.of(counts).ours, rates)
                        comparison.one(provider, model, found, counts, when=when, context=context)
    print(
        f"\n{models} models of {len(providers)} providers, {comparison.usages} usages (genai-prices {genai_prices.__version__}):"
        f" {comparison.priced} priced by both, worst difference {comparison.worst:.3g} dollars;"
        f" {comparison.refused} refused by both; {comparison.nothing_priced} count nothing that has a price: we say so,"
        f" the library says 0\n  worst: {comparison.where}"
    )
    assert comparison.wrong == []
    assert models > 1000 and comparison.priced > 20 * models and comparison.refused and comparison.nothing_priced


def test_cache_savings_are_the_difference_to_an_uncached_call() -> None:
    compared = 0
    for provider in providers:
        for model in provider.models:
            ours = Model(PACKAGED["prices"][provider.id][model.id])
            counts = _tokens(1_009)["read"]
            found = cost(Pair.of(counts).ours, ours.rates(NOW, None))
            if isinstance(found, Unpriced) or found.saved is None:
                continue
            uncached = Pair.of(counts | {"cache_read_tokens": 0})
            theirs = [
                float(model.calc_price(usage, provider, genai_request_timestamp=NOW).total_price)
                for usage in (uncached.theirs, Pair.of(counts).theirs)
            ]
            assert found.saved / 100 == pytest.approx(theirs[0] - theirs[1], abs=CLOSE), (provider.id, model.id)
            compared += 1
    assert compared > 500


def _names(clause: Any) -> list[str]:
    """Return names that a clause of the library may match."""
    ((kind, value),) = vars(clause).items()
    if isinstance(value, list):
        return [name for one in value for name in _names(one)]
    shapes = {"starts_with": "{}-x1", "ends_with": "x1-{}", "contains": "x1-{}-v1", "regex": "{}"}
    literal = value.strip("^$").replace("\\d{8}", "20251211").replace("\\d{4}-\\d{2}-\\d{2}", "2025-12-11").replace("\\", "")
    return [shapes.get(kind, "{}").format(literal)]


def _names_to_resolve(provider: Any) -> list[str]:
    names = [name for model in provider.models for name in (model.id, *_names(model.match))]
    # Names of other providers and unknown names try the fallbacks.
    names += ["claude-sonnet-4-5-20250929", "gpt-4o-20240806", "gpt-4o-20241399", "deepseek-chat", "GPT-4o", "no-such-model"]
    return list(dict.fromkeys([*names, *(f"{name}-20251211" for name in names[::3])]))


def test_every_name_resolves_to_the_model_of_the_library() -> None:
    library, ours, compared, only_ours = get_snapshot(), Prices.snapshot(), 0, 0
    for provider in providers:
        for name in _names_to_resolve(provider):
            found = ours.find(provider.id, name)
            try:
                _, model = library.find_provider_model(name, None, provider.id, None)
            except LookupError:
                # This package also parses ARNs, inference profiles and resource paths; an additional match is not a difference.
                assert found.model is None or provider.id in ("aws", "google"), (provider.id, name, found.name)
                only_ours += found.model is not None
                continue
            assert found.name == model.id, (provider.id, name)
            own = any(model is one for one in provider.models)
            assert found.own == own, (provider.id, name)
            compared += 1
    print(f"\n{compared} names compared, {only_ours} more are understood by us alone")
    assert compared > 3000


def test_a_price_by_name_equals_that_of_the_library() -> None:
    """Call both public functions once for each provider, with names and clocks."""
    names = {ours: theirs for ours, theirs in PROVIDERS.items() if theirs in PACKAGED["prices"]}
    for requested, theirs in (*names.items(), *((provider.id, provider.id) for provider in providers)):
        provider = next(one for one in providers if one.id == theirs)
        for model in provider.models[:5]:
            usage = Pair.of(_tokens(1_009)["read"])
            found = price(requested, model.id, usage.ours)
            try:
                expected = genai_prices.calc_price(usage.theirs, model.id, provider_id=theirs)
            except LookupError:
                assert isinstance(found, Unpriced)
                continue
            if isinstance(found, Cost):
                assert found.total / 100 == pytest.approx(float(expected.total_price), abs=CLOSE), (requested, model.id)
                assert (found.source, found.price_date) == ("genai-prices", PACKAGED["date"])
            else:
                assert found.reason == "usage_not_priced" and expected.total_price == 0


def test_the_snapshot_equals_the_data_of_the_library() -> None:
    fresh = snapshot.build()
    stale = "prices.json is another's: run python -m opentelemetry.instrumentation.llm.pricing.snapshot"
    assert {**fresh, "date": None} == {**PACKAGED, "date": None}, stale
    assert list(fresh["prices"]["openrouter"]) == list(PACKAGED["prices"]["openrouter"]), "the order decides who matches first"


def test_every_unit_of_the_library_is_known() -> None:
    for unit in unit_data.values():
        ours = UNITS[snapshot._keys()[unit["price_key"]]]
        assert ours.per == unit["per"]
        assert {*unit["dimensions"].values()} == {*ours.kind} - {""}


def test_a_model_with_an_unknown_unit_is_left_out_and_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    known = {kind: key for kind, key in snapshot._keys().items() if key != "characters"}
    monkeypatch.setattr(snapshot, "_keys", lambda: known)
    assert "tts-1" not in snapshot.build()["prices"]["openai"]
    assert "left out openai tts-1: unknown unit input_mchars" in capsys.readouterr().err
    assert Kind("characters", "input") in {unit.kind for unit in UNITS.values()}


def test_the_command_writes_a_file_that_prices_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new.json"
    snapshot.main(["--out", str(out)])
    assert f"genai-prices {genai_prices.__version__}" in capsys.readouterr().out
    prices = Prices.load(str(out))
    assert prices.sources == [f"genai-prices {genai_prices.__version__} {datetime.now(timezone.utc).date()}"]
    usage = Usage(input_tokens=1_000)
    assert price("openai", "gpt-4o", usage, prices=prices, when=NOW) == price("openai", "gpt-4o", usage, when=NOW) or (
        json.loads(out.read_text())["date"] != PACKAGED["date"]
    )
