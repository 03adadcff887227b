"""Functions below the patch points, in the SDKs of one generator."""

from __future__ import annotations


def below(package: str) -> dict[str, str]:
    """Return the part of the list that all of them share."""
    return {f"{package}._base_client:*": "every request passes this function, which is the patch point; the route selects the operation"}
