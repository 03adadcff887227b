"""Observe LiteLLM's response cache: ``litellm.cache``, with any backend.

The ``Router`` sets the same cache. ``Cache`` is the one class that all lookups and puts pass, so memory over Redis is
recorded once. The classes below it are not suitable: they also count requests, cool deployments down and keep HTTP
clients.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Mapping
from contextvars import ContextVar, Token
from typing import Any

from .. import context, emit
from ..dialects.litellm.names import provider_name, selected_provider
from ..dialects.openai.usage import usage
from ..extraction.paths import as_sequence, as_str, get_path
from ..guard import guarded
from ..observation import driver
from ..schema.records import Usage
from ..wrapper import Driver, Patch, driven
from .recorder import CacheRecorder, cents_for

_CLASS = "litellm.caching.caching:Cache"


State = dict[str, Any]
"""The state of one method of a cache: key, found response, stored response."""

_state: ContextVar[State | None] = ContextVar("ex_llm.litellm-cache", default=None)
_recorders: weakref.WeakKeyDictionary[Any, CacheRecorder] = weakref.WeakKeyDictionary()

_Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]
Finish = Callable[[Any, State, _Arguments, Any], None]
Note = Callable[[State, Mapping[str, Any], Any], None]


def _around(finish: Finish) -> Callable[[Any], Callable[..., Any]]:
    """Wrap a method that looks up or puts."""
    return lambda original: driver(lambda instance: _Use(instance, finish), original)


class _Use:
    """One use of the cache, with the state that its nested steps fill."""

    def __init__(self, instance: object, finish: Finish) -> None:
        self._instance, self._finish = instance, finish
        self._state: State = {}
        self._token: Token[State | None] | None = None
        self._arguments: _Arguments = ((), {})

    def enter(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        self._token = _state.set(self._state)
        self._arguments = args, kwargs

    def leave(self) -> None:
        context.leave(self._token)

    def on_result(self, result: object) -> None:
        self._finish(self._instance, self._state, self._arguments, result)

    def on_error(self, error: BaseException) -> None:
        """Do nothing: a use that failed is not recorded."""


def _noting(note: Note) -> Callable[[Any], Callable[..., Any]]:
    """Wrap a nested step: it records values for the outer method, if there is one."""

    def make(original: object) -> Callable[..., Any]:
        def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
            result = None
            try:
                result = wrapped(*args, **kwargs)
            finally:
                state = _state.get()
                if state is not None:
                    guarded(note, state, kwargs, result)
            return result

        return around

    return make


def _keyed(state: State, kwargs: Mapping[str, object], result: object) -> None:
    state["key"] = result


def _answered(state: State, kwargs: Mapping[str, object], result: object) -> None:
    state["found"] = kwargs.get("cached_result")


def _requested(state: State, kwargs: Mapping[str, object], result: object) -> None:
    state["requested"] = True


def _filled(state: State, kwargs: Mapping[str, Any], result: Any) -> None:
    if result is None:
        return
    key, kept, _ = result
    state.setdefault("put", []).append((key, kept["response"]))


def _of(cache: object) -> CacheRecorder:
    recorder = _recorders.get(cache)
    if recorder is None:
        name = as_str(getattr(cache, "type", None)) or type(getattr(cache, "cache", cache)).__name__
        # Under one key of a semantic cache lie many answers, so none of them replaces another.
        recorder = _recorders[cache] = CacheRecorder(f"litellm.{name}", remembers="semantic" not in name)
    return recorder


def _kept(cache: object) -> tuple[Container[Any], int | None] | None:
    """Return the entries of a cache in this process, and their number.

    A remote cache gives nothing.
    """
    backend = getattr(cache, "cache", None)
    memory, disk = getattr(backend, "cache_dict", None), getattr(backend, "disk_cache", None)
    if isinstance(memory, dict):
        return memory, len(memory)
    return None if disk is None else (disk, None)


def _looked_up(cache: object, state: State, arguments: _Arguments, result: object) -> None:
    # Without a look there was nothing to find: the cache is off for this call.
    if "found" not in state:
        return
    recorder, (_, kwargs) = _of(cache), arguments
    key = kwargs.get("cache_key", state.get("key"))
    known = _kept(cache) is not None or "requested" in state
    if result is None and (state["found"] is not None or not known):
        # Too old for this caller, or out of reach: it stays for others.
        emit.emit_cache_miss(key, recorder.name)
    else:
        recorder.looked_up(key, result is not None, None if result is None else _saved(result, kwargs))


def _put(cache: object, state: State, arguments: _Arguments, result: object) -> None:
    if "put" not in state:
        return
    recorder, kept = _of(cache), _kept(cache)
    for key, answer in state["put"]:
        # A response that is too large, or that the backend refused, is not reported to the caller either.
        if kept is None or key in kept[0]:
            recorder.put(key, answer)
    if kept is not None:
        recorder.settle(*kept)


def _deleted(cache: object, state: State, arguments: _Arguments, result: object) -> None:
    args, kwargs = arguments
    gone = set(as_sequence(next(iter((*args, *kwargs.values())), None)))
    _of(cache).emptied(gone.__contains__)


def _saved(answer: object, kwargs: Mapping[str, object]) -> float | None:
    """Return the saved cost, from the stored usage and the request of the caller."""
    used = usage(get_path(answer, ("usage",)))
    if used == Usage():
        # Vectors are kept one by one, each with its part of the tokens.
        used = usage(answer)
    provider, wanted = provider_name(selected_provider(kwargs)) or "openai", as_str(kwargs.get("model")) or ""
    prices = (cents_for(provider, model, used) for model in (as_str(get_path(answer, ("model",))), wanted.rpartition("/")[2] or None))
    return next((cents for cents in prices if cents is not None), None)


_DRIVERS: Mapping[str, Callable[[Any], Driver]] = {
    **{f"{_CLASS}.{name}": _around(_looked_up) for name in ("get_cache", "async_get_cache")},
    **{f"{_CLASS}.{name}": _around(_put) for name in ("add_cache", "async_add_cache", "async_add_cache_pipeline")},
    f"{_CLASS}.delete_cache_keys": _around(_deleted),
    f"{_CLASS}.get_cache_key": _noting(_keyed),
    # Releases have one of the names, or both for the same.
    **{f"{_CLASS}.{name}": _noting(_answered) for name in ("get_cache_logic", "_get_cache_logic")},
    f"{_CLASS}._add_cache_logic": _noting(_filled),
    # LiteLLM reports no error if Redis cannot be reached; a successful put arrives here.
    "litellm.caching.redis_cache:RedisCache._get_cache_logic": _noting(_requested),
}
PATCHES = tuple(Patch("litellm", target, driven(driver)) for target, driver in _DRIVERS.items())
