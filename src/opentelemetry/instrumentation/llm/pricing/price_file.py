"""Read and check price files: the packaged snapshot, user files and mappings.

A price file is a JSON object::

    {
      "date": "2026-11-23",
      "prices": {
        "openai": {
          "gpt-4o": {"also": ["gpt-4o-2024-*"], "input": 2.5, "output": 10, "cache_read": 1.25}
        }
      }
    }

``prices`` holds entries by provider and model. The keys of an entry:

- prices, by the keys in ``units``: dollars, or ``[dollars, [start, dollars], ...]`` with another price for calls of more
  than ``start`` input tokens. An entry without prices is free of charge;
- ``also``: other names of the model; ``match``: the rule that replaces its name. The module ``match`` documents rules;
- ``min_seconds``: the minimum of billed audio seconds;
- ``changes``: complete sets of prices ``from`` a date (UTC) or ``between`` two times of day (UTC); the last match is used;
- ``variants``: prices that replace single prices ``when`` a condition matches (``{"service_tier": "flex"}``,
  ``{"processing": "batch"}``); they may also have ``from`` and ``between``. ``times`` multiplies the prices of all tokens.

Other keys of the file: ``source``, ``version`` and ``date`` are copied to the result; ``fallbacks`` maps a provider to
other providers whose prices it shares; ``complete`` disables the price files below this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from functools import lru_cache
from os import PathLike
from typing import Any, NamedTuple

from . import price_text
from .match import locate, matches
from .price_text import HIGHEST, PriceFileError, shown
from .units import UNITS

Entry = Mapping[str, Any]

_CONDITIONS = frozenset({"from", "between"})
_ENTRY = frozenset({"match", "also", "min_seconds", "changes", "variants"})
_VARIANT = _CONDITIONS | {"when", "times"}
_TOP = frozenset({"format", "source", "version", "date", "complete", "fallbacks", "prices"})


class Table(NamedTuple):
    """A valid price file."""

    prices: Mapping[str, Mapping[str, Entry]]
    fallbacks: Mapping[str, list[str]]
    source: str
    version: str | None = None
    date: str | None = None
    complete: bool = False

    def match(self, provider: str, name: str) -> tuple[str, Entry] | None:
        """Return the first model of ``provider`` that matches ``name``, with its entry.

        ``name`` is in lower case.
        """
        for model, entry in self.prices.get(provider, {}).items():
            rule = entry.get("match")
            if (model.lower() == name) if rule is None else matches(rule, name):
                return model, entry
            if "also" in entry and matches(entry["also"], name):
                return model, entry
        return None


def table(data: Mapping[str, Any]) -> Table:
    """Return ``data`` as a ``Table``; ``check`` must have accepted it before."""
    return Table(
        {locate(provider, "")[0]: models for provider, models in data.get("prices", {}).items()},
        {locate(provider, "")[0]: list(others) for provider, others in data.get("fallbacks", {}).items()},
        data.get("source", "override"),
        data.get("version"),
        data.get("date"),
        data.get("complete", False),
    )


def read(source: str | PathLike[str] | Mapping[str, Any]) -> Table:
    """Return the checked ``Table`` of a path or mapping.

    Raises ``PriceFileError`` with the line or key.
    """
    if isinstance(source, Mapping):
        check(source, "prices")
        return table(source)
    name = str(source).encode(errors="backslashreplace").decode()
    text = price_text.read(source, name)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise PriceFileError(f"{name}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from error
    check(data, name)
    return table(data)


def check(data: object, name: str) -> None:
    """Raise ``PriceFileError`` with the first invalid key of ``data``."""
    try:
        _check(data, name)
    except RecursionError:
        raise PriceFileError(f"{name}: rules are nested too deeply") from None


def _check(data: Any, name: str) -> None:
    _keys(data, _TOP, name)
    if data.get("format", 1) != 1:
        raise PriceFileError(f"{name}: format: {shown(data['format'])} is not known; this version reads format 1")
    _typed(data.get("complete", False), bool, f"{name}: complete", "true or false")
    for key in ("source", "version", "date"):
        _typed(data.get(key, ""), str, f"{name}: {key}", "a text")
    for provider, others in _typed(data.get("fallbacks", {}), Mapping, f"{name}: fallbacks", "an object").items():
        _texts(others, f"{name}: fallbacks.{provider}")
    for provider, models in _typed(data.get("prices", {}), Mapping, f"{name}: prices", "an object").items():
        where = f"{name}: prices.{provider}"
        for model, entry in _typed(models, Mapping, where, "an object of models").items():
            _entry(entry, f"{where}.{model}")


def _entry(entry: Any, where: str) -> None:
    _keys(entry, _ENTRY, where)
    standard = _prices(entry, where)
    for key in ("match", "also"):
        if key in entry:
            _rule(entry[key], f"{where}.{key}")
    _amount(entry.get("min_seconds", 0), f"{where}.min_seconds")
    _covered(frozenset(standard), where)
    for index, change in enumerate(_typed(entry.get("changes", []), list, f"{where}.changes", "a list")):
        at = f"{where}.changes[{index}]"
        _keys(change, _CONDITIONS, at)
        _condition(change, at)
        _covered(frozenset(_prices(change, at)), at)
    for index, variant in enumerate(_typed(entry.get("variants", []), list, f"{where}.variants", "a list")):
        at = f"{where}.variants[{index}]"
        _keys(variant, _VARIANT, at)
        _condition(variant, at)
        when = _typed(variant.get("when"), Mapping, f"{at}.when", 'an object such as {"service_tier": "flex"}')
        _texts(list(when.values()), f"{at}.when")
        _amount(variant.get("times", 1), f"{at}.times")
        _covered(frozenset(standard) | frozenset(_prices(variant, at)), at)


def _prices(entry: Entry, where: str) -> list[str]:
    found = [key for key in entry if key in UNITS]
    for key in found:
        price, at = entry[key], f"{where}.{key}"
        if not isinstance(price, list):
            _amount(price, at)
            continue
        if key == "requests" or not price or not all(isinstance(tier, list) and len(tier) == 2 for tier in price[1:]):
            raise PriceFileError(f"{at}: {shown(price)} is not a price; write dollars or [dollars, [start, dollars], ...]")
        for amount in (price[0], *(value for tier in price[1:] for value in tier)):
            _amount(amount, at)
    return found


def _amount(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PriceFileError(f"{where}: {shown(value)} is not a number")
    if not 0 <= value <= HIGHEST:
        raise PriceFileError(f"{where}: {shown(value)} is not allowed; a price is zero or more, and at most {HIGHEST:,} dollars")


@lru_cache(maxsize=512)
def _missing(priced: frozenset[str]) -> tuple[str, str] | None:
    """Return a price and the missing price that it requires, if any.

    A price for cached input requires a price for input. A price for an overlap requires the prices of both parts.
    """
    kinds = {UNITS[key].kind: key for key in priced}
    for unit in (UNITS[key] for key in sorted(priced)):
        for other in UNITS.values():
            if other.kind != unit.kind and other.kind.holds(unit.kind) and other.kind not in kinds:
                return unit.key, other.key
        for key in sorted(priced):
            shared = unit.kind.overlap(UNITS[key].kind)
            if shared and shared not in kinds:
                need = next((other.key for other in UNITS.values() if other.kind == shared), None)
                return unit.key, need or f"one that is both {unit.key} and {key}"
    return None


def _covered(priced: frozenset[str], where: str) -> None:
    if missing := _missing(priced):
        raise PriceFileError(f"{where}: a price for {missing[0]!r} requires a price for {missing[1]!r}")


def _rule(rule: object, where: str) -> None:
    if isinstance(rule, str) and rule.strip("*"):
        return
    if isinstance(rule, list) and rule:
        for index, item in enumerate(rule):
            _rule(item, f"{where}[{index}]")
    elif isinstance(rule, Mapping) and list(rule) == ["all"] and isinstance(rule["all"], list):
        _rule(rule["all"], f"{where}.all")
    elif isinstance(rule, Mapping) and list(rule) == ["regex"]:
        _parsed(rule["regex"], re.compile, f"{where}.regex", "a regular expression")
    else:
        raise PriceFileError(f'{where}: {shown(rule)} is not a rule; write a name, a list, {{"all": [...]}} or {{"regex": ...}}')


def _condition(entry: Entry, where: str) -> None:
    if "from" in entry:
        _parsed(entry["from"], date.fromisoformat, f"{where}.from", "a date such as 2026-01-31")
    if "between" in entry:
        times = _texts(entry["between"], f"{where}.between")
        if len(times) != 2:
            raise PriceFileError(f'{where}.between: {shown(times)} must be two times such as ["00:30", "16:30"]')
        for text in times:
            _parsed(text, time.fromisoformat, f"{where}.between", "a time such as 16:30")


def _parsed(text: Any, parse: Callable[[str], Any], where: str, what: str) -> None:
    try:
        parse(text)
    except (TypeError, ValueError, OverflowError, RecursionError, re.error) as error:
        raise PriceFileError(f"{where}: {shown(text)} is not {what}") from error


def _typed(value: Any, type_: Any, where: str, what: str) -> Any:
    if not isinstance(value, type_):
        raise PriceFileError(f"{where}: {shown(value)} must be {what}")
    return value


def _texts(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise PriceFileError(f"{where}: {shown(value)} must be a list of texts")
    return value


def _keys(data: object, allowed: frozenset[str], where: str) -> None:
    known = allowed if allowed is _TOP else allowed | UNITS.keys()
    for key in _typed(data, Mapping, where, "an object"):
        if key not in known:
            from difflib import get_close_matches

            close = get_close_matches(str(key), known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(sorted(allowed))}"
            raise PriceFileError(f"{where}: unknown key {key!r}; {hint}")
