"""Emit events that no SDK reports: caches, known costs, refusals, truncations.

Every function emits one event of EVENTS on the bus and returns at once. Cache keys are replaced by digests unless
``safe_key`` is set, because keys are often prompts.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import bus, context
from .schema.bounds import LONGEST_DESCRIPTION, bounded


def digest(key: object) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a cache key.

    >>> digest("prompt")
    'cf07194ee232eb53'
    """
    return hashlib.sha256(str(key).encode("utf-8", "replace")).hexdigest()[:16]


def _cache(event: str, key: object, cache: str, safe_key: bool, **measured: object) -> None:
    measurements = {name: value for name, value in measured.items() if value is not None}
    bus.execute(f"ex_llm.cache.{event}", measurements, {"key": str(key) if safe_key else digest(key), "cache": cache})


def emit_cache_hit(key: object, cache: str = "default", *, safe_key: bool = False) -> None:
    """Emit a cache hit: the response cache had a response for ``key``."""
    _cache("hit", key, cache, safe_key)


def emit_cache_miss(key: object, cache: str = "default", *, safe_key: bool = False) -> None:
    """Emit a cache miss: the response cache had no response for ``key``."""
    _cache("miss", key, cache, safe_key)


def emit_cache_put(key: object, size_bytes: int | None = None, cache: str = "default", *, safe_key: bool = False) -> None:
    """Emit that a response of ``size_bytes`` was put into a response cache."""
    _cache("put", key, cache, safe_key, size_bytes=size_bytes)


def emit_cache_evicted(key: object, size_bytes: int | None = None, cache: str = "default", *, safe_key: bool = False) -> None:
    """Emit that a response of ``size_bytes`` left a response cache."""
    _cache("evicted", key, cache, safe_key, size_bytes=size_bytes)


def emit_cost_calculated(provider: str, model: str, cost_cents: float, **metadata: object) -> None:
    """Emit the cost of a call, in cents of a US dollar."""
    bus.execute("ex_llm.cost.calculated", {"cost": cost_cents}, {"provider": provider, "model": model, **metadata})


def emit_cost_threshold_exceeded(cost_cents: float, threshold_cents: float, scope: str = "call", **metadata: object) -> None:
    """Emit that a cost passed a threshold, both in cents of a US dollar."""
    known = {"exceeded_by": cost_cents - threshold_cents, "scope": scope, **metadata}
    bus.execute("ex_llm.cost.threshold_exceeded", {"cost": cost_cents, "threshold": threshold_cents}, known)


def emit_rate_limit(
    provider: str, model: str | None = None, *, retry_after_ms: float | None = None, status: int = 429, **metadata: object
) -> None:
    """Emit that a provider refused a call because of a rate limit."""
    measurements = {} if retry_after_ms is None else {"retry_after_ms": retry_after_ms}
    bus.execute("ex_llm.provider.rate_limit", measurements, {"provider": provider, "model": model, "status": status, **metadata})


def emit_auth_refresh(provider: str, credential: str, duration: int) -> None:
    """Emit that credentials of the class ``credential`` were renewed.

    ``duration`` is in nanoseconds. The credentials themselves are never recorded.
    """
    bus.execute("ex_llm.provider.auth.refresh", {"duration": duration}, {"provider": provider, "credential": credential})


@contextmanager
def emit_context_truncation(strategy: str, **metadata: object) -> Iterator[dict[str, int]]:
    """Emit the start and stop of a truncation, around the code that removes messages.

    The block puts the counts into the dict that it gets.

    >>> with emit_context_truncation("keep_last") as removed:
    ...     removed["messages_removed"] = 4
    """
    removed: dict[str, int] = {}
    began = time.perf_counter_ns()
    known = {"strategy": strategy, "ref": bus.new_ref(), **metadata}
    bus.execute("ex_llm.context.truncation.start", {"system_time": time.time_ns()}, known)
    try:
        yield removed
    finally:
        bus.execute("ex_llm.context.truncation.stop", {**removed, "duration": time.perf_counter_ns() - began}, known)


def evaluation(
    name: str,
    *,
    score: float | None = None,
    label: str | None = None,
    explanation: str | None = None,
    span: Any = None,
    response_id: str | None = None,
) -> None:
    """Emit the result of an evaluation: feedback, a judge's score, a test result.

    ``name`` is the name of the metric, such as "relevance"; ``score`` a number, ``label`` a word such as "pass".
    ``span`` is the evaluated span or its ``SpanContext``, which may have ended; the default is the current span. An
    evaluation with neither score nor label raises ``ValueError``.

    >>> evaluation("relevance", score=0.9, label="relevant")
    """
    if score is None and label is None:
        raise ValueError(f"the evaluation {name!r} has neither a score nor a label; give one of them")
    known = {
        "evaluation_name": bounded(name),
        "label": bounded(label),
        "explanation": bounded(explanation, LONGEST_DESCRIPTION),
        "response_id": bounded(response_id),
    }
    with context.current(context.here() if span is None else context.of_span(span)):
        bus.execute(
            "ex_llm.evaluation.result",
            {} if bounded(score) is None else {"score": score},
            {key: value for key, value in known.items() if value is not None},
        )
