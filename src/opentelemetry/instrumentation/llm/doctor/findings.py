"""Derive findings from facts: one function per cause, sorted by weight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from . import arrival
from .facts import Facts, Finding, SdkState

_SHOWN = 5
NOTHING = "nothing"


def findings(collected: Facts) -> tuple[Finding, ...]:
    """Return problems and notes: problems first."""
    found = [finding for cause in _CAUSES for finding in cause(collected)]
    return tuple(sorted(found, key=lambda finding: not finding.problem))


def what_to_do(found: Iterable[Finding]) -> str:
    """Return the first action to take: for a problem, else for a note."""
    worth = [finding for finding in found if finding.problem or not finding.do.startswith(NOTHING)]
    if not worth:
        return "nothing; no problem was found"
    further = sum(finding.problem for finding in worth[1:])
    more = f" (then {further} more, see Findings)" if further else ""
    return f"{worth[0].do}{more}" if worth[0].problem else f"no problem was found; optionally: {worth[0].do}"


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _disabled(collected: Facts) -> Iterator[Finding]:
    if collected.disabled_by.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        yield Finding(
            "disabled_by_environment",
            "OTEL_SDK_DISABLED=true disables the OpenTelemetry SDK: no spans, metrics or logs are recorded",
            "unset OTEL_SDK_DISABLED",
        )
    off = collected.disabled_by.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "")
    if {"llm", "*"} & {name.strip() for name in off.split(",")} and not collected.watching:
        yield Finding(
            "disabled_by_environment",
            f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={off} prevents opentelemetry-instrument from loading this instrumentation",
            "remove llm (or *) from OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
        )
    names = [sdk.name for sdk in collected.sdks if sdk.state == "disabled"]
    if names:
        everything = not any(sdk.version and sdk.state != "disabled" for sdk in collected.sdks)
        origin = next((s.origin for s in collected.settings if s.name == "disabled_providers"), "")
        by_variable = origin.startswith("OTEL_")
        providers = _some(p for sdk in collected.sdks if sdk.state == "disabled" for p in sdk.providers)
        yield Finding(
            "disabled_by_environment" if by_variable else "disabled_by_keyword",
            f"{_some(names)} is not instrumented, because of {origin if by_variable else 'the keyword disabled_providers'}",
            f"remove {providers} from {origin if by_variable else 'disabled_providers'} to instrument it",
            problem=everything,
        )


def _not_watching(collected: Facts) -> Iterator[Finding]:
    if collected.inside and not collected.watching:
        yield Finding(
            "not_instrumented",
            "this process is not instrumented: instrument() was not called, or uninstrument() was called",
            "call LLMInstrumentor().instrument(), or start the program with opentelemetry-instrument",
        )
    elif not collected.inside and not collected.loadable:
        yield Finding(
            "not_loadable",
            "opentelemetry-instrument cannot find this instrumentation: the package is importable, but not installed",
            "pip install opentelemetry-instrumentation-llm, or call LLMInstrumentor().instrument() in code",
        )


def _no_sdk(collected: Facts) -> Iterator[Finding]:
    if not any(sdk.version for sdk in collected.sdks):
        which = collected.sdks[0].requires.partition(";")[0] if collected.sdks else ""
        yield Finding(
            "no_sdk",
            f"none of the {len(collected.sdks)} supported SDKs is installed for this Python",
            f"install the SDK that the program uses, such as pip install '{which}', for the Python that runs it",
        )


def _each(
    state: str, description: Callable[[SdkState], str], do: Callable[[SdkState], str], problem: bool = True
) -> Callable[[Facts], Iterator[Finding]]:
    def cause(collected: Facts) -> Iterator[Finding]:
        for sdk in collected.sdks:
            if sdk.state == state:
                yield Finding(f"sdk_{state.replace(' ', '_')}", description(sdk), do(sdk), problem)

    return cause


def _unreadable(collected: Facts) -> Iterator[Finding]:
    if collected.unreadable:
        frozen = "a frozen application has only the modules that it was built with; "
        yield Finding(
            "tables_missing",
            f"{frozen if collected.frozen else ''}{_some(collected.unreadable)} cannot be instrumented, because our tables cannot be imported",
            "build with --collect-submodules opentelemetry.instrumentation.llm" if collected.frozen else "install this package again",
        )


def _not_reached(collected: Facts) -> Iterator[Finding]:
    for sdk in collected.sdks:
        if sdk.not_reached:
            yield Finding(
                "not_reached",
                f"calls of {sdk.name} are not recorded, because other code replaced the patched functions: {_some(sdk.not_reached)}",
                "call uninstrument() and instrument() after the replacement, to patch the new functions",
            )


def _twice(collected: Facts) -> Iterator[Finding]:
    off = collected.disabled_by.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "")
    if {"llm", "*"} & {name.strip() for name in off.split(",")} and not collected.watching:
        return  # ours records nothing, so nothing is counted twice
    for n in collected.neighbours:
        if n.off or not (n.active or (n.entry_points and collected.automatic)):
            continue
        if n.gives_way:
            description = f"spans of {n.name} for calls of {n.sdk} are replaced by ours; its other spans are kept"
            yield Finding("gives_way", description, f"{NOTHING}; native_telemetry=keep keeps both", problem=False)
            continue
        providers = ",".join(p for sdk in collected.sdks if sdk.name == n.sdk for p in sdk.providers)
        theirs = f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={','.join(n.entry_points)}" if n.entry_points else f"the settings of {n.name}"
        how = "has wrapped functions of it in this process" if n.active else "is loaded by opentelemetry-instrument too"
        yield Finding(
            "instrumented_twice",
            f"{n.sdk} is instrumented twice: {' '.join((n.name, n.version)).strip()} {how}; spans, tokens and cost are counted twice",
            f"disable one of them: the other with {theirs} (this also disables its other spans), "
            f"or ours with OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS={providers} (this also disables our cost and metrics of these calls)",
        )


def _watch_many(collected: Facts) -> Iterator[Finding]:
    for n in collected.neighbours:
        if not n.sdk:
            yield Finding(
                "may_be_instrumented_twice",
                f"{n.name} {n.version} is installed; it instruments the same SDKs when its init() is called",
                f"if it is called, exclude these SDKs there or with OTEL_INSTRUMENTATION_LLM_DISABLED_PROVIDERS; {arrival.INSIDE} shows the result",
                problem=False,
            )


def _copies(collected: Facts) -> Iterator[Finding]:
    if collected.copies:
        yield Finding(
            "several_copies",
            f"this package is on the path {len(collected.copies)} times: {'; '.join(collected.copies)}; Python uses the first",
            "remove all but one, and check PYTHONPATH",
        )


def _without_effect(collected: Facts) -> Iterator[Finding]:
    for name, hint in collected.without_effect:
        yield Finding("variable_of_another_tool", f"{name} has no effect on this package; {hint}", f"unset {name}", problem=False)


def _variables(collected: Facts) -> Iterator[Finding]:
    for line in collected.ignored:
        yield Finding("setting_ignored", line, f"correct or unset {line.partition('=')[0].split()[0]}", problem=False)
    chosen = next((s for s in collected.settings if s.name == "disabled_providers"), None)
    known = {*collected.known_providers, *(provider for sdk in collected.sdks for provider in sdk.providers)}
    unknown = [name for name in _texts(chosen.value) if name not in known] if chosen else []
    if unknown and chosen:
        description = f"disabled_providers ({chosen.origin}) contains {_some(unknown)}, which is not a known provider"
        yield Finding("setting_ignored", description, f"use one of {', '.join(sorted(known))}", problem=False)


def _texts(shown: str) -> list[str]:
    return [part for part in shown.split("'")[1::2] if part]


def _partly(collected: Facts) -> Iterator[Finding]:
    for sdk in collected.sdks:
        if sdk.without and sdk.operations:
            description = f"{sdk.name} {sdk.version} has no known function for {_some(sdk.without)}"
            yield Finding(
                "missing_targets",
                description,
                f"{NOTHING}, unless the program uses these operations and they are not recorded",
                problem=False,
            )
        elif sdk.missing:
            description = f"{sdk.name} {sdk.version} does not have {_some(sdk.missing)}"
            yield Finding("missing_targets", description, f"{NOTHING}, as long as the calls of the program are recorded", problem=False)


def _native(collected: Facts) -> Iterator[Finding]:
    kept = [f"{sdk.name} ({native.target})" for sdk in collected.sdks for native in sdk.native if native.done == "kept beside ours"]
    if kept:
        yield Finding(
            "native_telemetry_kept",
            f"the SDK's own spans are kept in addition to ours, so each call has two: {_some(kept)}",
            "set OTEL_INSTRUMENTATION_LLM_NATIVE_TELEMETRY=replace if one is enough",
            problem=False,
        )


def _met(collected: Facts) -> Iterator[Finding]:
    if collected.unpriced:
        named = _some(f"{u['provider']} {u['model']} ({u['reason']})" for u in collected.unpriced)
        yield Finding(
            "unpriced_models",
            f"calls have no cost, because their price is not known: {named}",
            "give prices with OTEL_INSTRUMENTATION_LLM_PRICES, or the models behind these names with OTEL_INSTRUMENTATION_LLM_MODEL_NAMES",
            problem=False,
        )
    for cause, (what, do) in _FAULTS.items():
        counts: dict[str, int] = getattr(collected, cause)
        if counts:
            named = _some(f"{where} ({times})" for where, times in counts.items())
            yield Finding(cause, f"{what}: {named}", do, problem=False)


_LOG = "set the level of the logger opentelemetry.instrumentation.llm to DEBUG"
_FAULTS = {
    "extraction_errors": (
        "steps of this instrumentation failed inside calls; the calls were not affected",
        f"{_LOG}, and report its output to the maintainers",
    ),
    "handler_failures": ("handlers raised on events", f"{_LOG}; it names the handler and shows the traceback"),
}
_CAUSES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _disabled,
    _not_watching,
    _no_sdk,
    _each(
        "too old",
        lambda sdk: f"{sdk.name} {sdk.version} is too old: {sdk.requires} is required",
        lambda sdk: f"pip install --upgrade '{sdk.requires.partition(';')[0]}'",
    ),
    _each(
        "untested",
        lambda sdk: (
            f"{sdk.name} {sdk.version} is older than the releases that are tested ({sdk.requires}); its calls are recorded, perhaps not completely"
        ),
        lambda sdk: f"pip install --upgrade '{sdk.requires.partition(';')[0]}'",
        problem=False,
    ),
    _each(
        "import failed",
        lambda sdk: f"{sdk.name} {sdk.version} cannot be imported: {'; '.join(sdk.errors)}",
        lambda sdk: f"repair the installation of {sdk.name}: python -c 'import ...' shows the whole error",
    ),
    _each(
        "import too slow",
        lambda sdk: f"{sdk.name} {sdk.version} was not inspected: {'; '.join(sdk.errors)}",
        lambda sdk: "run again with more time: --wait 120",
    ),
    _each(
        "not watched",
        lambda sdk: f"{sdk.name} {sdk.version} has none of the known functions: {_some(sdk.missing)}",
        lambda sdk: f"use another release of {sdk.name}, and report this to the maintainers",
    ),
    _unreadable,
    _not_reached,
    *arrival.CAUSES,
    _twice,
    _watch_many,
    _native,
    _copies,
    _variables,
    _without_effect,
    _partly,
    _met,
)
