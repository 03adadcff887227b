"""GPTCache: every adapter, its ``get`` and ``put``, and any data manager, in one function with named steps.

``adapt`` runs each step through ``time_cal``, so that is where they are seen; that a lookup found nothing good enough has
no step of its own and is known when the next one begins, or at the end.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Hashable, Mapping, MutableMapping
from contextvars import ContextVar, Token
from typing import Any

from .. import context, emit
from ..extraction.paths import as_sequence
from ..guard import guarded
from ..wrapper import Wrapper
from .recorder import CacheRecorder, inside, size_of

DISTRIBUTION = "gptcache >= 0.1"
_ADAPTERS = (
    "adapter", "api", "diffusers", "dolly", "langchain_models", "llama_cpp", "minigpt4", "openai", "replicate", "stability_sdk",
)  # fmt: skip

Doing = dict[str, Any]
"""What one ``adapt`` is seen to do: its ``question``, the ``manager`` and the ``key`` of a lookup whose end is open, and ``rows``."""

_doing: ContextVar[Doing | None] = ContextVar("ex_llm.gptcache", default=None)
_told: weakref.WeakKeyDictionary[Any, CacheRecorder] = weakref.WeakKeyDictionary()
_rows: weakref.WeakKeyDictionary[Any, dict[Any, tuple[Hashable, int]]] = weakref.WeakKeyDictionary()
"""By what evicts them, keys and sizes of answers by the numbers of their rows; a question may have many."""


def _adapting(original: Any) -> Callable[..., Any]:
    """Make what stands around one adaptation."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if inside.get():
            return wrapped(*args, **kwargs)
        doing: Doing = {}
        token = guarded(_begun, doing)
        try:
            return wrapped(*args, **kwargs)
        finally:
            guarded(_ended, doing, token)

    async def around_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if inside.get():
            return await wrapped(*args, **kwargs)
        doing: Doing = {}
        token = guarded(_begun, doing)
        try:
            return await wrapped(*args, **kwargs)
        finally:
            guarded(_ended, doing, token)

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around


def _begun(doing: Doing) -> Token[Doing | None]:
    outer = _doing.get()
    if outer is not None:
        # The next cache is asked, or what the model is asked through has a cache too.
        _found(outer, False)
    return _doing.set(doing)


def _ended(doing: Doing, token: Token[Doing | None] | None) -> None:
    context.leave(token)
    _found(doing, False)


def _found(doing: Doing, found: bool) -> None:
    manager = doing.pop("manager", None)
    if manager is None:
        return
    told, kept, key = _of(manager), _map(manager), doing["key"]
    if not found and kept is not None and key in kept:
        # It is there, but not for this session.
        emit.emit_cache_miss(key, told.name)
    else:
        told.looked_up(key, found)


def _step(original: Any) -> Callable[..., Any]:
    """Make what stands around the making of a step."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        step = wrapped(*args, **kwargs)
        return guarded(_seen, step, args, kwargs, default=step)

    return around


def _seen(step: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    doing, note = _doing.get(), _NOTES.get(kwargs.get("func_name"))
    if doing is None or note is None:
        return step
    manager = getattr(args[0], "__self__", None)
    if note is _asking:
        # Before the model is asked, so that what is told is in order.
        _asking(doing)
        return step

    def run(*given: Any, **named: Any) -> Any:
        result = step(*given, **named)
        guarded(note, doing, manager, given, result)
        return result

    return run


def _asking(doing: Doing, *step: Any) -> None:
    _found(doing, False)


def _prepared(doing: Doing, manager: Any, given: tuple[Any, ...], result: Any) -> None:
    # What is kept, and what is searched by, may differ.
    doing["question"] = result[0] if isinstance(result, tuple) else result


def _searched(doing: Doing, manager: Any, given: tuple[Any, ...], result: Any) -> None:
    doing["key"] = _key(manager, doing.get("question"), given[0])
    doing["manager"] = manager


def _chosen(doing: Doing, manager: Any, given: tuple[Any, ...], result: Any) -> None:
    _found(doing, True)


def _saved(doing: Doing, manager: Any, given: tuple[Any, ...], result: Any) -> None:
    _found(doing, False)
    _put(manager, _key(manager, doing.get("question"), given[2]), given[1], doing.pop("rows", ()))


_NOTES: Mapping[Any, Callable[..., None]] = {
    "pre_process": _prepared, "search": _searched, "post_process": _chosen, "llm_request": _asking, "save": _saved,
}  # fmt: skip


def _of(manager: Any) -> CacheRecorder:
    told = _told.get(manager)
    if told is None:
        # What has rows replaces none of them, so that it is their numbers by which they leave.
        told = _told[manager] = CacheRecorder("gptcache", remembers=_map(manager) is not None)
    return told


def _map(manager: Any) -> MutableMapping[Any, Any] | None:
    """Return the mapping of a data manager that has all in one."""
    data = getattr(manager, "data", None)
    return data if isinstance(data, MutableMapping) else None


def _key(manager: Any, question: Any, embedding: Any) -> Hashable:
    if _map(manager) is not None and isinstance(embedding, Hashable):
        return embedding
    content = getattr(question, "content", question)
    return content if isinstance(content, str) else str(content)


def _text(answer: Any) -> str:
    parts = as_sequence(answer) or (answer,)
    return "".join(str(getattr(part, "answer", part)) for part in parts)


def _put(manager: Any, key: Hashable, answer: Any, rows: Any) -> None:
    told, kept, text = _of(manager), _map(manager), _text(answer)
    if kept is None or key in kept:
        told.put(key, text)
    if kept is not None:
        told.settle(kept, len(kept))
    evicting = getattr(manager, "eviction_manager", None)
    if evicting is not None:
        _rows.setdefault(evicting, {}).update(dict.fromkeys(rows, (key, size_of(text))))


def _importing(original: Any) -> Callable[..., Any]:
    """Make what stands around the filling of a cache from a list."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        doing: Doing = {}
        token = guarded(_begun, doing)
        try:
            result = wrapped(*args, **kwargs)
        finally:
            guarded(_ended, doing, token)
        guarded(_imported, instance, doing, args, kwargs)
        return result

    return around


def _imported(cache: Any, doing: Doing, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    named = {**dict(zip(("questions", "answers"), args, strict=False)), **kwargs}
    rows = doing.get("rows", ())
    for place, (question, answer) in enumerate(zip(as_sequence(named["questions"]), as_sequence(named["answers"]), strict=False)):
        _put(cache.data_manager, _key(None, question, None), answer, rows[place : place + 1])


def _numbering(original: Any) -> Callable[..., Any]:
    """Make what stands around the place where answers that are saved are seen by their numbers."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        guarded(_numbered, args, kwargs)
        return wrapped(*args, **kwargs)

    return around


def _numbered(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    doing = _doing.get()
    if doing is not None:
        doing["rows"] = as_sequence(next(iter((*args, *kwargs.values())), None))


def _evicting(original: Any) -> Callable[..., Any]:
    """Make what stands around the letting go of answers, which are known by their numbers."""

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        result = wrapped(*args, **kwargs)
        guarded(_evicted, instance, args, kwargs)
        return result

    return around


def _evicted(evicting: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    rows = _rows.get(evicting, {})
    for number in as_sequence(next(iter((*args, *kwargs.values())), None)):
        if number in rows:
            key, size = rows.pop(number)
            emit.emit_cache_evicted(key, size, "gptcache")


def _once(make: Callable[[Any], Callable[..., Any]]) -> Callable[[Any], Any]:
    # An adapter that is imported after us has ours from where it took it.
    return lambda original: original if isinstance(original, Wrapper) else Wrapper(original, make(original))


TARGETS: Mapping[str, Callable[[Any], Any]] = {
    **{f"gptcache.adapter.{name}:{a}adapt": _once(_adapting) for name in _ADAPTERS for a in ("", "a")},
    "gptcache.adapter.adapter:time_cal": _once(_step),
    "gptcache.core:Cache.import_data": _once(_importing),
    "gptcache.manager.eviction.memory_cache:MemoryCacheEviction.put": _once(_numbering),
    "gptcache.manager.eviction_manager:EvictionManager.soft_evict": _once(_evicting),
}
"""What is watched, and what is made of it."""
