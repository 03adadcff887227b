"""What is said of one cache: sizes by key, so that what leaves is told with the size that it was put in with."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable
from typing import Any

from .. import bus, emit
from ..dialects.reading import dig, number, text
from ..pricing import Unpriced, price
from ..words.records import Usage

_TRACKED = 100_000
"""Keys whose size is remembered at most; what leaves beyond that is told without a size."""


def size_of(value: Any) -> int:
    """Return the size of an answer in bytes: of bytes and texts exactly, of anything else as its text form.

    >>> size_of("é"), size_of([1, 2])
    (2, 6)
    """
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    return len((value if isinstance(value, str) else repr(value)).encode("utf-8", "replace"))


class Told:
    """Say hits, misses, puts and evictions of the cache called ``name``."""

    def __init__(self, name: str, measure: Callable[[Any], int] = size_of) -> None:
        self.name = name
        self._measure = measure
        self.sizes: dict[Hashable, int] = {}

    def looked_up(self, key: Hashable, found: bool, saved_cents: float | None = None) -> None:
        """Say whether the answer for ``key`` was there."""
        if found and saved_cents is not None:
            bus.execute("ex_llm.cache.hit", {"saved_cents": saved_cents}, {"key": emit.digest(key), "cache": self.name})
        else:
            (emit.emit_cache_hit if found else emit.emit_cache_miss)(key, self.name)

    def put(self, key: Hashable, value: Any) -> None:
        """Say that an answer was put in; one that it replaces leaves first."""
        if key in self.sizes:
            self.evicted(key)
        size = self._measure(value)
        if len(self.sizes) < _TRACKED:
            self.sizes[key] = size
        emit.emit_cache_put(key, size, self.name)

    def evicted(self, key: Hashable) -> None:
        """Say that an answer has left."""
        emit.emit_cache_evicted(key, self.sizes.pop(key, None), self.name)

    def settle(self, kept: Container[Any], count: int) -> None:
        """Say what has left unseen: there are more sizes than entries."""
        if len(self.sizes) > count:
            for key in [key for key in self.sizes if key not in kept]:
                self.evicted(key)


def saved_cents(provider: Any, model: Any, input_tokens: Any, output_tokens: Any) -> float | None:
    """Return what a call would have cost whose answer came from a cache, in cents; ``None`` if that is not known."""
    used = Usage(input_tokens=_count(input_tokens), output_tokens=_count(output_tokens))
    if text(model) is None or used == Usage():
        return None
    found = price(text(provider) or "openai", text(model), used)
    return None if isinstance(found, Unpriced) else found.total


def _count(value: Any) -> int | None:
    read = number(value)
    return None if read is None else int(read)


def saved_by(answer: Any) -> float | None:
    """Return what an answer of LangChain has saved, by the usage and the model that its message tells."""
    message = dig(answer, ("message",))
    usage, about = dig(message, ("usage_metadata",)), dig(message, ("response_metadata",))
    model = dig(about, ("model_name",)) or dig(about, ("model",))
    return saved_cents(dig(about, ("model_provider",)), model, dig(usage, ("input_tokens",)), dig(usage, ("output_tokens",)))
