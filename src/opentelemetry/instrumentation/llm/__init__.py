"""Watch every LLM SDK that a Python program uses, and say what was seen as events, spans and metrics.

``LLMInstrumentor().instrument()``, or ``opentelemetry-instrument python app.py``, is all that is needed.

The map of the house: the left side speaks, the right side listens, the bus is the street between them, and the words
are the ground that both stand on.

- the ground: ``words`` (events and records), ``settings``, ``context`` (what runs now, and how it is carried elsewhere),
  ``baggage`` (whose calls these are)
- the street: ``bus``
- the left side: ``providers`` (who), ``dialects`` (how they speak), ``calls`` (one run of a watched function),
  ``transports`` (each HTTP attempt), ``caches`` (answers kept on the client's side), ``pricing`` (what it costs), ``emit``
  (what users say by hand)
- ``steps`` (agents, tools, workflows and retrievals above the calls), ``frameworks`` (one framework a file, as a table)
- the right side: ``metrics`` (what is measured), ``handlers`` (events to spans and logs), ``reporters`` (one back end each)
- the door: this module, ``instrumentor``, ``workers`` (processes that others start), ``testing``, and ``python -m opentelemetry.instrumentation.llm``
"""

from .baggage import with_attributes
from .bus import attach, attach_many, detach, execute, list_handlers, span
from .caches.mapping import watch_cache
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
from .reporters.console import ConsoleReporter
from .reporters.logger import attach_default_logger, detach_default_logger
from .reporters.prometheus.reporter import PrometheusReporter
from .reporters.statsd.reporter import StatsdReporter
from .schema.events import EVENTS
from .schema.units import convert_time_unit
from .steps.by_hand import with_agent, with_retrieval, with_tool, with_workflow
from .version import __version__

__all__ = [
    "EVENTS",
    "ConsoleReporter",
    "CostBudget",
    "LLMInstrumentor",
    "PrometheusReporter",
    "StatsdReporter",
    "__version__",
    "attach",
    "attach_default_logger",
    "attach_many",
    "basic_metrics",
    "carry",
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
    "with_context",
    "with_retrieval",
    "with_span",
    "with_tool",
    "with_workflow",
]
