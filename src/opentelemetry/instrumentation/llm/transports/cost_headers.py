"""The cost of a request that a gateway writes into the headers of its response."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

_DOLLARS = ("x-litellm-response-cost",)
"""Headers of LiteLLM's proxy.

Source: https://docs.litellm.ai/docs/proxy/response_headers
"""


def is_read(name: str) -> bool:
    """Return whether a header holds a cost."""
    return name in _DOLLARS


def reported_cents(headers: Mapping[str, str]) -> float | None:
    """Return the cost in cents, or ``None`` without a cost header.

    The proxy writes zero if it cannot compute a price.

    >>> reported_cents({"x-litellm-response-cost": "0.0125"}), reported_cents({"x-litellm-response-cost": "None"})
    (1.25, None)
    """
    for name in _DOLLARS:
        written = headers.get(name)
        if written is not None:
            try:
                dollars = float(written)
            except ValueError:
                continue
            if isfinite(dollars) and dollars > 0:
                return dollars * 100
    return None
