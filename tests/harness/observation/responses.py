"""Record every HTTP response of a block, and whether it is closed."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CLASSES = (("httpx", "Response", "is_closed"), ("httpx2", "Response", "is_closed"), ("aiohttp", "ClientResponse", "closed"))


class Responses:
    """State of the responses, in the order of their creation."""

    def __init__(self) -> None:
        self._made: list[tuple[weakref.ref[Any], str]] = []

    def states(self, gone: str = "gone") -> list[str]:
        """Return whether each response is closed, open or collected.

        ``gone`` replaces "collected" if an event loop may hold the response for some time.
        """
        return [_state(ref(), attribute, gone) for ref, attribute in self._made]

    def add(self, response: Any, attribute: str) -> None:
        """Remember a response without keeping it alive."""
        self._made.append((weakref.ref(response), attribute))


def _state(response: Any, attribute: str, gone: str) -> str:
    if response is None:
        return gone
    return "closed" if getattr(response, attribute) else "open"


@contextmanager
def noticed() -> Iterator[Responses]:
    """Notice the responses that are made while the block runs."""
    responses, replaced = Responses(), []
    for module, name, attribute in _CLASSES:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None:
            replaced.append((kind, kind.__init__))
            kind.__init__ = _noticing(kind.__init__, responses, attribute)
    try:
        yield responses
    finally:
        for kind, original in replaced:
            kind.__init__ = original


def _noticing(original: Any, responses: Responses, attribute: str) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        responses.add(self, attribute)

    return __init__
