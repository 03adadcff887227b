"""Find exporters: from environment variables and packages, or from set providers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import Distribution
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import _logs, metrics, trace

from ..listening import is_placeholder
from .facts import Signal

_PROTOCOLS = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
_OTLP = ("otlp", *_PROTOCOLS.values())
_PORTS = {"otlp_proto_grpc": "http://localhost:4317", "otlp_proto_http": "http://localhost:4318"}
# Default exporter of opentelemetry-distro.
_DISTRO = {"exporter": "otlp", "protocol": "grpc"}
SIGNALS = ("traces", "metrics", "logs")
# API classes that record nothing: used if no provider is set or the SDK is disabled.
_IDLE = (
    trace.NoOpTracerProvider,
    trace.NoOpTracer,
    trace.ProxyTracer,
    metrics.NoOpMeterProvider,
    _logs.NoOpLoggerProvider,
)


def configurator(found: Mapping[str, Distribution], environment: Mapping[str, str]) -> str | None:
    """Return the package that configures the SDK for ``opentelemetry-instrument``."""
    wanted = environment.get("OTEL_PYTHON_CONFIGURATOR")
    named = ((e.name, name) for name, d in found.items() for e in d.entry_points if e.group == "opentelemetry_configurator")
    return next((name for entry, name in named if wanted in (None, entry)), None)


def signals(found: Mapping[str, Distribution], environment: Mapping[str, str]) -> tuple[Signal, ...]:
    """Return the environment's configuration of each signal.

    The variables are read in the same way as by ``opentelemetry-instrument``.
    """
    has_distro = "opentelemetry-distro" in found and environment.get("OTEL_PYTHON_DISTRO") in (None, "distro")
    return tuple(_signal(name, found, environment, has_distro) for name in SIGNALS)


def _signal(name: str, found: Mapping[str, Distribution], environment: Mapping[str, str], has_distro: bool) -> Signal:
    variable = f"OTEL_{name.upper()}_EXPORTER"
    value = environment.get(variable, "").strip()
    origin = variable if value else "opentelemetry-distro" if has_distro else "nothing chosen"
    value = value or (_DISTRO["exporter"] if has_distro else "")
    exporters = tuple(e for e in map(str.strip, value.split(",")) if e and e.lower() != "none")
    offered = {e.name for d in found.values() for e in d.entry_points if e.group == f"opentelemetry_{name}_exporter"}
    loaded = {e: _entry_point(e, name, environment, has_distro) for e in exporters}
    otlp = next((loaded[e] for e in exporters if e in _OTLP), None)
    endpoint, endpoint_origin = _endpoint(name, otlp, environment) if otlp else (None, None)
    return Signal(name, exporters, origin, tuple(e for e in exporters if loaded[e] not in offered), endpoint, endpoint_origin)


def _entry_point(exporter: str, signal: str, environment: Mapping[str, str], has_distro: bool) -> str:
    if exporter != "otlp":
        return exporter
    value = environment.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL") or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    protocol = (value or _DISTRO["protocol"]).strip()
    return _PROTOCOLS.get(protocol, f"otlp over {protocol}")


def _endpoint(signal: str, otlp: str, environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    for variable in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        if environment.get(variable):
            return without_secrets(environment[variable]), variable
    return _PORTS.get(otlp), "default"


def without_secrets(url: str) -> str:
    """Return a URL without user, password, query and fragment.

    >>> without_secrets("https://user:secret@collector:4318/v1?key=secret")
    'https://collector:4318/v1'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else url.partition("?")[0].rpartition("@")[2]


def masked(text: str) -> str:
    """Return a text in which URLs have no user, password and query.

    >>> masked("{'https://user:secret@gateway': 'openai'}")
    "{'https://...@gateway': 'openai'}"
    """
    return re.sub(r"(?<=\?)[^\s'\",]+", "...", re.sub(r"(?<=//)[^\s'\",/]*@", "...@", text))


def in_process(tracer: Any) -> dict[str, str]:
    """Return the provider class and exporters of each signal in this process.

    ``none`` if nothing is recorded. ``tracer`` is the tracer of our spans, from any tracer provider.
    """
    tracer = getattr(tracer, "_tracer", tracer)
    set_up: dict[str, Any] = {
        "traces": trace.get_tracer_provider() if tracer is None else tracer,
        "metrics": metrics.get_meter_provider(),
        "logs": _logs.get_logger_provider(),
    }
    by_signal = {name: _class_of(provider) for name, provider in set_up.items()}
    if by_signal["traces"] != "none" and (processors := _processors(set_up["traces"])) is not None:
        by_signal["traces"] += f" to {', '.join(processors) or 'nobody'}"
    return by_signal


def _class_of(provider: Any) -> str:
    kind = type(provider)
    idle = is_placeholder(provider) or isinstance(provider, _IDLE)
    return "none" if idle else f"{kind.__module__}.{kind.__qualname__}"


def _processors(of: Any) -> list[str] | None:
    """Return the exporters of a tracer or its provider, if the SDK exposes them."""
    whole = getattr(of, "span_processor", None) or getattr(of, "_active_span_processor", None)
    each = getattr(whole, "_span_processors", None)
    return None if each is None else [type(getattr(p, "span_exporter", p)).__name__ for p in each]
