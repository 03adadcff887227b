"""Set up OpenTelemetry and this instrumentation in one line of code.

For programs that are not started with ``opentelemetry-instrument``. The classes are those of the OpenTelemetry SDK, and all its
variables hold (``OTEL_RESOURCE_ATTRIBUTES``, ``OTEL_TRACES_SAMPLER``, ``OTEL_EXPORTER_OTLP_ENDPOINT`` ...).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from opentelemetry import _logs, metrics, trace

from .instrumentor import LLMInstrumentor
from .listening import is_placeholder

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

_logger = logging.getLogger(__name__)
_CHOICES = ("otlp", "console", "none")
_CONSOLE = {"traces": "llm_console", "metrics": "none", "logs": "none"}
PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


@dataclass(frozen=True)
class Configured:
    """Result of ``configure``: one line of text for each signal, all with ``str()``.

    A signal that was set up before is left alone, and its line begins with ``unchanged``.
    """

    traces: str
    metrics: str
    logs: str
    instrumented: str

    def __str__(self) -> str:
        return f"traces: {self.traces}\nmetrics: {self.metrics}\nlogs: {self.logs}\nLLM SDKs: {self.instrumented}"


def configure(exporter: str | None = None, service_name: str | None = None, **settings: object) -> Configured:
    """Set up the OpenTelemetry SDK where it is not set up yet, and instrument.

    ``exporter`` is ``otlp``, ``console`` (traces as trees on the terminal, no metrics and no logs) or ``none``. Without it the
    variables ``OTEL_TRACES_EXPORTER``, ``OTEL_METRICS_EXPORTER`` and ``OTEL_LOGS_EXPORTER`` hold, and ``otlp`` without them.
    ``service_name`` is the resource attribute ``service.name``. ``settings`` are those of ``instrument()``. Raises ``ValueError``
    for an unknown exporter or setting, and ``ModuleNotFoundError`` with the missing package; nothing is changed then.

    >>> configure(exporter="otpl")
    Traceback (most recent call last):
        ...
    ValueError: exporter='otpl' is not allowed; use one of otlp, console, none
    """
    if exporter is not None and exporter not in _CHOICES:
        raise ValueError(f"exporter={exporter!r} is not allowed; use one of {', '.join(_CHOICES)}")
    resource = _resource(service_name)
    # Find every exporter before a provider is set: an error must leave nothing half configured.
    open_signals = {name: _exporters(name, exporter) for name, signal in _SIGNALS.items() if is_placeholder(signal.current())}
    instrumented = _instrument(settings)
    return Configured(**{name: _set_up(name, open_signals.get(name), resource) for name in _SIGNALS}, instrumented=instrumented)


def _resource(service_name: str | None) -> Resource:
    try:
        from opentelemetry.sdk.resources import Resource
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(_needs("configure()", "opentelemetry-sdk", "otlp"), name=missing.name) from None
    return Resource.create({"service.name": service_name} if service_name else {})


def _instrument(settings: dict[str, Any]) -> str:
    instrumentor = LLMInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        if settings:
            _logger.warning("already instrumented: %s of configure() not applied; call uninstrument() first", ", ".join(settings))
        return "unchanged, they were instrumented before"
    instrumentor.instrument(**settings)
    return "instrumented when they are imported"


def _exporters(signal: str, chosen: str | None) -> dict[str, Any]:
    """Return the classes of the exporters for a signal, by name."""
    if chosen == "console":
        names = [_CONSOLE[signal]]
    elif chosen is not None:
        names = [chosen]
    else:
        names = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").split(",")
    return {name: _load(signal, name) for name in map(str.strip, names) if name and name != "none"}


def _load(signal: str, name: str) -> Any:
    offered = {entry.name: entry for entry in entry_points(group=f"opentelemetry_{signal}_exporter")}
    entry = _otlp(signal, offered) if name == "otlp" else offered.get(name)
    if entry is not None:
        return entry.load()
    if name.startswith("otlp"):
        raise ModuleNotFoundError(_needs("exporter='otlp'", "opentelemetry-exporter-otlp", "otlp"))
    known = ", ".join(sorted({*offered, "otlp", "none"}))
    raise ValueError(f"OTEL_{signal.upper()}_EXPORTER={name!r} is not an installed exporter; use one of {known}")


def _otlp(signal: str, offered: dict[str, EntryPoint]) -> EntryPoint | None:
    """Return the OTLP exporter of the chosen protocol, or an installed exporter."""
    for variable in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if protocol := os.environ.get(variable, "").strip():
            if protocol not in PROTOCOLS:
                raise ValueError(f"{variable}={protocol!r} is not allowed; use one of {', '.join(PROTOCOLS)}")
            return offered.get(PROTOCOLS[protocol])
    return next((offered[name] for name in PROTOCOLS.values() if name in offered), None)


def _needs(wanted: str, package: str, extra: str) -> str:
    return f"{wanted} needs {package}: pip install 'opentelemetry-instrumentation-llm[{extra}]'"


def _set_up(name: str, exporters: dict[str, Any] | None, resource: Resource) -> str:
    if exporters is None:
        return f"unchanged, set up before as {type(_SIGNALS[name].current()).__name__}"
    if not exporters:
        return "not exported"
    _SIGNALS[name].set_up(exporters, resource)
    return f"exported by {', '.join(kind.__name__ for kind in exporters.values())}"


def _traces(exporters: dict[str, Any], resource: Resource) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    provider = TracerProvider(resource=resource)
    for name, kind in exporters.items():
        # A person waits for the lines of a terminal.
        process = SimpleSpanProcessor if name.endswith("console") else BatchSpanProcessor
        provider.add_span_processor(process(kind()))
    trace.set_tracer_provider(provider)


def _metrics(exporters: dict[str, Any], resource: Resource) -> None:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

    made = [kind() for kind in exporters.values()]
    readers = [each if isinstance(each, MetricReader) else PeriodicExportingMetricReader(each) for each in made]
    metrics.set_meter_provider(MeterProvider(metric_readers=readers, resource=resource))


def _log_records(exporters: dict[str, Any], resource: Resource) -> None:
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider(resource=resource)
    for kind in exporters.values():
        provider.add_log_record_processor(BatchLogRecordProcessor(kind()))
    _logs.set_logger_provider(provider)


@dataclass(frozen=True)
class _Signal:
    current: Callable[[], Any]
    set_up: Callable[[dict[str, Any], Any], None]


_SIGNALS = {
    "traces": _Signal(trace.get_tracer_provider, _traces),
    "metrics": _Signal(metrics.get_meter_provider, _metrics),
    "logs": _Signal(_logs.get_logger_provider, _log_records),
}
