"""Read parts of URLs that applications write, which may be wrong."""

from __future__ import annotations

from urllib.parse import SplitResult


def port_of(parts: SplitResult) -> int | None:
    """Return the port that a URL names; ``None`` where it names none, or one that is no port."""
    try:
        return parts.port
    except ValueError:
        return None
