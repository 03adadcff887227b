"""Functions below the patch points, in the SDKs of one generator."""

from __future__ import annotations


def below(package: str) -> dict[str, str]:
    """Return the part of the list that all of them share."""
    return {f"{package}._base_client:*": "every request passes it, and the watch stands there: a route decides what is watched"}
