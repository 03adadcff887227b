"""Decide which conditions of a call change its price: tier, speed, region, latency mode, batch.

A condition that has no price of its own makes the cost unknown: the standard price would be a wrong amount.
"""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "service_tier": "unpriced_tier",
    "speed": "unpriced_speed",
    "inference_geo": "unpriced_region",
    "latency": "unpriced_latency",
    "processing": "unpriced_batch",
    "completion_window": "unpriced_window",
    "size": "unpriced_size",
    "quality": "unpriced_quality",
}
"""Conditions of a call, to the reason where a price entry has no variant for one of them."""

OF_SOME = frozenset({"size", "quality"})
"""Conditions that change the price of some models only: those whose entries have variants of them."""

_STANDARD: Mapping[str, frozenset[str]] = {
    "service_tier": frozenset({"default", "standard", "auto", "on_demand", "on-demand", "standard_only", "unspecified", "none"}),
    "speed": frozenset({"standard"}),
    "inference_geo": frozenset({"global", "not_available", "unspecified"}),
    "latency": frozenset({"standard"}),
}
_AT_STANDARD_PRICE: Mapping[tuple[str, str], frozenset[str]] = {
    ("groq", "service_tier"): frozenset({"flex"}),
}
"""Values that are billed as the standard: Groq documents one price for on-demand and flex processing."""


def special(provider: str, service_tier: str | None, batch: bool, context: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the conditions of a call that are not the provider's standard, or ``None``.

    >>> special("openai", "default", False, None), special("anthropic", "batch", False, {"inference_geo": "US"})
    (None, {'processing': 'batch', 'inference_geo': 'us'})
    """
    found: dict[str, str] = {}
    # Anthropic reports in the tier that a message came from a batch.
    if batch or service_tier == "batch":
        found["processing"] = "batch"
    if service_tier is not None and service_tier != "batch":
        _add(found, provider, "service_tier", service_tier)
    for name, value in (context or {}).items():
        _add(found, provider, name, value)
    return found or None


def _add(found: dict[str, str], provider: str, name: str, value: str) -> None:
    if name not in REASONS:
        found[name] = value
        return
    value = value.lower()
    if value not in _STANDARD.get(name, ()) and value not in _AT_STANDARD_PRICE.get((provider, name), ()):
        found[name] = value
