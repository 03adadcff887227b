"""Observe every LLM SDK and agent framework of a Python program.

``LLMInstrumentor().instrument()``, or ``opentelemetry-instrument python app.py``, is all that is needed. Each call becomes
events on a bus in the process (``attach``), and from there spans, log events and metrics.

The page ``docs/architecture.md`` describes the folders, the layers, and the path of one call.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .baggage import with_attributes, with_prompt
from .bus import attach, attach_many, detach, execute, list_handlers, span
from .caches.mapping import watch_cache
from .capture import with_content
from .configuration import Configured, configure
from .context import carry, with_context, with_span
from .costs.budget import CostBudget
from .costs.call_cost import track_cost
from .emit import (
    emit_auth_refresh,
    emit_cache_evicted,
    emit_cache_hit,
    emit_cache_miss,
    emit_cache_put,
    emit_context_truncation,
    emit_cost_calculated,
    emit_cost_threshold_exceeded,
    emit_rate_limit,
    evaluation,
)
from .instrumentor import LLMInstrumentor
from .metrics import basic_metrics, cost_metrics, metrics
from .pricing import price
from .reporters.logger import attach_default_logger, detach_default_logger
from .schema.events import EVENTS
from .schema.records import Usage
from .schema.units import convert_time_unit
from .steps.by_hand import with_agent, with_retrieval, with_tool, with_workflow
from .version import __version__

if TYPE_CHECKING:
    from .reporters.console import ConsoleReporter
    from .reporters.prometheus.reporter import PrometheusReporter
    from .reporters.statsd.reporter import StatsdReporter

__all__ = [
    "EVENTS",
    "Configured",
    "ConsoleReporter",
    "CostBudget",
    "LLMInstrumentor",
    "PrometheusReporter",
    "StatsdReporter",
    "Usage",
    "__version__",
    "attach",
    "attach_default_logger",
    "attach_many",
    "basic_metrics",
    "carry",
    "configure",
    "convert_time_unit",
    "cost_metrics",
    "detach",
    "detach_default_logger",
    "emit_auth_refresh",
    "emit_cache_evicted",
    "emit_cache_hit",
    "emit_cache_miss",
    "emit_cache_put",
    "emit_context_truncation",
    "emit_cost_calculated",
    "emit_cost_threshold_exceeded",
    "emit_rate_limit",
    "evaluation",
    "execute",
    "list_handlers",
    "metrics",
    "price",
    "span",
    "track_cost",
    "watch_cache",
    "with_agent",
    "with_attributes",
    "with_content",
    "with_context",
    "with_prompt",
    "with_retrieval",
    "with_span",
    "with_tool",
    "with_workflow",
]

_REPORTERS = {
    "ConsoleReporter": "reporters.console",
    "PrometheusReporter": "reporters.prometheus.reporter",
    "StatsdReporter": "reporters.statsd.reporter",
}
"""Reporters by module: imported at first use, because few programs need them."""


def __getattr__(name: str) -> Any:
    if name in _REPORTERS:
        return getattr(import_module(f"{__name__}.{_REPORTERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
