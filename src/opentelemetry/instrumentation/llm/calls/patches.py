"""Patch an SDK when it is imported, and restore it.

No SDK is imported from here: a hook waits for the import of the module. If the installed release does not have a patch
target, this produces one debug line and a row in the report of ``doctor``, and never an error.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any, NamedTuple

from .. import bus
from ..guard import guarded
from ..wrapper import Patch, Wrapper
from .call import CallServices
from .captured import capturing, reaches
from .declaration import PatchPoint, Sdk
from .loading import when_loaded
from .results import ResultsWrapper
from .targets import find, innermost, is_coroutine_function, standing
from .wrap import CallWrapper, EnabledFlag

_ABSENT: Any = object()
_SUPERSEDED = 1_000
"""Number of patches in reloaded modules that are restored too. Older patches stay
in place.
"""

_logger = logging.getLogger(__name__)


class Patched(NamedTuple):
    """One patched attribute: its replacement and its original."""

    owner: Any
    name: str
    original: Any
    ours: Any


def installed(requirement: str) -> tuple[str | None, bool]:
    """Return the installed version of a distribution, and whether it is supported."""
    from packaging.requirements import Requirement  # opentelemetry-instrumentation requires it; only doctor needs it

    wanted = Requirement(requirement)
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return None, False
    return found, wanted.specifier.contains(found, prereleases=True)


class Patches:
    """All patches of one instrumentor, with the data to undo them."""

    def __init__(self) -> None:
        self.patched: dict[str, Patched] = {}
        self.missing: list[str] = []
        self._superseded: deque[Patched] = deque(maxlen=_SUPERSEDED)
        self.switch = EnabledFlag()
        self._wanted: dict[str, Patch] = {}
        self._awaited: dict[str, list[Callable[[ModuleType], None]]] = {}
        self._hooked: set[str] = set()
        self._packages: set[str] = set()

    def begin(self) -> None:
        """Enable the patches, starting with an empty table of targets."""
        self.switch = EnabledFlag(on=True)
        self._wanted = {}
        self._packages = set()

    def place_sdk(self, provider: Sdk, desk: CallServices, replace_native: bool = True) -> None:
        """Patch every target of ``provider``, now or when its module is imported."""
        by_target: dict[str, list[PatchPoint]] = {}
        for point in provider.points:
            by_target.setdefault(point.target, []).append(point)
            module_name = point.target.partition(":")[0]
            self._packages.add(module_name.rpartition(".")[0] or module_name)
        for target, points in by_target.items():
            self.place(Patch(provider.required(target), target, partial(self._wrapped, provider, points, desk), optional=False))
        for patch in (*provider.patches, *(provider.native if replace_native else provider.native_kept)):
            self.place(patch)

    def is_instrumented(self, module_name: str) -> bool:
        """Return True if the package of a module has patch points."""
        return any(module_name == package or module_name.startswith(f"{package}.") for package in self._packages)

    def place(self, patch: Patch) -> None:
        """Replace the object at the target of a patch.

        This is done when its module is imported, or at once if it is already imported.
        """
        self._wanted[patch.target] = patch
        module_name = patch.target.partition(":")[0]
        if module_name in self._hooked and module_name in sys.modules:
            guarded(self._patch, patch.target, sys.modules[module_name])
        self._hook(module_name)

    def when(self, module_name: str, then: Callable[[ModuleType], None]) -> None:
        """Call ``then`` with a module, now or each time that it is loaded.

        After ``restore`` it is not called any more.
        """
        self._awaited.setdefault(module_name, []).append(then)
        if module_name in self._hooked and module_name in sys.modules:
            guarded(then, sys.modules[module_name])
        self._hook(module_name)

    def _hook(self, module_name: str) -> None:
        if module_name not in self._hooked:
            self._hooked.add(module_name)
            when_loaded(module_name, lambda name, module: guarded(self._loaded, name, module))

    def _loaded(self, module_name: str, module: ModuleType) -> None:
        """Patch a module that was loaded or reloaded.

        After a reload its classes and functions are new objects.
        """
        if not self.switch.on:
            return
        targets = [target for target in self._wanted if target.partition(":")[0] == module_name]
        for target in targets:
            found = find(module, target.partition(":")[2])
            if target in self.patched and (found is None or found[2] is not self.patched[target].ours):
                self._superseded.append(self.patched.pop(target))
        for then in tuple(self._awaited.get(module_name, ())):
            guarded(then, module)
        for target in targets:
            guarded(self._patch, target, module)

    def put(self, owner: Any, name: str, ours: Any) -> None:
        """Set ``owner.name`` to ``ours`` until ``restore`` is called."""
        self.patched[f"{owner.__module__}:{owner.__qualname__}.{name}"] = Patched(owner, name, vars(owner).get(name, _ABSENT), ours)
        setattr(owner, name, ours)

    def _patch(self, target: str, module: ModuleType) -> None:
        if not self.switch.on or target in self.patched or target not in self._wanted:
            return
        patch = self._wanted[target]
        found = find(module, target.partition(":")[2])
        if found is None:
            if not patch.optional:
                self._report_missing(patch)
            return
        owner, name, original = found
        here = (patched for patched in self.patched.values() if patched.ours is original)
        if isinstance(original, Wrapper) and (same := next(here, None)) is not None:
            # The same class or function has two names.
            self.patched[target] = same
            return
        self._set(target, owner, name, original, patch.wrap)
        # A library that wrapped the method of a subclass before us calls the original directly, and not the attribute of ``owner``.
        for kind, own in capturing(owner, name, original, (Wrapper,)):
            if is_coroutine_function(own) == is_coroutine_function(original):
                self._set(f"{target} of {kind.__module__}.{kind.__qualname__}", kind, name, own, patch.wrap)

    def _set(self, target: str, owner: Any, name: str, original: Any, wrap: Callable[[Any], Any]) -> None:
        ours = wrap(original)
        setattr(owner, name, ours)
        if target in self.patched:
            self._superseded.append(self.patched[target])
        self.patched[target] = Patched(owner, name, original, ours)

    def bypassed(self) -> Iterator[tuple[str, str, Any]]:
        """Yield targets whose patch is bypassed: target, place and current object.

        Another library may have restored an original or wrapped the method of a subclass. A module may have been reloaded in a way
        that no import hook observes.
        """
        for target, patched in list(self.patched.items()):
            module_name, _, path = target.partition(":")
            module = sys.modules.get(module_name)
            found = None if module is None or " of " in target or "@" in target else find(module, path)
            owner, name, current = found or (patched.owner, patched.name, standing(patched.owner, patched.name))
            if not reaches(current, patched.ours):
                yield target.partition(" of ")[0], target, current
            for kind, own in capturing(owner, name, patched.original, (Wrapper,)):
                yield target.partition(" of ")[0], f"{kind.__module__}:{kind.__qualname__}.{name}", own

    def _report_missing(self, patch: Patch) -> None:
        sdk, target = patch.requires.split()[0], patch.target
        found, supported = installed(patch.requires)
        if found is not None and not supported:
            _logger.debug("%s exists in other releases only (%s); %s is installed", target, patch.requires, found)
            return
        self.missing.append(target)
        _logger.debug("%s %s has no %s; it is not instrumented", sdk, found, target)
        missing = sum(self._wanted[other].requires.split()[0] == sdk for other in self.missing)
        bus.execute("ex_llm.telemetry.missing_target", {"missing": missing}, {"sdk": sdk, "target": target})

    def _wrapped(self, provider: Sdk, points: list[PatchPoint], desk: CallServices, original: Any) -> Any:
        kind = CallWrapper if points[0].recorded_if_batch is None else ResultsWrapper
        wrapper = kind(provider, points, desk, self.switch)
        # Several SDKs wrap coroutine functions in a plain decorator, so the innermost function decides.
        function = innermost(original)
        driver = wrapper.around
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            driver = wrapper.around_lazy
        elif inspect.iscoroutinefunction(function):
            driver = wrapper.around_async
        return Wrapper(original, driver)

    def restore(self) -> None:
        """Restore every original.

        If another library has wrapped our wrapper, its wrapper stays in place and ours does nothing.
        """
        self.switch.on = False
        for patched in (*reversed(self.patched.values()), *reversed(self._superseded)):
            if standing(patched.owner, patched.name) is not patched.ours:
                continue
            if patched.original is _ABSENT:
                delattr(patched.owner, patched.name)
            else:
                setattr(patched.owner, patched.name, patched.original)
        self.patched.clear()
        self._superseded.clear()
        self._awaited.clear()
        self.missing.clear()
