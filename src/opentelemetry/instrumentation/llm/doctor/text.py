"""What the doctor found, written for people: sections of aligned lines, and a last line that says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..reporters.table import aligned
from .facts import Facts, Finding, Neighbour, Sdk, Setting, Signal
from .findings import what_to_do
from .neighbours import OURS


def written(facts: Facts, findings: Sequence[Finding]) -> str:
    """Return the whole report."""
    versions = facts.versions
    others = [f"{name} {version or 'not installed'}" for name, version in versions.items() if name not in (OURS, "python")]
    parts = [
        f"{OURS} {versions[OURS]} on Python {versions['python']}, {', '.join(others)}",
        _section("SDKs", [_sdk(sdk) for sdk in facts.sdks if sdk.version]) + _not_installed(facts.sdks),
        _section("Spans that SDKs make themselves", [(n.target, n.done) for sdk in facts.sdks for n in sdk.native]),
        _section("Other instrumentations of these SDKs", [_neighbour(n) for n in facts.neighbours]),
        _section("Where telemetry goes", _exports(facts)),
        _section("Settings that are not at their defaults", [_setting(s) for s in facts.settings if s.origin != "default"]),
        _section("What the environment switches off", sorted(facts.disabled_by.items()), always=False),
        _section("Handlers on the bus", [(name, f"{count} events") for name, count in facts.handlers.items()], always=facts.inside),
        _section("Findings", [(f"{number}.", f.cause, f.says) for number, f in enumerate(findings, 1)]),
    ]
    return "\n\n".join(part for part in parts if part) + f"\n\nWhat to do: {what_to_do(findings)}"


def _section(head: str, rows: Iterable[Sequence[str]], always: bool = True) -> str:
    rows = list(rows)
    if not rows:
        return f"{head}\n  none" if always else ""
    columns = max(map(len, rows))
    padded = [(*row, *[""] * (columns - len(row))) for row in rows]
    return f"{head}\n" + "\n".join(f"  {line}" for line in aligned(padded, texts=tuple(range(columns))).splitlines())


def _sdk(sdk: Sdk) -> tuple[str, ...]:
    return sdk.name, sdk.version or "", sdk.state, _watched(sdk)


def _not_installed(sdks: Iterable[Sdk]) -> str:
    absent = ", ".join(sdk.name for sdk in sdks if not sdk.version)
    return f"\n  not installed: {absent}" if absent else ""


def _watched(sdk: Sdk) -> str:
    if not sdk.operations:
        return "; ".join(sdk.errors) or f"needs {sdk.requires}"
    told = f"{len(sdk.operations)} operations at {len(sdk.patched)} places"
    return f"{told}, not {', '.join(sdk.without)}" if sdk.without else told


def _neighbour(neighbour: Neighbour) -> tuple[str, ...]:
    state = "active" if neighbour.active else "switched off" if neighbour.off else "loaded by opentelemetry-instrument"
    return neighbour.name, neighbour.version, neighbour.sdk or "many SDKs", state if neighbour.sdk else "when its init() is called"


def _setting(setting: Setting) -> tuple[str, ...]:
    return setting.name, setting.value, f"from {setting.origin}"


def _exports(facts: Facts) -> list[tuple[str, ...]]:
    if facts.inside:
        return list(facts.providers_in_process.items())
    if facts.config_file:
        return [("all signals", f"as the file {facts.config_file} says (OTEL_CONFIG_FILE)")]
    return [_signal(signal) for signal in facts.signals]


def _signal(signal: Signal) -> tuple[str, ...]:
    named = ", ".join(f"{name} (not installed)" if name in signal.missing else name for name in signal.exporters)
    where = f"to {signal.endpoint} ({signal.endpoint_origin})" if signal.endpoint else ""
    return signal.name, named or "nowhere", f"from {signal.origin}" if named else signal.origin, where
