"""Find installed SDKs and the state of their patches.

``looked_at`` inspects this process. ``probed`` inspects each SDK in a child process, because an import may be slow,
fail, print, or end the process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from .. import providers
from ..calls.declaration import Sdk
from ..calls.patches import Patches, installed
from ..instrumentor import LLMInstrumentor
from ..providers._unobserved import by_reason
from ..settings import Settings
from .environment import AUTOMATIC_FOLDER
from .facts import NativeState, SdkState
from .wrappers import who

UNKNOWN = "unknown version"
_AT_ONCE = max(2, min(4, os.cpu_count() or 1))
_PROBE = f"{__package__}.probe"


def by_distribution() -> dict[str, list[Sdk]]:
    """Return the SDKs of each distribution; some distributions have several."""
    found: dict[str, list[Sdk]] = {}
    for provider in providers.everyone():
        found.setdefault(provider.distribution, []).append(provider)
    return found


def modules_of(several: Iterable[Sdk]) -> list[str]:
    """Return the modules that contain patch targets."""
    targets = (t for p in several for t in (*(o.target for o in p.points), *(patch.target for patch in (*p.patches, *p.native))))
    return list(dict.fromkeys(target.partition(":")[0] for target in targets))


def looked_at(name: str, settings: Settings) -> SdkState:
    """Return the state of an SDK in this process, for modules imported so far."""
    several = by_distribution()[name]
    fitting = _fitting(several)
    version, requires = installed(several[0].requires)[0], "; ".join(p.requires for p in several)
    missing_state = "not installed" if version is None else "too old"
    unobserved = by_reason(name) if version is not None else {}
    sdk = SdkState(name, requires, version, missing_state, providers=tuple(p.name for p in several), unobserved=unobserved)
    patches = LLMInstrumentor()._patches
    found = any(point.target in patches.patched for p in several for point in p.points)
    untested = version is not None and not fitting
    if found and not fitting:
        # An older release, or a frozen application that contains the SDK without its version metadata.
        sdk, fitting = replace(sdk, version=version or UNKNOWN), several
    elif version is None or not fitting:
        return sdk
    if all(p.name in settings.disabled_providers for p in several):
        return replace(sdk, state="disabled")
    fitting = [p for p in fitting if p.name not in settings.disabled_providers]
    targets = {point.target: None for p in several for point in p.points}
    patched, missing = (tuple(t for t in targets if t in known) for known in (patches.patched, patches.missing))
    offered = dict.fromkeys(point.operation for p in fitting for point in p.points)
    watched = {point.operation for p in several for point in p.points if point.target in patched}
    without = tuple(o for o in offered if o not in watched) if watched else ()
    imported = any(module in sys.modules for module in modules_of(several))
    return replace(
        sdk,
        state="not imported"
        if not imported
        else "not watched"
        if not patched
        else "untested"
        if untested
        else "partly watched"
        if without
        else "watched",
        operations=tuple(o for o in offered if o in watched),
        without=without,
        patched=patched,
        missing=missing,
        native=tuple(_native(several, patches, settings.native_telemetry)),
        not_reached=tuple(dict.fromkeys(f"{place} ({who(other)})" for target, place, other in patches.bypassed() if target in targets)),
    )


def _fitting(several: list[Sdk]) -> list[Sdk]:
    return [p for p in several if installed(p.requires)[1]]


def _native(several: list[Sdk], patches: Patches, setting: str) -> Iterable[NativeState]:
    for native in (n for p in several for n in p.native):
        module, _, path = native.target.partition(":")
        patched = patches.patched.get(native.target)
        if setting == "keep":
            if patched is not None or _reaches(sys.modules.get(module), path):
                yield NativeState(native.target, "kept beside ours")
        elif patched is not None:
            asked_for = patched.ours is patched.original
            yield NativeState(native.target, "only where the application asks for it" if asked_for else "replaced by ours")


def _reaches(owner: object, path: str) -> bool:
    for name in path.split("."):
        owner = vars(owner).get(name) if owner is not None else None
    return owner is not None


def named(names: Iterable[str]) -> tuple[str, ...]:
    """Return the SDKs with these names, or all; an unknown name is a ``ValueError``.

    A name is that of a distribution or a provider.

    >>> named(["openai", "bedrock"])
    ('openai', 'botocore')
    """
    known = by_distribution()
    meant = {name: sdk for sdk, several in known.items() for name in (sdk, *(p.name for p in several))}
    if unknown := [name for name in names if name not in meant]:
        raise ValueError(f"unknown SDK: {', '.join(unknown)}; known SDKs: {', '.join(known)}")
    return tuple(dict.fromkeys(meant[name] for name in names)) or tuple(known)


def probed(settings: Settings, wait: float, names: Iterable[str] = ()) -> tuple[SdkState, ...]:
    """Import each installed SDK, or those of ``names``, in a child process.

    Return the state of each SDK there.
    """
    known = [looked_at(name, settings) for name in named(names)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(lambda sdk: _probe(sdk, wait) if sdk.version and sdk.state != "disabled" else sdk, known))


def _probe(sdk: SdkState, wait: float) -> SdkState:
    command = [sys.executable, "-m", _PROBE, sdk.name]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=wait, env=child_environment(), check=False
        )
    except subprocess.TimeoutExpired:
        return replace(sdk, state="import too slow", errors=(f"not imported after {wait:g} s",))
    lines = done.stdout.splitlines()
    if not lines:
        return replace(sdk, state="import failed", errors=(f"the process ended with status {done.returncode}",))
    state: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in json.loads(lines[-1]).items()}
    return replace(SdkState(**state), native=tuple(NativeState(**native) for native in state["native"]))


def child_environment() -> dict[str, str]:
    """Return an environment in which a child process sets up no exporters."""
    # Under opentelemetry-instrument a child process would set up the OpenTelemetry SDK and its exporters again.
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p and not p.rstrip(os.sep).endswith(AUTOMATIC_FOLDER))}
