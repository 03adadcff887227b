"""Bind the positional arguments of a call to the names of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def by_name(names: Iterable[str], args: tuple[object, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return all arguments by name; positional arguments without a name are left out.

    >>> by_name(("model", "prompt"), ("m", "p", 3), {"n": 1})
    {'model': 'm', 'prompt': 'p', 'n': 1}
    """
    return {**dict(zip(names, args, strict=False)), **kwargs}
