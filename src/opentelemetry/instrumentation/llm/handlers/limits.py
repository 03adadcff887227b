"""Read the limit that the OpenTelemetry SDK sets on the length of an attribute.

The SDK cuts a longer text in the middle, which would leave JSON that no reader can parse.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

_VARIABLES = ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")


def longest_attribute(span: Any) -> int | None:
    """Return the maximum length of a text attribute of ``span``, or ``None``.

    The SDK has no public way to read the limits of its provider, so the environment is read where they cannot be found.
    """
    limits = getattr(span, "_limits", None)
    if limits is None:
        return from_environment(*(os.environ.get(name, "") for name in _VARIABLES))
    limit = getattr(limits, "max_span_attribute_length", None)
    return limit if isinstance(limit, int) else None


@lru_cache(maxsize=16)
def from_environment(*values: str) -> int | None:
    """Return the first value that is a number.

    >>> from_environment("", "4096"), from_environment("", "")
    (4096, None)
    """
    return next((int(value) for value in values if value.strip().isdecimal()), None)
