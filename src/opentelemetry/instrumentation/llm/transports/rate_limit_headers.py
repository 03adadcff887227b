"""Read rate-limit headers of all providers with one grammar.

The headers contain how much is left, when it is renewed, and how long to wait. Names have their parts in different
orders: the limited quantity (requests, tokens), whether the value is the rest or the time of renewal, and the window:
``x-ratelimit-remaining-tokens-minute``, ``anthropic-ratelimit-requests-reset``, ``x-tokenlimit-remaining``,
``x-trial-endpoint-call-remaining``. Headers that do not parse are ignored.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from ..schema.bounds import LARGEST

Headers = Mapping[str, str]


class _Limit(NamedTuple):
    """The meaning of a header's name: the limit, and which value of it."""

    measurement: str
    bucket: str
    remains: bool
    """Whether the value is the rest, and not the time of renewal."""


_ABOUT = re.compile(r"(?:x-)?(.*?)-?(remaining|reset)-?(.*)")
_OF_A_LIMIT = ("ratelimit", "tokenlimit", "endpoint-", "anthropic-priority-", "anthropic-fast-")
# Not every limit is on requests or tokens; "unified" ones of Anthropic are shares.
_OF_OTHER_THINGS = re.compile(r"audio|image|ocr|page|character|unified")
_OF_TOKENS = re.compile(r"token|bysize")
# A draft of the IETF: `"api";r=489;t=189`, and before it `limit=500, remaining=489, reset=189`.
_IN_ONE = re.compile(r"\b(r|remaining|t|reset)=(\d+)(?![\w.])")
_OTHERS = frozenset({"ratelimit", "retry-after", "retry-after-ms", "x-ms-retry-after-ms"})
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s|d)")
_MILLISECONDS = {"ms": 1.0, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86_400e3}
_AN_EPOCH = 1_000_000_000.0
_LONGEST = 128
"""Maximum length of name and value of a header; longer headers are ignored."""


@lru_cache(maxsize=1024)
def _limit(name: str) -> _Limit | None:
    """Read the name of a header, in lower case; ``None`` if it is not about a rate."""
    if not any(word in name for word in _OF_A_LIMIT) or _OF_OTHER_THINGS.search(name):
        return None
    about = _ABOUT.fullmatch(name)
    if about is None:
        return None
    bucket = f"{about[1]} {about[3]}"
    return _Limit("remaining_tokens" if _OF_TOKENS.search(bucket) else "remaining_requests", bucket, about[2] == "remaining")


def is_read(name: str) -> bool:
    """Return whether a header is about a rate limit."""
    return name in _OTHERS or _limit(name) is not None


def remaining(headers: Headers) -> dict[str, float]:
    """Return ``remaining_requests``, ``remaining_tokens`` and ``reset_ms``.

    The smallest value of all windows counts. If a limit is used up, ``reset_ms`` is the time until it is renewed;
    else the time until the first renewal.

    >>> remaining({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1m30s"})
    {'remaining_requests': 9, 'reset_ms': 90000.0}
    """
    found: dict[str, float] = {}
    used_up: set[str] = set()
    resets: dict[str, float] = {}
    for limit, value in _limits(headers):
        if not limit.remains:
            if (wait := _until(value)) is not None:
                resets[limit.bucket] = wait
        elif (left := _count(value)) is not None:
            found[limit.measurement] = min(left, found.get(limit.measurement, left))
            if left == 0:
                used_up.add(limit.bucket)
    if found and resets:
        found["reset_ms"] = max((resets[bucket] for bucket in used_up & resets.keys()), default=min(resets.values()))
    return found


def _limits(headers: Headers) -> list[tuple[_Limit, str]]:
    found = [(limit, value) for name, value in headers.items() if len(name) <= _LONGEST and (limit := _limit(name)) is not None]
    in_one = headers.get("ratelimit")
    for word, value in _IN_ONE.findall(in_one[: 8 * _LONGEST]) if in_one else ():
        found.append((_Limit("remaining_requests", "ratelimit", word in ("r", "remaining")), value))
    return found


def retry_after(headers: Headers) -> dict[str, float]:
    """Return the wait that the provider requests, as ``retry_after_ms``.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "150"}), retry_after({"retry-after": "soon"})
    ({'retry_after_ms': 2000.0}, {'retry_after_ms': 150.0}, {})
    """
    exact = _number(headers.get("retry-after-ms") or headers.get("x-ms-retry-after-ms"))
    seconds = _number(headers.get("retry-after"))
    wait = exact if exact is not None else None if seconds is None else seconds * 1e3
    wait = _until_date(headers.get("retry-after")) if wait is None else wait
    return {} if wait is None else {"retry_after_ms": wait}


def _number(text: str | None) -> float | None:
    if not text or len(text) > _LONGEST:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < LARGEST else None


def _count(text: str | None) -> int | None:
    value = _number(text)
    return None if value is None else int(value)


def _until(text: str | None) -> float | None:
    """Read a duration: ``6m0s``, seconds, milliseconds, epoch seconds or a date."""
    if not text or len(text) > _LONGEST:
        return None
    value = _number(text)
    if value is not None:
        for unit, threshold in ((1.0, _AN_EPOCH * 1e3), (1e3, _AN_EPOCH)):
            if value >= threshold:
                return max(0.0, value * unit - time.time() * 1e3)
        return value * 1e3
    spans = _SPAN.findall(text)
    if spans and "".join(number + unit for number, unit in spans) == text:
        total = sum(float(number) * _MILLISECONDS[unit] for number, unit in spans)
        return total if total < LARGEST else None
    return _until_date(text)


def _until_date(text: str | None) -> float | None:
    if not text or len(text) > _LONGEST:
        return None
    readers: tuple[Callable[[str], datetime], ...] = (lambda t: datetime.fromisoformat(t.replace("Z", "+00:00")), parsedate_to_datetime)
    for read in readers:
        try:
            moment = read(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return max(0.0, moment.timestamp() * 1e3 - time.time() * 1e3)
    return None
