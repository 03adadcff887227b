"""LangChain's caches: every subclass of ``BaseCache``, made before or after us."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextvars import Token
from types import ModuleType
from typing import Any

import wrapt

from .. import context
from ..extraction.arguments import by_name
from ..extraction.paths import as_sequence
from ..guard import guarded
from ..observation import driver
from ..wrapper import Wrapper
from .recorder import CacheRecorder, inside, saved_by

MODULE = "langchain_core.caches"
Put = Callable[[Any, str, Any], None]
Finish = Callable[..., None]

_recorders: weakref.WeakKeyDictionary[Any, CacheRecorder] = weakref.WeakKeyDictionary()


def install(module: ModuleType, put: Put) -> None:
    """Observe all existing and future subclasses."""
    root = vars(module).get("BaseCache")
    if root is None:
        return
    for kind in _below(root):
        _watch(kind, put)
    own = vars(root).get("__init_subclass__")

    def watch_new(cls: object, /, **keywords: object) -> None:
        before = super(root, cls).__init_subclass__ if own is None else own.__get__(None, cls)
        before(**keywords)
        guarded(_watch, cls, put)

    put(root, "__init_subclass__", classmethod(watch_new))


def _below(root: Any) -> Iterator[Any]:
    for kind in root.__subclasses__():
        yield kind
        yield from _below(kind)


def _watch(kind: object, put: Put) -> None:
    for name, finish in _FINISHES.items():
        original = vars(kind).get(name)
        if original is None or isinstance(original, wrapt.FunctionWrapper):
            continue
        put(kind, name, Wrapper(original, _driver(original, finish)))


def _driver(original: object, finish: Finish) -> Callable[..., Any]:
    return driver(lambda instance: None if inside.get() else _Use(instance, finish), original)


class _Use:
    """One use of a cache; uses inside it are not recorded."""

    def __init__(self, instance: object, finish: Finish) -> None:
        self._instance, self._finish = instance, finish
        self._token: Token[bool] | None = None
        self._arguments: tuple[tuple[Any, ...], Mapping[str, Any]] = ((), {})

    def enter(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        self._token = inside.set(True)
        self._arguments = args, kwargs

    def leave(self) -> None:
        context.leave(self._token)

    def on_result(self, result: object) -> None:
        self._finish(self._instance, *self._arguments, result)

    def on_error(self, error: BaseException) -> None:
        """Do nothing: a use that failed is not recorded."""


def _named(args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, Any]:
    return by_name(("prompt", "llm_string", "return_val"), args, kwargs)


def _of(instance: object) -> CacheRecorder:
    recorder = _recorders.get(instance)
    if recorder is None:
        recorder = _recorders[instance] = CacheRecorder(type(instance).__name__)
    return recorder


def _looked_up(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object], result: object) -> None:
    named = _named(args, kwargs)
    saved = [cents for answer in as_sequence(result) if (cents := saved_by(answer)) is not None]
    _of(instance).looked_up((named["prompt"], named["llm_string"]), result is not None, sum(saved) if saved else None)


def _updated(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object], result: object) -> None:
    named, recorder = _named(args, kwargs), _of(instance)
    recorder.put(
        (named["prompt"], named["llm_string"]), "".join(str(getattr(answer, "text", answer)) for answer in as_sequence(named["return_val"]))
    )
    kept = getattr(instance, "_cache", None)
    if isinstance(kept, dict):
        recorder.settle(kept, len(kept))


def _cleared(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object], result: object) -> None:
    # A semantic cache is cleared for one model at a time; of it the key is a part.
    model = kwargs.get("llm_string")
    _of(instance).emptied(lambda key: model is None or key[1] == model)


_FINISHES: Mapping[str, Finish] = {
    f"{a}{name}": finish for name, finish in {"lookup": _looked_up, "update": _updated, "clear": _cleared}.items() for a in ("", "a")
}
