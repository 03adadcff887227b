"""Observe a cache of the user: a dict or a mutable mapping (``cachetools``)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from ..guard import guarded
from .recorder import CacheRecorder, size_of

_MISSING: Any = object()
_Cache = TypeVar("_Cache", bound=MutableMapping[Any, Any])
_busy = threading.local()


@contextmanager
def _doing(cache: object) -> Iterator[bool]:
    """Return whether this is the outermost operation on ``cache`` in this thread.

    Nested operations of the cache are not recorded.
    """
    doing: set[int] = _busy.__dict__.setdefault("caches", set())
    outermost = id(cache) not in doing
    doing.add(id(cache))
    try:
        yield outermost
    finally:
        if outermost:
            doing.discard(id(cache))


@lru_cache(maxsize=256)
def _over(kind: Any) -> Any:
    # One class below another with nothing beside it: an object can take no other class that is laid out otherwise.
    class Watched(kind):  # type: ignore[misc]
        """Subclass the class of an observed cache and record its operations."""

        _ex_llm_recorder: CacheRecorder

        def __getitem__(self, key: Hashable) -> Any:
            with _doing(self) as outermost:
                try:
                    value = super().__getitem__(key)
                except KeyError:
                    if outermost:
                        guarded(self._ex_llm_recorder.looked_up, key, False)
                    raise
            if outermost:
                guarded(self._ex_llm_recorder.looked_up, key, True)
            return value

        def get(self, key: Hashable, default: object = None) -> Any:
            with _doing(self) as outermost:
                value = super().get(key, _MISSING)
            if outermost:
                guarded(self._ex_llm_recorder.looked_up, key, value is not _MISSING)
            return default if value is _MISSING else value

        def setdefault(self, key: Hashable, default: object = None) -> Any:
            if key in self:
                return self[key]
            self[key] = default
            return default

        def __setitem__(self, key: Hashable, value: object) -> None:
            with _doing(self) as outermost:
                super().__setitem__(key, value)
            if outermost:
                guarded(self._ex_llm_recorder.put, key, value)
                guarded(self._ex_llm_settle)

        def __delitem__(self, key: Hashable) -> None:
            super().__delitem__(key)
            guarded(self._ex_llm_recorder.evicted, key)

        def pop(self, *args: object) -> Any:
            with _doing(self):
                value = super().pop(*args)
            guarded(self._ex_llm_settle)
            return value

        def popitem(self) -> tuple[Any, Any]:
            with _doing(self):
                item: tuple[Any, Any] = super().popitem()
            guarded(self._ex_llm_settle)
            return item

        def clear(self) -> None:
            with _doing(self):
                super().clear()
            guarded(self._ex_llm_settle)

        def update(self, *others: object, **more: object) -> None:
            for key, value in dict(*others, **more).items():
                self[key] = value

        def _ex_llm_settle(self) -> None:
            with _doing(self):
                self._ex_llm_recorder.settle(self, len(self))

    Watched.__name__, Watched.__qualname__, Watched.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    return Watched


def watch_cache(cache: _Cache, name: str = "default", *, size_of: Callable[[Any], int] = size_of) -> _Cache:
    """Observe a cache and return it; existing entries count as put.

    ``cache`` is a mutable mapping. The same object is returned, except for a plain ``dict``, which cannot be
    observed: use the returned object. ``name`` is the tag of its metrics; ``size_of`` returns the size of a response
    in bytes. Anything else raises ``TypeError``.

    >>> answers = watch_cache({}, "answers")
    >>> answers.get("question") is None
    True
    """
    if not isinstance(cache, MutableMapping):
        raise TypeError(f"watch_cache takes a mutable mapping, such as a dict or a cache of cachetools, not {type(cache).__name__}")
    kind = _over(type(cache))
    watched: Any = cache
    if type(cache) is dict:
        watched = kind(cache)
    else:
        try:
            watched.__class__ = kind
        except TypeError:
            raise TypeError(f"a {type(cache).__name__} cannot be watched: its class allows no other; use a dict or cachetools") from None
    watched._ex_llm_recorder = CacheRecorder(name, size_of)
    with _doing(watched):
        for key in list(watched):
            watched._ex_llm_recorder.put(key, watched[key])
    return watched  # type: ignore[no-any-return]
