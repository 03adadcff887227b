"""LiteLLM's response cache: ``litellm.cache``, whatever keeps its answers, the one that its ``Router`` sets too.

Watched is ``Cache``, the one class that all lookups and all puts pass, so that memory over Redis is told once. What lies
below it is no place for that: the same classes count requests, cool deployments down and keep HTTP clients.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Container, Mapping
from contextvars import ContextVar
from typing import Any

from .. import context, emit
from ..dialects.litellm.names import asked, provider_name
from ..dialects.openai.usage import usage
from ..extraction.paths import as_sequence, as_str, get_path
from ..guard import guarded
from ..schema.records import Usage
from .recorder import CacheRecorder, cents_for

DISTRIBUTION = "litellm >= 1.61"
_CLASS = "litellm.caching.caching:Cache"


Doing = dict[str, Any]
"""What a cache is seen to do while one of its methods runs: its ``key``, what was ``found``, what was ``put``."""

_doing: ContextVar[Doing | None] = ContextVar("ex_llm.litellm-cache", default=None)
_told: weakref.WeakKeyDictionary[Any, CacheRecorder] = weakref.WeakKeyDictionary()

_Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]
Finish = Callable[[Any, Doing, _Arguments, Any], None]
Note = Callable[[Doing, Mapping[str, Any], Any], None]


def _around(finish: Finish) -> Callable[[Any], Callable[..., Any]]:
    """Make what stands around a method that looks up or puts in."""

    def make(original: Any) -> Callable[..., Any]:
        def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            doing: Doing = {}
            token = _doing.set(doing)
            try:
                result = wrapped(*args, **kwargs)
            finally:
                guarded(context.leave, token)
            guarded(finish, instance, doing, (args, kwargs), result)
            return result

        async def around_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            doing: Doing = {}
            token = _doing.set(doing)
            try:
                result = await wrapped(*args, **kwargs)
            finally:
                guarded(context.leave, token)
            guarded(finish, instance, doing, (args, kwargs), result)
            return result

        return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around

    return make


def _noting(note: Note) -> Callable[[Any], Callable[..., Any]]:
    """Make what stands around a step within: it notes what it sees, if there is something that it is a step of."""

    def make(original: Any) -> Callable[..., Any]:
        def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            result = None
            try:
                result = wrapped(*args, **kwargs)
            finally:
                doing = _doing.get()
                if doing is not None:
                    guarded(note, doing, kwargs, result)
            return result

        return around

    return make


def _keyed(doing: Doing, kwargs: Mapping[str, Any], result: Any) -> None:
    doing["key"] = result


def _answered(doing: Doing, kwargs: Mapping[str, Any], result: Any) -> None:
    doing["found"] = kwargs.get("cached_result")


def _asked(doing: Doing, kwargs: Mapping[str, Any], result: Any) -> None:
    doing["asked"] = True


def _filled(doing: Doing, kwargs: Mapping[str, Any], result: Any) -> None:
    if result is None:
        return
    key, kept, _ = result
    doing.setdefault("put", []).append((key, kept["response"]))


def _of(cache: Any) -> CacheRecorder:
    told = _told.get(cache)
    if told is None:
        name = as_str(getattr(cache, "type", None)) or type(getattr(cache, "cache", cache)).__name__
        # Under one key of a semantic cache lie many answers, so none of them replaces another.
        told = _told[cache] = CacheRecorder(f"litellm.{name}", remembers="semantic" not in name)
    return told


def _kept(cache: Any) -> tuple[Container[Any], int | None] | None:
    """Return what a cache in this process keeps, and how many answers; not of one that has to be asked elsewhere."""
    backend = getattr(cache, "cache", None)
    memory, disk = getattr(backend, "cache_dict", None), getattr(backend, "disk_cache", None)
    if isinstance(memory, dict):
        return memory, len(memory)
    return None if disk is None else (disk, None)


def _looked_up(cache: Any, doing: Doing, arguments: _Arguments, result: Any) -> None:
    # Without a look there was nothing to find: the cache is off for this call.
    if "found" not in doing:
        return
    told, (_, kwargs) = _of(cache), arguments
    key = kwargs.get("cache_key", doing.get("key"))
    known = _kept(cache) is not None or "asked" in doing
    if result is None and (doing["found"] is not None or not known):
        # Too old for this caller, or out of reach: it stays for others.
        emit.emit_cache_miss(key, told.name)
    else:
        told.looked_up(key, result is not None, None if result is None else _saved(result, kwargs))


def _put(cache: Any, doing: Doing, arguments: _Arguments, result: Any) -> None:
    if "put" not in doing:
        return
    told, kept = _of(cache), _kept(cache)
    for key, answer in doing["put"]:
        # One that is too large, or that its backend refused, is not told to the caller either.
        if kept is None or key in kept[0]:
            told.put(key, answer)
    if kept is not None:
        told.settle(*kept)


def _deleted(cache: Any, doing: Doing, arguments: _Arguments, result: Any) -> None:
    args, kwargs = arguments
    gone = set(as_sequence(next(iter((*args, *kwargs.values())), None)))
    _of(cache).emptied(gone.__contains__)


def _saved(answer: Any, kwargs: Mapping[str, Any]) -> float | None:
    """Return what an answer has saved, by the usage that lies with it and what its caller asked for."""
    used = usage(get_path(answer, ("usage",)))
    if used == Usage():
        # Vectors are kept one by one, each with its part of the tokens.
        used = usage(answer)
    provider, wanted = provider_name(asked(kwargs)) or "openai", as_str(kwargs.get("model")) or ""
    prices = (cents_for(provider, model, used) for model in (as_str(get_path(answer, ("model",))), wanted.rpartition("/")[2] or None))
    return next((cents for cents in prices if cents is not None), None)


TARGETS: Mapping[str, Callable[[Any], Callable[..., Any]]] = {
    **{f"{_CLASS}.{name}": _around(_looked_up) for name in ("get_cache", "async_get_cache")},
    **{f"{_CLASS}.{name}": _around(_put) for name in ("add_cache", "async_add_cache", "async_add_cache_pipeline")},
    f"{_CLASS}.delete_cache_keys": _around(_deleted),
    f"{_CLASS}.get_cache_key": _noting(_keyed),
    # Releases have one of the names, or both for the same.
    **{f"{_CLASS}.{name}": _noting(_answered) for name in ("get_cache_logic", "_get_cache_logic")},
    f"{_CLASS}._add_cache_logic": _noting(_filled),
    # Redis that cannot be reached is told to nobody; where it was, it has come this far.
    "litellm.caching.redis_cache:RedisCache._get_cache_logic": _noting(_asked),
}
"""What is watched, and what stands around it."""
