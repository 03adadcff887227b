"""Find exporters: from environment variables and packages, or from set providers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from importlib.metadata import Distribution
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import _logs, metrics, trace

from ..configuration import PROTOCOLS
from ..listening import is_placeholder
from .facts import Signal

_OTLP = ("otlp", *PROTOCOLS.values())
_PORTS = {"otlp_proto_grpc": "http://localhost:4317", "otlp_proto_http": "http://localhost:4318"}
# Default exporter of opentelemetry-distro.
_DISTRO = {"exporter": "otlp", "protocol": "grpc"}
_GRPC_PORT, _HTTP_PORT = 4317, 4318
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
    protocol, protocol_origin = _protocol(name, environment)
    loaded = {e: PROTOCOLS.get(protocol, "") if e == "otlp" else e for e in exporters}
    missing = tuple(e for e in exporters if loaded[e] not in offered)
    otlp = next((loaded[e] for e in exporters if e in _OTLP), None)
    endpoint, endpoint_origin = _endpoint(name, otlp, environment) if otlp else (None, None)
    return Signal(
        name,
        exporters,
        origin,
        missing,
        endpoint,
        endpoint_origin,
        _similar(missing, offered),
        *((protocol, protocol_origin) if "otlp" in loaded else ()),
    )


def _similar(missing: tuple[str, ...], offered: set[str]) -> dict[str, str]:
    """Return a similar name for each exporter that does not exist.

    For an OTLP exporter, that of the other protocol if it is installed.

    >>> _similar(("oltp", "consol", "otlp"), {"console", "otlp_proto_http"})
    {'oltp': 'otlp', 'consol': 'console', 'otlp': 'otlp_proto_http'}
    """
    known = sorted({*offered, *_OTLP, "none"} - {"otlp_proto_grpc", "otlp_proto_http"})
    similar = {}
    for name in missing:
        installed = sorted(offered & {*_OTLP}) if name in _OTLP else difflib.get_close_matches(name, known, 1, 0.7)
        if installed:
            similar[name] = installed[0]
    return similar


def _protocol(signal: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for variable in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if value := environment.get(variable, "").strip():
            return value, variable
    return _DISTRO["protocol"], "default"


def is_protocol(name: str | None) -> bool:
    """Return whether Python has an OTLP exporter for a protocol."""
    return name is None or name in PROTOCOLS


def _endpoint(signal: str, otlp: str, environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    for variable in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        if environment.get(variable):
            return without_secrets(environment[variable]), variable
    return _PORTS.get(otlp), "default"


def endpoint_fault(signal: Signal) -> tuple[str, str] | None:
    """Return why an endpoint cannot be right, and a cure; None if it can be.

    >>> endpoint_fault(Signal("traces", ("otlp",), "x", (), "localhost:4318", "OTEL_EXPORTER_OTLP_ENDPOINT", {}, "http/protobuf"))
    ('has no scheme; the HTTP exporter cannot send to it', 'write http://localhost:4318 or https://localhost:4318')
    """
    if signal.endpoint is None:
        return None
    over_http = "otlp_proto_http" in signal.exporters or ("otlp" in signal.exporters and signal.protocol == "http/protobuf")
    if over_http and not signal.endpoint.startswith(("http://", "https://")):
        bare = signal.endpoint.rpartition("//")[2]
        return "has no scheme; the HTTP exporter cannot send to it", f"write http://{bare} or https://{bare}"
    _, port = host_and_port(signal.endpoint)
    if over_http and port == _GRPC_PORT:
        return "has port 4317, at which collectors expect gRPC, but the protocol is http/protobuf", "use port 4318, or the protocol grpc"
    if not over_http and port == _HTTP_PORT:
        return "has port 4318, at which collectors expect HTTP, but the protocol is grpc", "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
    path = urlsplit(signal.endpoint).path.strip("/")
    if over_http and not path and signal.endpoint_origin == f"OTEL_EXPORTER_OTLP_{signal.name.upper()}_ENDPOINT":
        return f"has no path; {signal.endpoint_origin} is used as it is", f"append /v1/{signal.name}, or use OTEL_EXPORTER_OTLP_ENDPOINT"
    return None


def host_and_port(endpoint: str) -> tuple[str | None, int | None]:
    """Return the host and the port of an endpoint, with or without a scheme.

    >>> host_and_port("https://collector/v1/traces"), host_and_port("localhost:4317"), host_and_port("http://[::1")
    (('collector', 443), ('localhost', 4317), (None, None))
    """
    try:
        parts = urlsplit(endpoint if "//" in endpoint else f"//{endpoint}")
        return parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme, _GRPC_PORT)
    except ValueError:
        return None, None


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


def in_process(tracer: object) -> dict[str, str]:
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


def _class_of(provider: object) -> str:
    kind = type(provider)
    idle = is_placeholder(provider) or isinstance(provider, _IDLE)
    return "none" if idle else f"{kind.__module__}.{kind.__qualname__}"


def _processors(of: object) -> list[str] | None:
    """Return the exporters of a tracer or its provider, if the SDK exposes them."""
    whole = getattr(of, "span_processor", None) or getattr(of, "_active_span_processor", None)
    each = getattr(whole, "_span_processors", None)
    return None if each is None else [type(getattr(p, "span_exporter", p)).__name__ for p in each]
