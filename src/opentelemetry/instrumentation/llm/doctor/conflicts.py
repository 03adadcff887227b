"""Find other packages that instrument the same SDKs, by metadata and by wrappers."""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from importlib.metadata import Distribution, distributions
from types import ModuleType
from typing import Any

import wrapt
from packaging.requirements import InvalidRequirement, Requirement

from .facts import OtherInstrumentation, SdkState
from .sdks import by_distribution, modules_of
from .wrappers import distribution_of, wrapper_module

OURS = "opentelemetry-instrumentation-llm"
_GROUP = "opentelemetry_instrumentor"
# These packages have no entry points: a program calls their init(), which instruments many SDKs.
_WATCH_MANY = ("agentops", "langtrace-python-sdk", "openlit", "traceloop-sdk")


def normal(name: str) -> str:
    """Normalise the name of a distribution for comparison.

    >>> normal("Huggingface_Hub")
    'huggingface-hub'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def everything_installed() -> dict[str, Distribution]:
    """Return every installed distribution; of two with the same name, the first."""
    found: dict[str, Distribution] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(normal(name), distribution)
    return found


def neighbours(sdks: Iterable[SdkState], disabled: Iterable[str], found: dict[str, Distribution]) -> tuple[OtherInstrumentation, ...]:
    """Report other instrumentations of installed and instrumented SDKs.

    ``disabled`` are entry points that OpenTelemetry must not load.
    """
    watched = {normal(sdk.name): sdk for sdk in sdks if sdk.version and sdk.state != "disabled"}
    ours = {name: sdk.name for name, sdk in watched.items()}
    active = {wrapper_name: name for name, sdk in ours.items() for wrapper_name in wrapping(packages_of(sdk))}
    off = set(disabled)
    declared = [neighbour for name, d in found.items() if name != OURS for neighbour in _watching(name, d, set(ours), off, active, found)]
    known = {n.name for n in declared if n.active}
    strangers = ((name, sdk) for name, sdk in active.items() if not any(_module(k) == name for k in known))
    every = (*declared, *(OtherInstrumentation(name, "", sdk, active=True) for name, sdk in strangers))
    return tuple(replace(n, gives_way=n.sdk in watched and _gives_way(n, watched[n.sdk])) for n in every)


def _gives_way(neighbour: OtherInstrumentation, sdk: SdkState) -> bool:
    """Return whether our patch controls the neighbour's spans of this SDK."""
    places = (native.target.replace(".", "_") for native in sdk.native if native.done == "replaced by ours")
    return any(place.startswith(f"{_module(neighbour.name)}_") for place in places)


def _watching(
    name: str, distribution: Distribution, watched: set[str], off: set[str], active: dict[str, str], installed: Container[str]
) -> Iterator[OtherInstrumentation]:
    about = OtherInstrumentation(name, distribution.version, "", active=_module(name) in active)
    if name in _WATCH_MANY:
        yield about
    entries = tuple(e.name for e in distribution.entry_points if e.group == _GROUP)
    if entries:
        instrumented = set(_instruments(distribution))
        # OpenTelemetry loads no instrumentation of a package that is not installed.
        entries = tuple(e for e in entries if normal(e) not in instrumented or normal(e) in installed) or entries
        for sdk in sorted(watched & instrumented):
            yield replace(about, sdk=sdk, entry_points=entries, off="*" in off or off.issuperset(entries))


def _instruments(distribution: Distribution) -> Iterator[str]:
    """Return the requirements of the extra ``instruments`` of a distribution.

    Instrumentation packages use this extra to declare the packages that they instrument.
    """
    for line in distribution.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is not None and "instruments" in str(requirement.marker):
            yield normal(requirement.name)


def _module(distribution: str) -> str:
    return re.sub(r"-v\d+$", "", distribution).replace("-", "_")


def packages_of(sdk: str) -> set[str]:
    """Return the imported packages of an SDK.

    A package is the first part of a module's name, or more parts if the first is shared with other SDKs.
    """
    found = set()
    for module in modules_of(by_distribution()[sdk]):
        parts = module.split(".")
        for length in range(1, len(parts) + 1):
            package = ".".join(parts[:length])
            if getattr(sys.modules.get(package), "__file__", None):
                found.add(package)
                break
    return found


def wrapping(packages: Iterable[str]) -> set[str]:
    """Return which other packages wrap functions of these packages in this process."""
    insides = tuple(f"{package}." for package in packages)
    modules = [(n, m) for n, m in list(sys.modules.items()) if f"{n}.".startswith(insides) and isinstance(m, ModuleType)]
    return {
        who for name, module in modules for owner in _owners(name, module) for value in list(vars(owner).values()) for who in _who(value)
    }


def _owners(name: str, module: ModuleType) -> Iterator[Any]:
    yield module
    # Use type(): isinstance() reads __class__, which would load a lazy object of the SDK.
    yield from (v for v in list(vars(module).values()) if issubclass(type(v), type) and v.__module__ == name)


def _who(value: Any) -> Iterator[str]:
    """Yield the module names of the distributions that wrap the function ``value``.

    Our own wrapper may be around another.
    """
    while issubclass(type(value), wrapt.FunctionWrapper):
        module = wrapper_module(value)
        if module is not None:
            yield distribution_of(module)
        value = value.__wrapped__
