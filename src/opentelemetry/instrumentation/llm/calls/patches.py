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
from ..wrapper import Wrapper
from .call import CallServices
from .captured import capturing, reaches
from .declaration import ExtraPatch, PatchPoint, Sdk
from .loading import when_loaded
from .result import parsed
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


Make = Callable[[Any], Any]
"""Return the replacement for the original object of a target."""


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
        self._wanted: dict[str, tuple[str, Make, bool]] = {}
        self._awaited: dict[str, list[Callable[[ModuleType], None]]] = {}
        self._hooked: set[str] = set()
        self._packages: set[str] = set()

    def begin(self) -> None:
        """Enable the patches, starting with an empty table of targets."""
        self.switch = EnabledFlag(on=True)
        self._wanted = {}
        self._packages = set()

    def watch(self, provider: Sdk, desk: CallServices, replace_native: bool = True) -> None:
        """Patch every target of ``provider``, now or when its module is imported."""
        by_target: dict[str, list[PatchPoint]] = {}
        for point in provider.points:
            by_target.setdefault(point.target, []).append(point)
            module_name = point.target.partition(":")[0]
            self._packages.add(module_name.rpartition(".")[0] or module_name)
        for target, points in by_target.items():
            self.place(provider.required(target), target, partial(self._wrapped, provider, points, desk))
        stream_in = next((p.stream_in for p in provider.points if p.stream_in), None)
        for target in provider.raw_responses:
            self.place(provider.requires, target, partial(_parsing, stream_in))
        for extra in provider.extra_patches:
            self.place(provider.requires, extra.target, partial(_extra, extra), optional=True)
        for native in provider.native:
            if (make := native.silent if replace_native else native.kept) is not None:
                self.place(provider.requires, native.target, make, optional=True)

    def watches(self, module_name: str) -> bool:
        """Return True if the package of a module has patch targets."""
        return any(module_name == package or module_name.startswith(f"{package}.") for package in self._packages)

    def place(self, requires: str, target: str, make: Make, optional: bool = False) -> None:
        """Patch the object at ``target`` with ``make(original)``.

        This is done when its module is imported, or at once if it is already imported.

        A target that exists in some releases only is ``optional``: it is not reported as missing.
        """
        self._wanted[target] = (requires, make, optional)
        module_name = target.partition(":")[0]
        if module_name in self._hooked and module_name in sys.modules:
            guarded(self._patch, target, sys.modules[module_name])
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
        requires, make, optional = self._wanted[target]
        found = find(module, target.partition(":")[2])
        if found is None and optional:
            return
        if found is None:
            self._report_missing(requires, target)
            return
        owner, name, original = found
        here = (patched for patched in self.patched.values() if patched.ours is original)
        if isinstance(original, Wrapper) and (same := next(here, None)) is not None:
            # The same class or function has two names.
            self.patched[target] = same
            return
        self._set(target, owner, name, original, make)
        # A library that wrapped the method of a subclass before us calls the original directly, and not the attribute of ``owner``.
        for kind, own in capturing(owner, name, original, (Wrapper,)):
            if is_coroutine_function(own) == is_coroutine_function(original):
                self._set(f"{target} of {kind.__module__}.{kind.__qualname__}", kind, name, own, make)

    def _set(self, target: str, owner: Any, name: str, original: Any, make: Make) -> None:
        ours = make(original)
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

    def _report_missing(self, requires: str, target: str) -> None:
        sdk = requires.split()[0]
        found, supported = installed(requires)
        if found is not None and not supported:
            _logger.debug("%s exists in other releases only (%s); %s is installed", target, requires, found)
            return
        self.missing.append(target)
        _logger.debug("%s %s has no %s; it is not instrumented", sdk, found, target)
        missing = sum(self._wanted[other][0].split()[0] == sdk for other in self.missing)
        bus.execute("ex_llm.telemetry.missing_target", {"missing": missing}, {"sdk": sdk, "target": target})

    def _wrapped(self, provider: Sdk, points: list[PatchPoint], desk: CallServices, original: Any) -> Any:
        wrapper = CallWrapper(provider, points, desk, self.switch)
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


def _parsing(stream_in: str | None, original: Any) -> Any:
    return Wrapper(original, parsed(stream_in, original))


def _extra(extra: ExtraPatch, original: Any) -> Any:
    return Wrapper(original, extra.driver(original))
