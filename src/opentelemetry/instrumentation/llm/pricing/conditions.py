"""Select the conditions of a call that change its price, such as the tier.

If the price for a condition is unknown, so is the cost: the standard price would give a wrong amount.
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
"""Conditions, and the reason that is reported if an entry has no variant for one."""

OF_SOME = frozenset({"size", "quality"})
"""Conditions that affect only models whose entries have variants for them."""

_STANDARD: Mapping[str, frozenset[str]] = {
    "service_tier": frozenset({"default", "standard", "auto", "on_demand", "on-demand", "standard_only", "unspecified", "none"}),
    "speed": frozenset({"standard"}),
    "inference_geo": frozenset({"global", "not_available", "unspecified"}),
    "latency": frozenset({"standard"}),
}
_AT_STANDARD_PRICE: Mapping[tuple[str, str], frozenset[str]] = {
    ("groq", "service_tier"): frozenset({"flex"}),
}
"""Values that are billed at the standard price.

Groq: https://console.groq.com/docs/flex-processing.
"""


def special(provider: str, service_tier: str | None, batch: bool, context: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the conditions that are not the provider's standard, or ``None``.

    >>> special("openai", "default", False, None), special("anthropic", "batch", False, {"inference_geo": "US"})
    (None, {'processing': 'batch', 'inference_geo': 'us'})
    """
    found: dict[str, str] = {}
    # Anthropic reports batch processing as a service tier.
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
