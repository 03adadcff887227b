"""Tables of metrics: ``ex_llm`` and the GenAI semantic conventions."""

from .ex_llm import (
    METRICS,
    MILLISECONDS_PER_NANOSECOND,
    Metric,
    Parts,
    Sample,
    basic_metrics,
    cost_metrics,
    counter,
    distribution,
    last_value,
    level,
    metrics,
    summary,
    total,
)

__all__ = [
    "METRICS",
    "MILLISECONDS_PER_NANOSECOND",
    "Metric",
    "Parts",
    "Sample",
    "basic_metrics",
    "cost_metrics",
    "counter",
    "distribution",
    "last_value",
    "level",
    "metrics",
    "summary",
    "total",
]
