"""LangChain's caches: every subclass of ``BaseCache``, made before or after us."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import wrapt

from .. import context
from ..extraction.paths import as_sequence
from ..guard import guarded
from ..wrapper import Wrapper
from .recorder import CacheRecorder, inside, saved_by

MODULE = "langchain_core.caches"
Put = Callable[[Any, str, Any], None]

_recorders: weakref.WeakKeyDictionary[Any, CacheRecorder] = weakref.WeakKeyDictionary()


def install(module: ModuleType, put: Put) -> None:
    """Observe all existing and future subclasses."""
    root = vars(module).get("BaseCache")
    if root is None:
        return
    for kind in _below(root):
        _watch(kind, put)
    own = vars(root).get("__init_subclass__")

    def watch_new(cls: Any, /, **keywords: Any) -> None:
        before = super(root, cls).__init_subclass__ if own is None else own.__get__(None, cls)
        before(**keywords)
        guarded(_watch, cls, put)

    put(root, "__init_subclass__", classmethod(watch_new))


def _below(root: Any) -> Iterator[Any]:
    for kind in root.__subclasses__():
        yield kind
        yield from _below(kind)


def _watch(kind: Any, put: Put) -> None:
    for name, finish in _FINISHES.items():
        original = vars(kind).get(name)
        if original is None or isinstance(original, wrapt.FunctionWrapper):
            continue
        put(kind, name, Wrapper(original, _driver(original, finish)))


def _driver(original: Any, finish: Callable[..., None]) -> Callable[..., Any]:
    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if inside.get():
            return wrapped(*args, **kwargs)
        token = inside.set(True)
        try:
            result = wrapped(*args, **kwargs)
        finally:
            guarded(context.leave, token)
        guarded(finish, instance, args, kwargs, result)
        return result

    async def around_async(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if inside.get():
            return await wrapped(*args, **kwargs)
        token = inside.set(True)
        try:
            result = await wrapped(*args, **kwargs)
        finally:
            guarded(context.leave, token)
        guarded(finish, instance, args, kwargs, result)
        return result

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around


def _named(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict(zip(("prompt", "llm_string", "return_val"), args, strict=False)), **kwargs}


def _of(instance: Any) -> CacheRecorder:
    recorder = _recorders.get(instance)
    if recorder is None:
        recorder = _recorders[instance] = CacheRecorder(type(instance).__name__)
    return recorder


def _looked_up(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
    named = _named(args, kwargs)
    saved = [cents for answer in as_sequence(result) if (cents := saved_by(answer)) is not None]
    _of(instance).looked_up((named["prompt"], named["llm_string"]), result is not None, sum(saved) if saved else None)


def _updated(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
    named, recorder = _named(args, kwargs), _of(instance)
    recorder.put(
        (named["prompt"], named["llm_string"]), "".join(str(getattr(answer, "text", answer)) for answer in as_sequence(named["return_val"]))
    )
    kept = getattr(instance, "_cache", None)
    if isinstance(kept, dict):
        recorder.settle(kept, len(kept))


def _cleared(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
    # A semantic cache is cleared for one model at a time; of it the key is a part.
    model = kwargs.get("llm_string")
    _of(instance).emptied(lambda key: model is None or key[1] == model)


_FINISHES: Mapping[str, Callable[..., None]] = {
    f"{a}{name}": finish for name, finish in {"lookup": _looked_up, "update": _updated, "clear": _cleared}.items() for a in ("", "a")
}
