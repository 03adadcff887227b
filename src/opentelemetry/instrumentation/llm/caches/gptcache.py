"""Observe GPTCache: every adapter, its ``get`` and ``put``, and any data manager.

``adapt`` runs each step through ``time_cal``, so the steps are observed there. A lookup without a match has no step;
it is known when the next step begins, or at the end.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Mapping, MutableMapping
from contextvars import ContextVar, Token
from typing import Any

from .. import context, emit
from ..extraction.arguments import by_name
from ..extraction.paths import as_sequence
from ..guard import guarded
from ..observation import driver
from ..wrapper import Patch, Wrapper
from .recorder import CacheRecorder, inside, size_of

_ADAPTERS = (
    "adapter", "api", "diffusers", "dolly", "langchain_models", "llama_cpp", "minigpt4", "openai", "replicate", "stability_sdk",
)  # fmt: skip

State = dict[str, Any]
"""The state of one ``adapt`` run: its question, manager, open lookup and rows."""

_state: ContextVar[State | None] = ContextVar("ex_llm.gptcache", default=None)
_recorders: weakref.WeakKeyDictionary[Any, CacheRecorder] = weakref.WeakKeyDictionary()
_rows: weakref.WeakKeyDictionary[Any, dict[Any, tuple[Hashable, int]]] = weakref.WeakKeyDictionary()
"""Sizes of responses by row number, for each evicting object.

A question may have many responses.
"""


def _adapting(original: object) -> Callable[..., Any]:
    """Wrap one ``adapt`` run."""
    return driver(lambda instance: None if inside.get() else _Adapt(), original)


class _Adapt:
    """One ``adapt`` run, with the state that its steps fill."""

    def __init__(self) -> None:
        self.state: State = {}
        self._token: Token[State | None] | None = None

    def enter(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        outer = _state.get()
        self._token = _state.set(self.state)
        if outer is not None:
            # The next cache is used, or the client of the model has a cache too.
            _found(outer, False)

    def leave(self) -> None:
        context.leave(self._token)

    def on_result(self, result: object) -> None:
        _found(self.state, False)

    def on_error(self, error: BaseException) -> None:
        _found(self.state, False)


def _found(state: State, found: bool) -> None:
    manager = state.pop("manager", None)
    if manager is None:
        return
    recorder, kept, key = _of(manager), _map(manager), state["key"]
    if not found and kept is not None and key in kept:
        # It is there, but not for this session.
        emit.emit_cache_miss(key, recorder.name)
    else:
        recorder.looked_up(key, found)


def _step(original: object) -> Callable[..., Any]:
    """Wrap a step of a run."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        step = wrapped(*args, **kwargs)
        return guarded(_seen, step, args, kwargs, default=step)

    return around


def _seen(step: Callable[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]) -> Callable[..., Any]:
    state, note = _state.get(), _NOTES.get(kwargs.get("func_name"))
    if state is None or note is None:
        return step
    manager = getattr(args[0], "__self__", None)
    if note is _asking:
        # Emitted before the model is called, so that events are in order.
        _asking(state)
        return step

    def run(*given: object, **named: object) -> Any:
        result = step(*given, **named)
        guarded(note, state, manager, given, result)
        return result

    return run


def _asking(state: State, *step: object) -> None:
    _found(state, False)


def _prepared(state: State, manager: object, given: tuple[object, ...], result: object) -> None:
    # The stored question and the question of the search may differ.
    state["question"] = result[0] if isinstance(result, tuple) else result


def _searched(state: State, manager: object, given: tuple[object, ...], result: object) -> None:
    state["key"] = _key(manager, state.get("question"), given[0])
    state["manager"] = manager


def _chosen(state: State, manager: object, given: tuple[object, ...], result: object) -> None:
    _found(state, True)


def _saved(state: State, manager: object, given: tuple[object, ...], result: object) -> None:
    _found(state, False)
    _put(manager, _key(manager, state.get("question"), given[2]), given[1], state.pop("rows", ()))


_NOTES: Mapping[Any, Callable[..., None]] = {
    "pre_process": _prepared, "search": _searched, "post_process": _chosen, "llm_request": _asking, "save": _saved,
}  # fmt: skip


def _of(manager: object) -> CacheRecorder:
    recorder = _recorders.get(manager)
    if recorder is None:
        # Responses with rows do not replace each other; they are evicted by row number.
        recorder = _recorders[manager] = CacheRecorder("gptcache", remembers=_map(manager) is not None)
    return recorder


def _map(manager: object) -> MutableMapping[Any, Any] | None:
    """Return the mapping of a data manager that has all in one."""
    data = getattr(manager, "data", None)
    return data if isinstance(data, MutableMapping) else None


def _key(manager: object, question: object, embedding: object) -> Hashable:
    if _map(manager) is not None and isinstance(embedding, Hashable):
        return embedding
    content = getattr(question, "content", question)
    return content if isinstance(content, str) else str(content)


def _text(answer: object) -> str:
    parts = as_sequence(answer) or (answer,)
    return "".join(str(getattr(part, "answer", part)) for part in parts)


def _put(manager: object, key: Hashable, answer: object, rows: Any) -> None:
    recorder, kept, text = _of(manager), _map(manager), _text(answer)
    if kept is None or key in kept:
        recorder.put(key, text)
    if kept is not None:
        recorder.settle(kept, len(kept))
    evicting = getattr(manager, "eviction_manager", None)
    if evicting is not None:
        _rows.setdefault(evicting, {}).update(dict.fromkeys(rows, (key, size_of(text))))


def _importing(original: object) -> Callable[..., Any]:
    """Wrap the import of a list into a cache."""
    return driver(_Import, original)


class _Import(_Adapt):
    """One import, which stores its responses as a run does."""

    def __init__(self, cache: object) -> None:
        super().__init__()
        self._cache = cache
        self._arguments: tuple[tuple[Any, ...], Mapping[str, Any]] = ((), {})

    def enter(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        super().enter(args, kwargs)
        self._arguments = args, kwargs

    def on_result(self, result: object) -> None:
        super().on_result(result)
        _imported(self._cache, self.state, *self._arguments)


def _imported(cache: Any, state: State, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    named = by_name(("questions", "answers"), args, kwargs)
    rows = state.get("rows", ())
    for place, (question, answer) in enumerate(zip(as_sequence(named["questions"]), as_sequence(named["answers"]), strict=False)):
        _put(cache.data_manager, _key(None, question, None), answer, rows[place : place + 1])


def _numbering(original: object) -> Callable[..., Any]:
    """Wrap the place where saved responses get their row numbers."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        guarded(_numbered, args, kwargs)
        return wrapped(*args, **kwargs)

    return around


def _numbered(args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    state = _state.get()
    if state is not None:
        state["rows"] = as_sequence(next(iter((*args, *kwargs.values())), None))


def _evicting(original: object) -> Callable[..., Any]:
    """Wrap the eviction of responses, which are identified by row numbers."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        result = wrapped(*args, **kwargs)
        guarded(_evicted, instance, args, kwargs)
        return result

    return around


def _evicted(evicting: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    rows = _rows.get(evicting, {})
    for number in as_sequence(next(iter((*args, *kwargs.values())), None)):
        if number in rows:
            key, size = rows.pop(number)
            emit.emit_cache_evicted(key, size, "gptcache")


def _once(make: Callable[[Any], Callable[..., Any]]) -> Callable[[Any], Any]:
    # An adapter that is imported after us has ours from where it took it.
    return lambda original: original if isinstance(original, Wrapper) else Wrapper(original, make(original))


_WRAPPERS: Mapping[str, Callable[[Any], Any]] = {
    **{f"gptcache.adapter.{name}:{a}adapt": _once(_adapting) for name in _ADAPTERS for a in ("", "a")},
    "gptcache.adapter.adapter:time_cal": _once(_step),
    "gptcache.core:Cache.import_data": _once(_importing),
    "gptcache.manager.eviction.memory_cache:MemoryCacheEviction.put": _once(_numbering),
    "gptcache.manager.eviction_manager:EvictionManager.soft_evict": _once(_evicting),
}
PATCHES = tuple(Patch("gptcache", target, wrap) for target, wrap in _WRAPPERS.items())
