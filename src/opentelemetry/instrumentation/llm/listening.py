"""Find out whether a handler or a configured provider consumes telemetry.

A provider is a placeholder only when its class is one of the API's own. Other packages have classes with similar
names that are real providers (Logfire's ``ProxyTracerProvider``), so the name alone is not sufficient.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

from opentelemetry import _logs, metrics, trace

from . import bus

PLACEHOLDERS = (
    ("opentelemetry.trace", "ProxyTracerProvider"),
    ("opentelemetry.metrics._internal", "_ProxyMeterProvider"),
    ("opentelemetry._logs._internal", "ProxyLoggerProvider"),
)
"""Where the API defines the classes that it uses until a provider is set."""


def is_placeholder(provider: Any) -> bool:
    """Return whether ``provider`` is the API's placeholder."""
    kind: Any = type(provider)
    return _is_placeholder(kind)


@lru_cache(maxsize=64)
def _is_placeholder(kind: Any) -> bool:
    return any(kind is getattr(sys.modules.get(module), name, None) for module, name in PLACEHOLDERS)


def is_set_up() -> bool:
    """Return whether a global provider of spans, metrics or logs has been set."""
    return not (
        _is_placeholder(type(trace.get_tracer_provider()))
        and _is_placeholder(type(metrics.get_meter_provider()))
        and _is_placeholder(type(_logs.get_logger_provider()))
    )


class ListenerCheck:
    """Return whether a user's handler is attached or an OpenTelemetry SDK is set up."""

    def __init__(self, sure: bool, ours: int) -> None:
        self._sure = sure
        self._ours = ours

    def __call__(self) -> bool:
        # Placeholders record nothing; a provider that is set stays set.
        if self._sure or bus.count_handlers() > self._ours:
            return True
        self._sure = is_set_up()
        return self._sure
