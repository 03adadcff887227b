"""Emit cache events, and remember entry sizes so that evictions can report them."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable
from contextvars import ContextVar
from typing import Any

from .. import bus, emit
from ..extraction.paths import as_float, as_str, get_path
from ..pricing import Unpriced, price
from ..schema.records import Usage

# One cache may lie in another, and an asynchronous lookup run the plain one, in another thread with a copy of this context.
inside: ContextVar[bool] = ContextVar("ex_llm.inside-a-cache", default=False)

_TRACKED = 100_000
"""Maximum number of remembered sizes; further evictions have no size."""


def size_of(value: object) -> int:
    """Return the size of a response in bytes: exact for bytes and text.

    Any other value is measured by its text form.

    >>> size_of("é"), size_of([1, 2])
    (2, 6)
    """
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    return len((value if isinstance(value, str) else repr(value)).encode("utf-8", "replace"))


class CacheRecorder:
    """Record hits, misses, puts and evictions of the cache called ``name``."""

    def __init__(self, name: str, measure: Callable[[Any], int] = size_of, remembers: bool = True) -> None:
        self.name = name
        self._measure = measure
        self._remembered = _TRACKED if remembers else 0
        self.sizes: dict[Hashable, int] = {}

    def looked_up(self, key: Hashable, found: bool, saved_cents: float | None = None) -> None:
        """Record a lookup; a known entry that is missing was evicted unseen."""
        if not found:
            self._gone(key)
        if found and saved_cents is not None:
            bus.execute("ex_llm.cache.hit", {"saved_cents": saved_cents}, {"key": emit.digest(key), "cache": self.name})
        else:
            (emit.emit_cache_hit if found else emit.emit_cache_miss)(key, self.name)

    def put(self, key: Hashable, value: object) -> None:
        """Record a put; a replaced entry is evicted first."""
        if key in self.sizes:
            self.evicted(key)
        size = self._measure(value)
        if len(self.sizes) < self._remembered:
            self.sizes[key] = size
        emit.emit_cache_put(key, size, self.name)

    def evicted(self, key: Hashable) -> None:
        """Record an eviction."""
        emit.emit_cache_evicted(key, self.sizes.pop(key, None), self.name)

    def settle(self, kept: Container[Any], count: int | None = None) -> None:
        """Record unseen evictions: the oldest entries that are not in ``kept``.

        All entries are checked if there are more sizes than entries. Most caches evict the oldest entries first, so
        only these are checked where a check is slow.
        """
        while self.sizes and (oldest := next(iter(self.sizes))) not in kept:
            self._gone(oldest)
        if count is not None and len(self.sizes) > count:
            for key in list(self.sizes):
                if key not in kept:
                    self._gone(key)

    def emptied(self, of: Callable[[Any], bool] = lambda key: True) -> None:
        """Record the eviction of all entries, or of those that belong to ``of``."""
        for key in list(self.sizes):
            if of(key):
                self._gone(key)

    def _gone(self, key: Hashable) -> None:
        # Another thread may have found the eviction at the same time; it is recorded once.
        size = self.sizes.pop(key, None)
        if size is not None:
            emit.emit_cache_evicted(key, size, self.name)


def saved_cents(provider: object, model: object, input_tokens: object, output_tokens: object) -> float | None:
    """Return the cost in cents of a call whose response came from a cache.

    Returns ``None`` if the cost is not known.
    """
    return cents_for(
        as_str(provider) or "openai", as_str(model), Usage(input_tokens=_count(input_tokens), output_tokens=_count(output_tokens))
    )


def cents_for(provider: str, model: str | None, used: Usage) -> float | None:
    """Return the cost of tokens in cents; ``None`` without tokens or a price."""
    if model is None or used == Usage():
        return None
    found = price(provider, model, used)
    return None if isinstance(found, Unpriced) else found.total


def _count(value: object) -> int | None:
    read = as_float(value)
    return None if read is None else int(read)


def saved_by(answer: object) -> float | None:
    """Return the saved cost of a LangChain response, by its usage and model."""
    message = get_path(answer, ("message",))
    usage, about = get_path(message, ("usage_metadata",)), get_path(message, ("response_metadata",))
    model = get_path(about, ("model_name",)) or get_path(about, ("model",))
    return saved_cents(get_path(about, ("model_provider",)), model, get_path(usage, ("input_tokens",)), get_path(usage, ("output_tokens",)))
