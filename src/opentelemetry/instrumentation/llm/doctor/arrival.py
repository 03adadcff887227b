"""Findings about the way of telemetry: SDK, exporters, endpoints, test records."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..configuration import PROTOCOLS
from .exporters import endpoint_fault, is_protocol
from .facts import Facts, Finding, Sent, Signal

INSIDE = "opentelemetry.instrumentation.llm.doctor.report()"
_IN_CODE = f"if the program configures OpenTelemetry in code, {INSIDE} shows the result there"


def _in_this_process(collected: Facts) -> Iterator[Finding]:
    if not collected.inside:
        return
    traces = collected.providers_in_process.get("traces", "none")
    if collected.watching and traces == "none":
        yield Finding(
            "no_exporter",
            "no TracerProvider is set in this process: spans are not exported",
            "call configure() of this package, or start the program with opentelemetry-instrument",
        )
    elif traces.endswith(" to nobody"):
        yield Finding(
            "no_exporter",
            "the TracerProvider of this process has no exporter: spans are not exported",
            "add one with add_span_processor(BatchSpanProcessor(exporter))",
        )


def _outside(cause: Callable[[Facts], Iterator[Finding]]) -> Callable[[Facts], Iterator[Finding]]:
    """Skip a cause inside a process or with a file: variables do not decide there."""

    def decided(collected: Facts) -> Iterator[Finding]:
        if not collected.inside and not collected.config_file and collected.versions.get("opentelemetry-sdk") is not None:
            yield from cause(collected)

    return decided


def _no_sdk(collected: Facts) -> Iterator[Finding]:
    if not collected.inside and collected.versions.get("opentelemetry-sdk") is None:
        yield Finding(
            "no_opentelemetry_sdk",
            "the OpenTelemetry SDK is not installed: nothing is recorded or exported",
            "pip install 'opentelemetry-instrumentation-llm[otlp]'",
        )


@_outside
def _unknown_protocol(collected: Facts) -> Iterator[Finding]:
    wrong = {s.protocol_origin: s.protocol for s in collected.signals if not is_protocol(s.protocol)}
    for variable, value in wrong.items():
        yield Finding(
            "unknown_protocol",
            f"{variable}={value} is not a protocol of the OTLP exporters: opentelemetry-instrument then configures nothing",
            f"set {variable}=http/protobuf (port 4318) or {variable}=grpc (port 4317)",
        )


@_outside
def _missing_exporter(collected: Facts) -> Iterator[Finding]:
    absent = [(s, name) for s in collected.signals for name in s.missing if name != "otlp" or is_protocol(s.protocol)]
    otlp = [(s, name) for s, name in absent if name.startswith("otlp")]
    for signal, name in absent:
        if name in signal.similar and not name.startswith("otlp"):
            yield Finding(
                "unknown_exporter",
                f"{signal.origin}={name}: there is no such exporter; did you mean {signal.similar[name]}?",
                f"set {signal.origin}={signal.similar[name]}",
            )
    if otlp:
        others = {s.similar[name] for s, name in otlp if name in s.similar}
        protocol = next((protocol for protocol, exporter in PROTOCOLS.items() if exporter in others), None)
        other = f"set OTEL_EXPORTER_OTLP_PROTOCOL={protocol}, whose exporter is installed; or " if protocol else ""
        yield _not_installed(otlp, f"{other}pip install opentelemetry-exporter-otlp")
    if others_absent := [(s, name) for s, name in absent if (s, name) not in otlp and name not in s.similar]:
        yield _not_installed(others_absent, "install its package")


def _not_installed(absent: list[tuple[Signal, str]], do: str) -> Finding:
    named = ", ".join(f"{name} ({signal.name})" for signal, name in absent)
    variables = " ".join(f"OTEL_{name.upper()}_EXPORTER=none" for name in dict.fromkeys(signal.name for signal, _ in absent))
    description = f"a selected exporter is not installed: {named}; opentelemetry-instrument then configures nothing"
    return Finding("exporter_not_installed", description, f"{do}, or set {variables}")


@_outside
def _no_exporter(collected: Facts) -> Iterator[Finding]:
    if not any(signal.exporters for signal in collected.signals):
        yield Finding(
            "no_exporter",
            "no exporter is selected for traces, metrics or logs: telemetry is not exported",
            f"set OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER (otlp, or llm_console to see traces here); {_IN_CODE}",
        )
    elif collected.configurator is None:
        yield Finding(
            "no_configurator",
            "exporters are selected, but no package configures the SDK for opentelemetry-instrument",
            f"pip install opentelemetry-distro; {_IN_CODE}",
        )


@_outside
def _wrong_endpoint(collected: Facts) -> Iterator[Finding]:
    faults = {(s.endpoint_origin, s.endpoint): endpoint_fault(s) for s in collected.signals}
    for (origin, endpoint), fault in faults.items():
        if fault is not None:
            yield Finding("wrong_endpoint", f"{origin} {endpoint} {fault[0]}", fault[1])


@_outside
def _unreachable(collected: Facts) -> Iterator[Finding]:
    unreachable = {s.endpoint: s for s in collected.signals if s.unreachable}
    for endpoint, signal in unreachable.items():
        names = ", ".join(s.name for s in collected.signals if s.endpoint == endpoint)
        where = "nobody listens at the default address; " if signal.endpoint_origin == "default" else ""
        yield Finding(
            "unreachable_endpoint",
            f"cannot connect to {endpoint} ({signal.unreachable}): {names} are lost",
            f"{where}start the collector, or set OTEL_EXPORTER_OTLP_ENDPOINT to its address "
            "(--offline skips this check, for example in a build)",
        )


_CURES = (
    (("401", "403", "Unauthorized", "UNAUTHENTICATED", "PERMISSION_DENIED"), "check the key in OTEL_EXPORTER_OTLP_HEADERS"),
    (("404", "UNIMPLEMENTED"), "check the path and the protocol of the endpoint: collectors receive traces at /v1/traces over HTTP"),
    (("certificate", "CERTIFICATE", "SSL"), "check OTEL_EXPORTER_OTLP_CERTIFICATE, and https or http in the endpoint"),
)


@_outside
def _not_sent(collected: Facts) -> Iterator[Finding]:
    for each in collected.sent:
        if each.status in ("refused", "not sent"):
            yield Finding(
                "test_not_sent", f"the test record of {each.signal} was {each.status}: {each.detail or each.exporter}", _cure(each)
            )


def _cure(sent: Sent) -> str:
    return next((cure for signs, cure in _CURES if any(sign in sent.detail for sign in signs)), "check the endpoint and its log")


def _missing_file(collected: Facts) -> Iterator[Finding]:
    for variable, value in collected.missing_files:
        yield Finding("missing_file", f"{variable}={value}: there is no such file", f"correct the path, or unset {variable}")


CAUSES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _in_this_process,
    _no_sdk,
    _unknown_protocol,
    _missing_exporter,
    _no_exporter,
    _wrong_endpoint,
    _unreachable,
    _not_sent,
    _missing_file,
)
