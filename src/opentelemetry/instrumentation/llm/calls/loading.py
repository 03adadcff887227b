"""Run a callback each time that a module is loaded, including reloads.

wrapt runs a hook at the first import only. A module that ``importlib.reload()`` executes again, or that is imported again
after it was removed from ``sys.modules``, has new classes and functions. A finder in ``sys.meta_path`` observes that load.
It returns no spec for a module without callbacks or for the first import of a module.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import wrapt

from ..guard import guarded

Loaded = Callable[[str, ModuleType], None]
_Proxy: Any = wrapt.ObjectProxy


class _Loader(_Proxy):  # type: ignore[misc]
    """Load a module with its own loader, then run the callback."""

    def __init__(self, loader: object, loaded: Callable[[ModuleType], None]) -> None:
        super().__init__(loader)
        self._self_loaded = loaded

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module with its own loader set, so that it finds its resources."""
        if module.__spec__ is not None:
            module.__spec__.loader = self.__wrapped__
        module.__loader__ = self.__wrapped__
        self.__wrapped__.exec_module(module)
        self._self_loaded(module)


class _LoadedAgain:
    """Find modules that were loaded before and have callbacks."""

    def __init__(self) -> None:
        self.wanted: dict[str, list[Loaded]] = {}
        self._searching = threading.local()

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the spec of the other finders, with a loader that runs the callback.

        If this fails, the import system asks the other finders itself.
        """
        return guarded(self._spec, name, path, target) if name in self.wanted else None

    def _spec(self, name: str, path: object, target: ModuleType | None) -> ModuleSpec | None:
        searched: set[str] = self._searching.__dict__.setdefault("names", set())
        if name in searched:
            return None
        searched.add(name)
        try:
            spec = next(self._others(name, path, target), None)
        finally:
            searched.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, lambda module: self.notify(name, module))
        return spec

    def _others(self, name: str, path: object, target: ModuleType | None) -> Iterator[ModuleSpec]:
        finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path if finder is not self)
        found = (find(name, path, target) for find in finders if find is not None)
        return (spec for spec in found if spec is not None)

    def notify(self, name: str, module: ModuleType) -> None:
        """Run all callbacks of a module."""
        for loaded in tuple(self.wanted.get(name, ())):
            loaded(name, module)


_again = _LoadedAgain()


def when_loaded(name: str, loaded: Loaded) -> None:
    """Call ``loaded`` with name and module, after the first and each later load.

    If the module is already imported, it is called at once.
    """

    def first(module: ModuleType) -> None:
        _again.wanted.setdefault(name, []).append(loaded)
        loaded(name, module)

    if _again not in sys.meta_path:
        sys.meta_path.insert(0, _again)
    wrapt.register_post_import_hook(first, name)
