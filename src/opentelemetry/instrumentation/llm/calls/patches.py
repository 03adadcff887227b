"""Put watches in place when an SDK is imported, and take them away again.

No SDK is imported from here: a hook waits for the module. A target that the installed version does not have is one
debug line and a row in the report that ``doctor`` prints; it is never an error.
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
"""Patches of modules that were loaded anew since, which are restored too; the oldest are left as they are."""

_logger = logging.getLogger(__name__)


class Patched(NamedTuple):
    """One place that is ours now: what stands there, and what stood there."""

    owner: Any
    name: str
    original: Any
    ours: Any


Make = Callable[[Any], Any]
"""Make what is to stand at a target from what stands there."""


def installed(requirement: str) -> tuple[str | None, bool]:
    """Return the installed version of what ``requirement`` names, and whether it meets the requirement."""
    from packaging.requirements import Requirement  # opentelemetry-instrumentation brings it; only doctor needs it

    wanted = Requirement(requirement)
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return None, False
    return found, wanted.specifier.contains(found, prereleases=True)


class Patches:
    """Everything that one instrumentor has put in place, so that all of it can be taken away."""

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
        """Switch watching on, with nothing to watch yet."""
        self.switch = EnabledFlag(on=True)
        self._wanted = {}
        self._packages = set()

    def watch(self, provider: Sdk, desk: CallServices, replace_native: bool = True) -> None:
        """Watch every point of ``provider``, now if its module is imported, else as soon as it is."""
        by_target: dict[str, list[PatchPoint]] = {}
        for point in provider.points:
            by_target.setdefault(point.target, []).append(point)
            module_name = point.target.partition(":")[0]
            self._packages.add(module_name.rpartition(".")[0] or module_name)
        for target, points in by_target.items():
            self.place(provider.requires, target, partial(self._watched, provider, points, desk))
        stream_in = next((p.stream_in for p in provider.points if p.stream_in), None)
        for target in provider.raw_responses:
            self.place(provider.requires, target, partial(_parsing, stream_in))
        for beside in provider.extra_patches:
            self.place(provider.requires, beside.target, partial(_beside, beside), optional=True)
        for native in provider.native if replace_native else ():
            self.place(provider.requires, native.target, native.silent, optional=True)

    def watches(self, module_name: str) -> bool:
        """Say whether something is watched of the package that a module is of."""
        return any(module_name == package or module_name.startswith(f"{package}.") for package in self._packages)

    def place(self, requires: str, target: str, make: Make, optional: bool = False) -> None:
        """Put at ``target`` what ``make`` makes of what stands there, as soon as its module is imported.

        A target that is only there in some releases is placed ``quiet``: it is not missed where it is not.
        """
        self._wanted[target] = (requires, make, optional)
        module_name = target.partition(":")[0]
        if module_name in self._hooked and module_name in sys.modules:
            guarded(self._patch, target, sys.modules[module_name])
        self._hook(module_name)

    def when(self, module_name: str, then: Callable[[ModuleType], None]) -> None:
        """Call ``then`` with a module, now if it is imported, else at each load of it; unless watching has ended by then."""
        self._awaited.setdefault(module_name, []).append(then)
        if module_name in self._hooked and module_name in sys.modules:
            guarded(then, sys.modules[module_name])
        self._hook(module_name)

    def _hook(self, module_name: str) -> None:
        if module_name not in self._hooked:
            self._hooked.add(module_name)
            when_loaded(module_name, lambda name, module: guarded(self._loaded, name, module))

    def _loaded(self, module_name: str, module: ModuleType) -> None:
        """Patch a module that was loaded for the first time, or anew: then its classes and functions are others."""
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
        """Put ``ours`` at ``owner.name``, until everything is restored."""
        self.patched[f"{owner.__module__}:{owner.__qualname__}.{name}"] = Patched(owner, name, vars(owner).get(name, _ABSENT), ours)
        setattr(owner, name, ours)

    def _patch(self, target: str, module: ModuleType) -> None:
        if not self.switch.on or target in self.patched or target not in self._wanted:
            return
        requires, make, quiet = self._wanted[target]
        found = find(module, target.partition(":")[2])
        if found is None and quiet:
            return
        if found is None:
            self._say_missing(requires, target)
            return
        owner, name, original = found
        here = (patched for patched in self.patched.values() if patched.ours is original)
        if isinstance(original, Wrapper) and (same := next(here, None)) is not None:
            # The same class or function has two names.
            self.patched[target] = same
            return
        self._set(target, owner, name, original, make)
        # Who wrapped the function of a subclass before us calls the original itself, and what stands on ``owner`` never.
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
        """Yield targets that are patched where calls do not arrive: target, place, and what stands there instead.

        Others may put an original back, or have wrapped the function of a subclass around it; and a module may have been
        loaded anew where no hook saw it.
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

    def _say_missing(self, requires: str, target: str) -> None:
        sdk = requires.split()[0]
        self.missing.append(target)
        _logger.debug("%s %s has no %s; it is not watched", sdk, installed(requires)[0], target)
        missing = sum(self._wanted[other][0] == requires for other in self.missing)
        bus.execute("ex_llm.telemetry.missing_target", {"missing": missing}, {"sdk": sdk, "target": target})

    def _watched(self, provider: Sdk, points: list[PatchPoint], desk: CallServices, original: Any) -> Any:
        watch = CallWrapper(provider, points, desk, self.switch)
        # Several SDKs hide coroutine functions behind a plain decorator, so ask the function within.
        function = innermost(original)
        driver = watch.around
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            driver = watch.around_lazy
        elif inspect.iscoroutinefunction(function):
            driver = watch.around_async
        return Wrapper(original, driver)

    def restore(self) -> None:
        """Put every original back; where somebody else has wrapped ours since, leave theirs and go silent."""
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


def _beside(beside: ExtraPatch, original: Any) -> Any:
    return Wrapper(original, beside.driver(original))
