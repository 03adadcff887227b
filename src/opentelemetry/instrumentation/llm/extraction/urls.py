"""Read parts of URLs that applications pass and that may be invalid."""

from __future__ import annotations

from urllib.parse import SplitResult


def port_of(parts: SplitResult) -> int | None:
    """Return the port of a URL, or ``None`` if it is missing or invalid."""
    try:
        return parts.port
    except ValueError:
        return None
