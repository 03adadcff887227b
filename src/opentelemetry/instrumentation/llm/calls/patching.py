"""Put watches in place when an SDK is imported, and take them away again.

No SDK is imported from here: a hook waits for the module. A target that the installed version does not have is one
debug line and a row in the report that ``doctor`` prints; it is never an error.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from types import CellType, FunctionType, ModuleType
from typing import Any, NamedTuple

import wrapt

from .. import bus
from ..guard import guarded
from ..wrapper import Wrapper
from .answers import parsed
from .call import Desk
from .point import Beside, Point, Provider
from .watch import Switch, Watch

_ABSENT: Any = object()
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
        self._switch = Switch()
        self._wanted: dict[str, tuple[str, Make, bool]] = {}
        self._awaited: dict[str, list[Callable[[ModuleType], None]]] = {}
        self._hooked: set[str] = set()
        self._packages: set[str] = set()

    def begin(self) -> None:
        """Switch watching on, with nothing to watch yet."""
        self._switch = Switch(on=True)
        self._wanted = {}
        self._packages = set()

    def watch(self, provider: Provider, desk: Desk, replace_native: bool = True) -> None:
        """Watch every point of ``provider``, now if its module is imported, else as soon as it is."""
        by_target: dict[str, list[Point]] = {}
        for point in provider.points:
            by_target.setdefault(point.target, []).append(point)
            module_name = point.target.partition(":")[0]
            self._packages.add(module_name.rpartition(".")[0] or module_name)
        for target, points in by_target.items():
            self.place(provider.requires, target, partial(self._watched, provider, points, desk))
        stream_in = next((p.stream_in for p in provider.points if p.stream_in), None)
        for target in provider.raw_answers:
            self.place(provider.requires, target, partial(_parsing, stream_in))
        for beside in provider.beside:
            self.place(provider.requires, beside.target, partial(_beside, beside), quiet=True)
        for native in provider.native if replace_native else ():
            self.place(provider.requires, native.target, native.silent, quiet=True)

    def watches(self, module_name: str) -> bool:
        """Say whether something is watched of the package that a module is of."""
        return any(module_name == package or module_name.startswith(f"{package}.") for package in self._packages)

    def place(self, requires: str, target: str, make: Make, quiet: bool = False) -> None:
        """Put at ``target`` what ``make`` makes of what stands there, as soon as its module is imported.

        A target that is only there in some releases is placed ``quiet``: it is not missed where it is not.
        """
        self._wanted[target] = (requires, make, quiet)
        module_name = target.partition(":")[0]
        if target not in self._hooked:
            self._hooked.add(target)
            wrapt.register_post_import_hook(lambda module: guarded(self._patch, target, module), module_name)
        elif module_name in sys.modules:
            # The hook of an earlier instrument() has fired already.
            guarded(self._patch, target, sys.modules[module_name])

    def when(self, module_name: str, then: Callable[[ModuleType], None]) -> None:
        """Call ``then`` with a module, now if it is imported, else as soon as it is; unless watching has ended by then."""
        self._awaited.setdefault(module_name, []).append(then)
        if module_name not in self._hooked:
            self._hooked.add(module_name)
            wrapt.register_post_import_hook(lambda module: guarded(self._arrived, module_name, module), module_name)
        elif module_name in sys.modules:
            guarded(self._arrived, module_name, sys.modules[module_name])

    def _arrived(self, module_name: str, module: ModuleType) -> None:
        waiting = self._awaited.pop(module_name, ()) if self._switch.on else ()
        for then in waiting:
            guarded(then, module)

    def put(self, owner: Any, name: str, ours: Any) -> None:
        """Put ``ours`` at ``owner.name``, until everything is restored."""
        self.patched[f"{owner.__module__}:{owner.__qualname__}.{name}"] = Patched(owner, name, vars(owner).get(name, _ABSENT), ours)
        setattr(owner, name, ours)

    def _patch(self, target: str, module: ModuleType) -> None:
        if not self._switch.on or target in self.patched or target not in self._wanted:
            return
        requires, make, quiet = self._wanted[target]
        found = _find(module, target.partition(":")[2])
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
        ours = make(original)
        setattr(owner, name, ours)
        self.patched[target] = Patched(owner, name, original, ours)

    def _say_missing(self, requires: str, target: str) -> None:
        sdk = requires.split()[0]
        self.missing.append(target)
        _logger.debug("%s %s has no %s; it is not watched", sdk, installed(requires)[0], target)
        missing = sum(self._wanted[other][0] == requires for other in self.missing)
        bus.execute("ex_llm.telemetry.missing_target", {"missing": missing}, {"sdk": sdk, "target": target})

    def _watched(self, provider: Provider, points: list[Point], desk: Desk, original: Any) -> Any:
        watch = Watch(provider, points, desk, self._switch)
        # Several SDKs hide coroutine functions behind a plain decorator, so ask the function within.
        function = inspect.unwrap(getattr(original, "__func__", original))
        driver = watch.around
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            driver = watch.around_lazy
        elif inspect.iscoroutinefunction(function):
            driver = watch.around_async
        return Wrapper(original, driver)

    def restore(self) -> None:
        """Put every original back; where somebody else has wrapped ours since, leave theirs and go silent."""
        self._switch.on = False
        for patched in reversed(self.patched.values()):
            if _standing(patched.owner, patched.name) is not patched.ours:
                continue
            if patched.original is _ABSENT:
                delattr(patched.owner, patched.name)
            else:
                setattr(patched.owner, patched.name, patched.original)
        self.patched.clear()
        self._awaited.clear()
        self.missing.clear()


def _parsing(stream_in: str | None, original: Any) -> Any:
    return Wrapper(original, parsed(stream_in, original))


def _beside(beside: Beside, original: Any) -> Any:
    return Wrapper(original, beside.driver(original))


def _standing(owner: Any, name: str) -> Any:
    """Return what stands at a place now: raw, as a class or a module holds it, or in a cell."""
    return getattr(owner, name, None) if isinstance(owner, CellType) else vars(owner).get(name)


def _find(module: ModuleType, path: str) -> tuple[Any, str, Any] | None:
    """Return owner, name and the raw attribute of ``Class.method`` or ``function`` in a module.

    After an ``@`` stands the variable in which the function's decorator keeps what it decorates: that is found then.
    """
    owner: Any = module
    path, _, variable = path.partition("@")
    *parents, name = path.split(".")
    for parent in parents:
        owner = vars(owner).get(parent)
        if owner is None:
            return None
    original = vars(owner).get(name)
    if variable:
        return _decorated(original, variable)
    return None if original is None else (owner, name, original)


def _decorated(function: Any, variable: str) -> tuple[Any, str, Any] | None:
    cell = cell_of(function, variable)
    # The same function may stand in two modules.
    return None if cell is None or isinstance(cell.cell_contents, Wrapper) else (cell, "cell_contents", cell.cell_contents)


def cell_of(function: Any, variable: str) -> CellType | None:
    """Return the cell of ``variable`` in a function that is decorated, or in what that decorates."""
    while function is not None:
        names = function.__code__.co_freevars if isinstance(function, FunctionType) else ()
        if variable in names:
            cell: CellType = function.__closure__[names.index(variable)]
            return cell
        function = getattr(function, "__wrapped__", None)
    return None
