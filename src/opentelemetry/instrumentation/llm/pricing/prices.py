"""The prices in force, looked up once per provider and model.

``price`` is the public function. ``Prices`` holds layers: the user's prices override the packaged snapshot, which is
read from disk at the first priced call. Nothing is downloaded.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from math import inf
from os import PathLike
from typing import Any, NamedTuple, Union

from ..schema.records import Cost, Usage
from .conditions import special
from .cost import INCONSISTENT_USAGE, INVALID_USAGE, Unpriced, adds_up, cost, lifetimes_priced
from .match import locate, spellings, without_account
from .model import Model
from .price_file import Entry, Table, read, table
from .price_text import PriceFileError

__all__ = ["PriceFileError", "PriceFunction", "Prices", "Unpriced", "price"]

PriceFunction = Callable[[str, str, Usage], Cost | float | None]
"""Custom price function; returns a ``Cost``, cents, or ``None`` if unknown."""

Source = Union[str, "PathLike[str]", Mapping[str, Any], PriceFunction]

UNKNOWN_PROVIDER = Unpriced("unknown_provider")
UNKNOWN_MODEL = Unpriced("unknown_model")

_STANDARD = ("input", "images", "video_seconds")
"""Units that only complete entries may have.

Other units of the additions are added to entries of the snapshot.
"""

_REMEMBERED = 4096
"""Maximum number of remembered (provider, model) pairs; then all are forgotten."""

_LONGEST_NAME = 512


def price(
    provider: str | None,
    model: str | None,
    usage: Usage,
    *,
    prices: Prices | None = None,
    when: datetime | None = None,
    service_tier: str | None = None,
    batch: bool = False,
    context: Mapping[str, str] | None = None,
) -> Cost | Unpriced:
    """Return the cost in cents (USD), or ``Unpriced`` with the reason.

    An unknown cost is never zero. ``provider`` is the value on spans (``azure.ai.openai``) or an id of a price file.
    ``when`` (default: now; UTC if it has no zone) selects prices that depend on time. ``service_tier``, ``batch`` and
    ``context`` (such as ``{"speed": "fast"}``) select discounts and surcharges if they are known. A cost that the
    provider reports in ``usage`` takes precedence.

    >>> from opentelemetry.instrumentation.llm.schema.records import Usage
    >>> found = price("openai", "gpt-4o", Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=400))
    >>> round(found.total, 9), round(found.saved, 9)
    (0.3, 0.05)
    >>> price("openai", "gpt-unheard-of", Usage(input_tokens=1000))
    Unpriced(reason='unknown_model')
    """
    reported = usage.reported_cost_cents
    if reported is not None and 0 <= reported < inf:
        return Cost(float(reported))
    found = (prices or Prices.snapshot()).find(provider, model)
    for function in found.functions:
        result = _answer(function, provider or "", model or "", usage)
        if result is not None:
            return result
    if found.model is None:
        return found.unpriced
    if usage.invalid:
        return INVALID_USAGE
    if not adds_up(usage):
        return INCONSISTENT_USAGE
    conditions = None if service_tier is None and not batch and not context else special(found.owner, service_tier, batch, context)
    if conditions is not None:
        refused = found.model.unpriced(when, conditions)
        if refused is not None:
            return refused
    rates = found.model.rates(when, conditions)
    if (usage.cache_write_1h_tokens or usage.cache_write_12h_tokens) and not lifetimes_priced(usage, rates):
        return Unpriced("unpriced_cache_lifetime")
    return cost(usage, rates, found.source, found.date)


def _answer(function: PriceFunction, provider: str, model: str, usage: Usage) -> Cost | None:
    result = function(provider, model, usage)
    if result is None or isinstance(result, Cost):
        return result
    if isinstance(result, bool) or not isinstance(result, (int, float)) or not 0 <= result < inf:
        raise ValueError(f"prices: {function!r} returned {result!r}; allowed: a Cost, cents (zero or more) or None")
    return Cost(float(result), source="function")


class _Found(NamedTuple):
    functions: tuple[PriceFunction, ...]
    """Custom price functions that are called before the entry is used."""
    model: Model | None = None
    name: str | None = None
    """Name of the model in the price file."""
    own: bool = True
    """Whether the entry is not a fallback's; tiers of fallbacks differ."""
    owner: str = ""
    """Id of the provider in price files."""
    source: str = ""
    date: str | None = None
    unpriced: Unpriced = UNKNOWN_MODEL


@cache
def _packaged() -> Table:
    """Return the packaged snapshot."""
    data = pkgutil.get_data(__package__ or "", "prices.json")
    if data is None:
        raise PriceFileError("the packaged prices.json is missing; install the package again")
    return table(json.loads(data))


@cache
def _added() -> Table:
    """Return the additions: prices, variants and models that the snapshot lacks."""
    data = pkgutil.get_data(__package__ or "", "additions.json")
    return table({} if data is None else json.loads(data))


def _whole(provider: str, names: list[str]) -> tuple[Table, tuple[str, Entry], bool] | None:
    """Return a complete entry of the additions that names the model exactly.

    It is more exact than a pattern of the snapshot.
    """
    known = _added().prices.get(provider, {})
    found = next((name for name in names if any(unit in known.get(name, ()) for unit in _STANDARD)), None)
    return None if found is None else (_added(), (found, known[found]), True)


class Prices:
    """The prices in force: the user's sources, and the packaged snapshot below them.

    Create with ``Prices.snapshot()`` or ``Prices.load(...)``. Instances are immutable.
    """

    __slots__ = ("_above", "_beneath", "_model_names", "_remembered")

    def __init__(
        self, above: tuple[Table | PriceFunction, ...] = (), beneath: bool = True, model_names: Mapping[str, str] | None = None
    ) -> None:
        self._above = above
        self._beneath = beneath
        self._model_names = {name.lower(): meant for name, meant in (model_names or {}).items()}
        # Calls use these names without an account.
        self._model_names |= {without_account(name): meant for name, meant in self._model_names.items()}
        self._remembered: dict[tuple[str | None, str | None], _Found] = {}

    @staticmethod
    @cache
    def snapshot() -> Prices:
        """Return the packaged prices; the file is read when the first call is priced."""
        return Prices()

    @classmethod
    def load(cls, source: Source, *, model_names: Mapping[str, str] | None = None) -> Prices:
        """Return ``source`` above the packaged prices.

        Raises ``PriceFileError`` if it is invalid.

        ``source`` is the path of a price file, a mapping of the same shape (see ``price_file``) or a function
        ``(provider, model, usage)`` that returns a ``Cost``, cents, or ``None`` to continue with the next source.
        """
        return cls.snapshot().with_overrides(source, model_names=model_names)

    def with_overrides(self, source: Source | None = None, *, model_names: Mapping[str, str] | None = None) -> Prices:
        """Return a copy with ``source`` above these prices, and with model aliases.

        >>> mine = Prices.snapshot().with_overrides(model_names={"my-deployment": "gpt-4o"})
        >>> price("azure.ai.openai", "my-deployment", Usage(input_tokens=1000), prices=mine).total
        0.25
        """
        names = {**self._model_names, **(model_names or {})}
        if source is None:
            return Prices(self._above, self._beneath, names)
        if not callable(source) and not isinstance(source, (str, PathLike, Mapping)):
            raise TypeError(f"prices={source!r} is not allowed; give a path, a mapping or a function")
        layer = source if callable(source) else read(source)
        if isinstance(layer, Table) and layer.complete:
            return Prices((layer,), False, names)
        return Prices((layer, *self._above), self._beneath, names)

    @property
    def sources(self) -> list[str]:
        """Return the sources in order of precedence; reads the snapshot if necessary."""
        return [
            " ".join(filter(None, (layer.source, layer.version, layer.date))) if isinstance(layer, Table) else f"{layer!r}"
            for layer in self._layers()
        ]

    def find(self, provider: str | None, model: str | None) -> _Found:
        """Return the prices of a model, cached after the first lookup; thread-safe."""
        found = self._remembered.get((provider, model))
        if found is None:
            found = self._look_up(provider, model)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            if len(model or "") <= _LONGEST_NAME:
                self._remembered[provider, model] = found
        return found

    def _layers(self) -> tuple[Table | PriceFunction, ...]:
        return (*self._above, _packaged()) if self._beneath else self._above

    def _look_up(self, provider: str | None, model: str | None) -> _Found:
        layers = self._layers()
        functions = tuple(layer for layer in layers if not isinstance(layer, Table))
        lower_name = (model or "").lower()
        name = self._model_names.get(lower_name) or self._model_names.get(without_account(lower_name)) or model or ""
        owner, name = locate(provider or "", name)
        tables = [layer for layer in layers if isinstance(layer, Table)]
        known = any(owner in layer.prices or owner in layer.fallbacks for layer in tables)
        hit = _search(tables, owner, spellings(owner, name)) if known and 0 < len(name) <= _LONGEST_NAME else None
        if self._beneath and known and 0 < len(name) <= _LONGEST_NAME and (hit is None or hit[0] is _packaged()):
            whole = _whole(owner, spellings(owner, name))
            # Keep the model name of the snapshot if both know the model.
            hit = hit if whole is None else (whole[0], whole[1] if hit is None else (hit[1][0], whole[1][1]), True)
        if hit is None:
            return _Found(functions, unpriced=UNKNOWN_MODEL if known else UNKNOWN_PROVIDER)
        layer, (found, entry), own = hit
        below = layers.index(layer) if layer in layers else len(layers)
        before = tuple(f for f in layers[:below] if not isinstance(f, Table))
        if not own:
            entry = {key: value for key, value in entry.items() if key != "variants"}
        added = _added().prices.get(owner, {}).get(found) if own and self._beneath and layer is _packaged() else None
        return _Found(before, Model(entry, added), found, own, owner, layer.source, layer.date)


def _search(tables: list[Table], provider: str, names: list[str]) -> tuple[Table, tuple[str, Entry], bool] | None:
    """Return the first matching table, name and entry, and if it is no fallback."""
    for depth, layer in enumerate(tables):
        for name in names:
            if hit := layer.match(provider, name):
                return layer, hit, True
            # A fallback uses the list prices at or below its own layer, not an override above it.
            for other in layer.fallbacks.get(provider, ()):
                for deeper in tables[depth:]:
                    if hit := deeper.match(other, name):
                        return deeper, hit, False
    return None
