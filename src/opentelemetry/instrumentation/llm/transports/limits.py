"""What headers tell of rates: how much is left, when it is renewed, how long to wait. One table for all providers.

Headers that do not parse are ignored.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

Headers = Mapping[str, str]

_REMAINING: Mapping[str, tuple[str, ...]] = {
    "remaining_requests": (
        "x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining", "x-ratelimit-limit-req-minute-remaining",
        "x-ratelimit-remaining-req-minute", "x-trial-endpoint-call-remaining", "x-endpoint-monthly-call-remaining",
        "x-ratelimit-remaining-requests-minute", "x-ratelimit-remaining-requests-day", "x-ratelimit-remaining", "ratelimit-remaining",
    ),
    "remaining_tokens": (
        "x-ratelimit-remaining-tokens", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-input-tokens-remaining",
        "x-ratelimit-remaining-tokens-minute", "x-ratelimit-remaining-tokens-query", "x-ratelimitbysize-remaining-minute",
        "ratelimitbysize-remaining",
    ),
}  # fmt: skip
_MEASUREMENT = {name: measurement for measurement, names in _REMAINING.items() for name in names}
_ALL_REMAINING = _MEASUREMENT.keys()
_RESET = (
    "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-reset",
    "x-ratelimit-reset-requests-minute", "x-ratelimit-reset", "ratelimit-reset", "ratelimitbysize-reset",
)  # fmt: skip
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s|d)")
_MILLISECONDS = {"ms": 1.0, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86_400e3}
_AN_EPOCH = 1_000_000_000.0


def remaining(headers: Headers) -> dict[str, float]:
    """Return what is left of the rate: ``remaining_requests``, ``remaining_tokens``, and ``reset_ms`` until it is renewed.

    >>> remaining({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1m30s"})
    {'remaining_requests': 9, 'reset_ms': 90000.0}
    """
    found: dict[str, float] = {}
    for name in _ALL_REMAINING & headers.keys():
        measurement = _MEASUREMENT[name]
        left = _count(headers[name])
        # The least that is told counts; a provider may tell of the minute and of the day.
        if left is not None and left <= found.get(measurement, left):
            found[measurement] = left
    if found:
        resets = [wait for name in _RESET if (wait := _until(headers.get(name))) is not None]
        found |= {"reset_ms": min(resets)} if resets else {}
    return found


def retry_after(headers: Headers) -> dict[str, float]:
    """Return how long the provider asks to wait, in milliseconds as ``retry_after_ms``.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "150"}), retry_after({"retry-after": "soon"})
    ({'retry_after_ms': 2000.0}, {'retry_after_ms': 150.0}, {})
    """
    exact = _number(headers.get("retry-after-ms"))
    seconds = _number(headers.get("retry-after"))
    wait = exact if exact is not None else None if seconds is None else seconds * 1e3
    wait = _until_date(headers.get("retry-after")) if wait is None else wait
    return {} if wait is None else {"retry_after_ms": wait}


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _count(text: str | None) -> int | None:
    value = _number(text)
    return None if value is None else int(value)


def _until(text: str | None) -> float | None:
    """Read a time until something: ``6m0s``, seconds, milliseconds or seconds of the epoch, or a date."""
    if not text:
        return None
    value = _number(text)
    if value is not None:
        for unit, threshold in ((1.0, _AN_EPOCH * 1e3), (1e3, _AN_EPOCH)):
            if value >= threshold:
                return max(0.0, value * unit - time.time() * 1e3)
        return value * 1e3
    spans = _SPAN.findall(text)
    if spans and "".join(number + unit for number, unit in spans) == text:
        return sum(float(number) * _MILLISECONDS[unit] for number, unit in spans)
    return _until_date(text)


def _until_date(text: str | None) -> float | None:
    readers: tuple[Callable[[str], datetime], ...] = (lambda t: datetime.fromisoformat(t.replace("Z", "+00:00")), parsedate_to_datetime)
    for read in readers:
        try:
            moment = read(text or "")
        except (ValueError, TypeError):
            continue
        return max(0.0, moment.timestamp() * 1e3 - time.time() * 1e3)
    return None
