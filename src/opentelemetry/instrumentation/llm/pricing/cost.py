"""Calculate the cost of a usage: pure functions without files or clock.

``rates`` compiles one set of prices (the units of ``units``) into ``Rates`` once; ``cost`` then takes one or two
microseconds per call. No count is billed twice: of 100 input tokens with 40 read from the cache, 60 are billed as
input and 40 as cache reads. A part without a price of its own is billed as its whole.

Amounts are floats. Each product and sum is rounded at 2**-53, so the relative error of a total is below 1e-14: less
than 1e-9 dollars for every call under 100,000 dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from ..schema.records import Cost, Usage, known_fields
from .units import UNITS, Kind, Unit

Price = int | float | list[Any]
"""Dollars, or ``[dollars, [start, dollars], ...]``.

If a call has more than ``start`` input tokens, all of its tokens are billed at the other price.
"""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Reason why a call has no cost; false as a condition, and not equal to zero."""

    reason: str
    """One of these values:

    ``unknown_provider``, ``unknown_model``, ``no_usage``, ``usage_not_priced``, ``inconsistent_usage``,
    ``invalid_usage``, ``ambiguous_usage``, or ``unpriced_`` and the condition without a price
    (``conditions.REASONS``).
    """

    def __bool__(self) -> bool:
        return False


NO_USAGE = Unpriced("no_usage")
USAGE_NOT_PRICED = Unpriced("usage_not_priced")
INCONSISTENT_USAGE = Unpriced("inconsistent_usage")
INVALID_USAGE = Unpriced("invalid_usage")
AMBIGUOUS_USAGE = Unpriced("ambiguous_usage")

_PARTS = ("input", "output", "cache_read", "cache_write", "other")


class _Row(NamedTuple):
    cents: float
    """Cents per item."""
    part: int
    inner: tuple[int, ...]
    """Earlier rows that count a part of this row."""
    saves: float
    """Cents saved per item compared with an uncached item."""


class _Overlap(NamedTuple):
    row: int
    first: int
    second: int
    siblings: tuple[str, ...]
    """Fields that split cache reads (or writes, and so on) by other modalities."""


class Rates(NamedTuple):
    """One compiled set of prices, made by ``rates``."""

    fields: tuple[str, ...]
    """Field of ``Usage`` for each row."""
    read: Callable[[Usage], tuple[Any, ...]]
    """Read all fields at once; raises ``AttributeError`` if usage lacks one."""
    levels: tuple[tuple[float, tuple[_Row, ...]], ...]
    """Rows, specific ones first, per minimum of input tokens, highest first."""
    overlaps: tuple[_Overlap, ...]
    per_call: float | None
    min_seconds: float
    extras: tuple[str, ...]
    """Fields that count services without a price here."""
    read_extras: Callable[[Usage], tuple[Any, ...]]
    no_extras: tuple[None, ...]


_SERVICES = tuple(unit for unit in UNITS.values() if unit.kind.family == "tool_calls")


def rates(prices: Mapping[str, Price], min_seconds: float = 0) -> Rates:
    """Compile ``prices``: keys of ``UNITS`` to dollars.

    At least ``min_seconds`` of audio are billed.

    >>> cost(Usage(input_tokens=1000, output_tokens=100), rates({"input": 2.5, "output": 10})).total
    0.35
    """
    priced = sorted((UNITS[key] for key in prices if UNITS[key].field), key=lambda unit: -sum(map(bool, unit.kind)))
    place = {unit.kind: index for index, unit in enumerate(priced)}
    starts = {tier[0] for price in prices.values() if isinstance(price, list) for tier in price[1:]}
    levels = []
    for start in (*sorted(starts, reverse=True), -1):
        cents = {unit.kind: _dollars(prices[unit.key], start) * 100 / unit.per for unit in priced}
        rows = []
        for index, (kind, price) in enumerate(cents.items()):
            part = priced[index].part
            inner = tuple(i for i in range(index) if kind.holds(priced[i].kind))
            full = cents.get(kind._replace(type=""), price) if part == "cache_read" else price
            rows.append(_Row(price, _PARTS.index(part), inner, full - price))
        levels.append((start, tuple(rows)))
    return Rates(
        tuple(unit.field for unit in priced),
        _reader(tuple(unit.field for unit in priced)),
        tuple(levels),
        tuple(_overlaps(priced, place)),
        None if "requests" not in prices else _dollars(prices["requests"], -1) * 100 / UNITS["requests"].per,
        min_seconds,
        extras := tuple(unit.field for unit in _SERVICES if unit.key not in prices),
        _reader(extras),
        (None,) * len(extras),
    )


def _reader(fields: tuple[str, ...]) -> Callable[[Usage], tuple[Any, ...]]:
    if len(fields) > 1:
        return attrgetter(*fields)
    return lambda usage: tuple(getattr(usage, field) for field in fields)


def _dollars(price: Price, start: float) -> float:
    """Return the price for calls of just more than ``start`` input tokens."""
    if not isinstance(price, list):
        return price
    reached = [tier for tier in price[1:] if tier[0] <= start]
    dollars: float = max(reached)[1] if reached else price[0]
    return dollars


def _overlaps(priced: list[Unit], place: Mapping[Kind, int]) -> list[_Overlap]:
    """Find units that are the overlap of two others.

    For example, cached audio is the overlap of audio and cache reads.
    """
    found = []
    for index, unit in enumerate(priced):
        kind, whole = unit.kind, unit.kind._replace(modality="")
        first, second = place.get(kind._replace(type="", lifetime="")), place.get(whole)
        if kind.modality and kind.type and first is not None and second is not None:
            split = (u for u in UNITS.values() if u.kind._replace(modality="") == whole)
            siblings = tuple(u.field for u in split if u.kind.modality not in ("", kind.modality))
            found.append(_Overlap(index, first, second, siblings))
    return found


def adds_up(usage: Usage) -> bool:
    """Return whether input and output add up to the reported total, if there is one.

    >>> adds_up(Usage(input_tokens=10, output_tokens=5, total_tokens=15)), adds_up(Usage(input_tokens=10, total_tokens=1022))
    (True, False)
    """
    total = usage.total_tokens
    if not total:
        return True
    incoming, outgoing = usage.input_tokens, usage.output_tokens
    rest = total - (incoming or 0) - (outgoing or 0)
    # Audio that is billed by seconds has tokens in the total, but not in input or output.
    return rest == 0 or (incoming is None and outgoing is None) or (rest > 0 and usage.seconds is not None)


def lifetimes_priced(usage: Usage, rates: Rates) -> bool:
    """Return whether long-lived cache writes have a price of their own."""
    return all(not getattr(usage, field) or field in rates.fields for field in ("cache_write_1h_tokens", "cache_write_12h_tokens"))


def cost(usage: Usage, rates: Rates, source: str = "prices", price_date: str | None = None) -> Cost | Unpriced:
    """Return the ``Cost`` of ``usage`` in cents, or ``Unpriced``.

    ``inconsistent_usage``: a part is larger than its whole, or negative. ``ambiguous_usage``: two parts with
    different prices may overlap, and the size of the overlap is unknown.
    """
    try:
        counts = list(rates.read(usage))
    except AttributeError:  # a unit that this usage has no field for
        counts = [getattr(usage, field, None) for field in rates.fields]
    if counts.count(None) == len(counts) or rates.overlaps or rates.min_seconds:
        refused = _look_closer(usage, rates, counts)
        if refused is not None:
            return refused
    start, rows = rates.levels[0]
    if start >= 0:
        seen = usage.input_tokens or 0
        rows = next(rows for start, rows in rates.levels if seen > start)
    parts: list[float | None] = [None, None, None, None, rates.per_call]
    total = rates.per_call or 0.0
    saved: float | None = None
    leaves: list[float] = []
    for count, (cents, part, inner, saves) in zip(counts, rows):  # noqa: B905 - as many by construction, and strict costs
        if count is None and not inner:
            leaves.append(0)
            continue
        own = count or 0
        for index in inner:
            own -= leaves[index]
        if own < 0:
            return INCONSISTENT_USAGE
        leaves.append(own)
        if count is not None:
            amount = own * cents
            total += amount
            before = parts[part]
            parts[part] = amount if before is None else before + amount
            if part == _CACHE_READ:
                saved = (saved or 0.0) + own * saves
    incoming, outgoing, read, written, other = parts
    found = Cost(total, incoming, outgoing, read, written, other, saved, source, price_date)
    if (counted := rates.read_extras(usage)) != rates.no_extras:
        found.partial = [name for name, count in zip(rates.extras, counted, strict=True) if count] or None
    return found


def summed(costs: Sequence[Cost]) -> Cost:
    """Add up the costs of the parts of a call.

    >>> summed([Cost(1.0, input=1.0, source="a"), Cost(2.5, input=2.0, output=0.5, source="a")]).input
    3.0
    """
    first = costs[0]
    added = Cost(0.0, source=first.source, price_date=first.price_date)
    for name in ("total", "input", "output", "cache_read", "cache_write", "other", "saved"):
        amounts = [amount for item in costs if (amount := getattr(item, name)) is not None]
        setattr(added, name, sum(amounts) if amounts else None)
    added.partial = list(dict.fromkeys(name for item in costs for name in item.partial or ())) or None
    return added


_CACHE_READ = _PARTS.index("cache_read")


def _look_closer(usage: Usage, rates: Rates, counts: list[Any]) -> Unpriced | None:
    """Handle rare cases: no counts, overlapping parts, a minimum of seconds.

    The minimum is written to ``counts``.
    """
    if counts.count(None) == len(counts):
        counted = known_fields(usage)
        if not counted:
            return NO_USAGE
        # The price per call alone would omit tokens that are known to exist.
        if counts and (rates.per_call is None or any(field.endswith("_tokens") for field in counted)):
            return USAGE_NOT_PRICED
    for row, first, second, siblings in rates.overlaps:
        split = sum(getattr(usage, field, None) or 0 for field in siblings)
        # If the other modalities add up to the whole, the rest is zero.
        if counts[row] is None and counts[first] and counts[second] and split != counts[second]:
            return AMBIGUOUS_USAGE
    if rates.min_seconds and usage.seconds:
        least = max(usage.seconds, rates.min_seconds)
        counts[:] = [least if field == "seconds" else count for field, count in zip(rates.fields, counts, strict=True)]
    return None
