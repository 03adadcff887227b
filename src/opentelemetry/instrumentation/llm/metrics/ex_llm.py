"""METRICS: what is measured, one line a metric; every reporter reads this table, and users write such tables of their own.

A metric names the events it hears, the measurement or metadata key it takes, and the metadata keys that become tags.
Kinds are those of telemetry tables: ``counter`` counts events, ``total`` adds values up, ``level`` adds and subtracts,
``last_value`` keeps the newest, ``summary`` and ``distribution`` keep how values are spread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

MILLISECONDS_PER_NANOSECOND = 1e-6
BUCKETS_MS = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0, 5120.0, 10240.0, 20480.0, 40960.0, 81920.0)
KINDS = ("counter", "total", "level", "last_value", "summary", "distribution")

Sample = tuple[float, Mapping[str, Any]]
"""A value and the tags that only this value has."""


class Metric(NamedTuple):
    """One metric.

    ``events`` maps each event to a factor (1; -1 where an event takes away). ``takes`` is a key of the measurements or,
    failing that, of the metadata; or a function of both that gives samples. ``tags`` maps tag names to metadata keys.
    ``refine`` makes the tags that are shown of those that were read; it depends on nothing else, so it is called once
    for each set of tags and not for each event. ``singly`` is for values that arrive together, as a ``Histogram`` whose
    bounds are those of ``buckets``: the same metric of events that bring each value, for a reporter that passes on each.
    """

    name: str
    kind: str
    events: Mapping[str, float]
    measurement: str | Callable[[Mapping[str, Any], Mapping[str, Any]], Iterable[Sample]] | None
    tags: Mapping[str, str]
    unit: str
    description: str
    scale: float = 1.0
    whole: bool = False
    buckets: tuple[float, ...] = BUCKETS_MS
    refine: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    singly: Any = None


class Parts:
    """Take several values of one event, each with the tag ``tag`` that names its part.

    ``keys`` maps parts to keys of the measurements or the metadata. With ``whole``, the key of their sum, what no part
    accounts for is the part ``unknown``, and parts of 0 are left out.
    """

    __slots__ = ("keys", "tag", "whole")

    def __init__(self, tag: str, keys: Mapping[str, str], whole: str | None = None) -> None:
        self.tag, self.keys, self.whole = tag, dict(keys), whole

    def __call__(self, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterable[Sample]:
        """Return the samples of one event."""
        found = {part: measurements.get(key, metadata.get(key)) for part, key in self.keys.items()}
        parts = [(part, value) for part, value in found.items() if value is not None]
        if self.whole is None:
            return [(value, {self.tag: part}) for part, value in parts]
        whole = metadata.get(self.whole)
        if not isinstance(whole, (int, float)):
            return []
        known = [(value, {self.tag: part}) for part, value in parts if value and isinstance(value, (int, float))]
        rest = whole - sum(value for value, _ in known)
        return [*known, (rest, {self.tag: "unknown"})] if rest > 0 or whole == 0 else known


Events = str | tuple[str, ...] | Mapping[str, float]
_WHO = ("provider", "model")


def _metric(
    kind: str,
    name: str,
    events: Events,
    measurement: Any,
    tags: Iterable[str] | Mapping[str, str],
    unit: str,
    description: str,
    **more: Any,
) -> Metric:
    heard = {events: 1.0} if isinstance(events, str) else dict.fromkeys(events, 1.0) if isinstance(events, tuple) else dict(events)
    named = dict(tags) if isinstance(tags, Mapping) else {tag: tag for tag in tags}
    if kind not in KINDS:
        raise ValueError(f"the metric {name!r} has the kind {kind!r}; use one of {', '.join(KINDS)}")
    return Metric(name, kind, heard, measurement, named, unit, description, **more)


def counter(
    name: str, events: Events, description: str, tags: Iterable[str] | Mapping[str, str] = _WHO, unit: str = "1", **more: Any
) -> Metric:
    """Count events.

    >>> counter("myapp.answers.total", "myapp.answer.stop", "Answers given.", tags=["team"]).kind
    'counter'
    """
    return _metric("counter", name, events, None, tags, unit, description, whole=True, **more)


def total(
    name: str,
    events: Events,
    measurement: Any,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "1",
    **more: Any,
) -> Metric:
    """Add up a measurement that only grows."""
    return _metric("total", name, events, measurement, tags, unit, description, **more)


def level(
    name: str,
    events: Events,
    measurement: Any,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "1",
    **more: Any,
) -> Metric:
    """Add up a measurement that some events take away from again."""
    return _metric("level", name, events, measurement, tags, unit, description, **more)


def last_value(
    name: str,
    events: Events,
    measurement: Any,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "1",
    **more: Any,
) -> Metric:
    """Keep the newest value of a measurement."""
    return _metric("last_value", name, events, measurement, tags, unit, description, **more)


def summary(
    name: str,
    events: Events,
    measurement: Any,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "ms",
    **more: Any,
) -> Metric:
    """Keep count, sum and spread of a measurement."""
    return _metric("summary", name, events, measurement, tags, unit, description, **more)


def distribution(
    name: str,
    events: Events,
    measurement: Any,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "ms",
    **more: Any,
) -> Metric:
    """Keep how a measurement is spread, in buckets."""
    return _metric("distribution", name, events, measurement, tags, unit, description, **more)


def _ended(family: str) -> tuple[str, ...]:
    return (f"ex_llm.{family}.stop", f"ex_llm.{family}.exception")


def _milliseconds(name: str, events: Events, measurement: str, description: str, tags: Iterable[str] = _WHO) -> Metric:
    return distribution(name, events, measurement, description, tags, scale=MILLISECONDS_PER_NANOSECOND)


def _tokens(name: str, measurement: str, description: str) -> Metric:
    return total(name, _ended("chat") + _ended("embedding") + _ended("response"), measurement, description, unit="{token}", whole=True)


def _status_class(tags: dict[str, Any]) -> dict[str, Any]:
    status = tags["status_class"]
    return {**tags, "status_class": f"{status // 100}xx" if isinstance(status, int) else None}


_CACHE = ("cache",)
_AGENT = ("framework", "agent_name")
_KIND = (*_WHO, "kind")
_ATTEMPT = {"provider": "provider", "model": "model", "status_class": "status"}
_REMAINING = Parts("kind", {"requests": "remaining_requests", "tokens": "remaining_tokens"})

METRICS: tuple[Metric, ...] = (
    counter("ex_llm.chat.requests.total", "ex_llm.chat.start", "Chats begun."),
    _milliseconds("ex_llm.chat.duration.milliseconds", _ended("chat"), "duration", "How long chats took, streams to their end."),
    counter("ex_llm.chat.errors.total", "ex_llm.chat.exception", "Chats that failed.", _KIND),
    _tokens("ex_llm.tokens.input.total", "input_tokens", "Input tokens, cached ones included."),
    _tokens("ex_llm.tokens.output.total", "output_tokens", "Output tokens, reasoning included."),
    _tokens("ex_llm.tokens.cached.total", "cache_read_tokens", "Input tokens that the provider read from its cache."),
    _tokens("ex_llm.tokens.reasoning.total", "reasoning_tokens", "Output tokens spent on reasoning."),
    total("ex_llm.cost.cents.total", "ex_llm.cost.calculated", "cost", "What calls cost, in cents of a US dollar.", unit="cents"),
    total("ex_llm.cost.saved.cents.total", "ex_llm.cost.calculated", "saved", "What cached tokens saved, in cents of a US dollar.", unit="cents"),
    last_value("ex_llm.cost.last.cents", "ex_llm.cost.calculated", "cost", "What the last call cost, in cents of a US dollar.", unit="cents"),
    counter("ex_llm.cost.threshold_exceeded.total", "ex_llm.cost.threshold_exceeded", "Times that a cost passed its threshold.", ("scope",)),
    counter("ex_llm.cache.hits.total", "ex_llm.cache.hit", "Answers found in a response cache.", _CACHE),
    counter("ex_llm.cache.misses.total", "ex_llm.cache.miss", "Answers not found in a response cache.", _CACHE),
    counter("ex_llm.cache.puts.total", "ex_llm.cache.put", "Answers put into a response cache.", _CACHE),
    counter("ex_llm.cache.evictions.total", "ex_llm.cache.evicted", "Answers that left a response cache.", _CACHE),
    level(
        "ex_llm.cache.size.bytes", {"ex_llm.cache.put": 1, "ex_llm.cache.evicted": -1}, "size_bytes", "Size of the answers in a response cache.",
        _CACHE, "By", whole=True,
    ),
    total("ex_llm.cache.saved.cents.total", "ex_llm.cache.hit", "saved_cents", "What answers from a response cache saved, in cents.", _CACHE, "cents"),
    counter("ex_llm.embedding.requests.total", "ex_llm.embedding.start", "Embedding requests begun."),
    _milliseconds("ex_llm.embedding.duration.milliseconds", _ended("embedding"), "duration", "How long embedding requests took."),
    counter("ex_llm.embedding.errors.total", "ex_llm.embedding.exception", "Embedding requests that failed.", _KIND),
    counter("ex_llm.stream.started.total", "ex_llm.stream.start", "Streams begun."),
    total("ex_llm.stream.chunks.total", _ended("stream"), "chunks", "Chunks that the application took.", unit="{chunk}", whole=True),
    _milliseconds("ex_llm.stream.duration.milliseconds", _ended("stream"), "duration", "How long streamed calls took to their end."),
    _milliseconds(
        "ex_llm.stream.time_to_first_chunk.milliseconds", _ended("stream"), "time_to_first_chunk", "Time from a streamed call to its first chunk."
    ),
    counter("ex_llm.provider.requests.total", _ended("provider.request"), "HTTP attempts.", _ATTEMPT, refine=_status_class),
    _milliseconds("ex_llm.provider.request.duration.milliseconds", _ended("provider.request"), "duration", "How long HTTP attempts took to be answered."),
    counter("ex_llm.provider.errors.total", "ex_llm.provider.request.exception", "HTTP attempts without an answer.", _KIND),
    total("ex_llm.provider.retries.total", "ex_llm.provider.request.start", "retry", "HTTP attempts after the first of a call.", whole=True),
    total(
        "ex_llm.provider.retries.waited.milliseconds.total", "ex_llm.provider.request.start", "waited", "Time between attempts of one call.",
        unit="ms", scale=MILLISECONDS_PER_NANOSECOND,
    ),
    last_value(
        "ex_llm.provider.rate_limit.remaining", "ex_llm.provider.request.stop", _REMAINING, "What is left of the provider's rate.",
        {**{tag: tag for tag in _WHO}, "kind": "limit_kind"},
    ),
    counter("ex_llm.provider.rate_limits.total", "ex_llm.provider.rate_limit", "Refusals for the rate."),
    counter("ex_llm.context.window_exceeded.total", "ex_llm.context.window_exceeded", "Prompts refused as too long."),
    counter("ex_llm.agent.runs.total", "ex_llm.agent.start", "Runs of agents begun.", _AGENT),
    _milliseconds("ex_llm.agent.duration.milliseconds", _ended("agent"), "duration", "How long runs of agents took.", (*_AGENT, "outcome")),
    counter("ex_llm.agent.errors.total", "ex_llm.agent.exception", "Runs of agents that failed.", (*_AGENT, "kind")),
    total("ex_llm.agent.cost.cents.total", _ended("agent"), "cost_cents", "What the inferences of agents cost, in cents.", _AGENT, "cents"),
    total("ex_llm.agent.inferences.total", _ended("agent"), "inference_calls", "Inferences of agents.", _AGENT, whole=True),
    counter("ex_llm.agent.handoffs.total", "ex_llm.agent.handoff", "Handoffs from one agent to another.", (*_AGENT, "to_agent")),
    counter("ex_llm.tool.calls.total", "ex_llm.tool.start", "Executions of tools begun.", ("tool_name", "agent_name")),
    counter("ex_llm.tool.errors.total", "ex_llm.tool.exception", "Executions of tools that failed.", ("tool_name", "agent_name", "kind")),
    counter("ex_llm.retrieval.requests.total", "ex_llm.retrieval.start", "Retrievals begun.", ("data_source_id",)),
    total("ex_llm.retrieval.documents.total", _ended("retrieval"), "documents", "Documents retrieved.", ("data_source_id",), whole=True),
    counter("ex_llm.telemetry.handler_failures.total", "telemetry.handler.failure", "Handlers that raised.", ("event",)),
    counter("ex_llm.telemetry.extraction_errors.total", "ex_llm.telemetry.extraction_error", "Steps of ours that failed inside a call.", ("step",)),
    counter("ex_llm.telemetry.unpriced_calls.total", "ex_llm.cost.unknown", "Calls whose cost is not known.", (*_WHO, "reason")),
    last_value(
        "ex_llm.telemetry.missing_targets", "ex_llm.telemetry.missing_target", "missing", "Functions that the imported release of an SDK lacks.",
        ("sdk",), "{function}", whole=True,
    ),
)  # fmt: skip
"""Every metric of ours, in the order of the documentation."""

_BASIC = ("ex_llm.chat.requests.total", "ex_llm.chat.duration.milliseconds", "ex_llm.chat.errors.total")
_COST = ("ex_llm.cost.cents.total", "ex_llm.tokens.input.total", "ex_llm.tokens.output.total", "ex_llm.cost.last.cents")


def _named(names: tuple[str, ...]) -> list[Metric]:
    return [metric for metric in METRICS if metric.name in names]


def metrics() -> list[Metric]:
    """Return every metric.

    >>> "ex_llm.chat.requests.total" in [metric.name for metric in metrics()]
    True
    """
    return list(METRICS)


def basic_metrics() -> list[Metric]:
    """Return the small set for development: requests, duration, errors."""
    return _named(_BASIC)


def cost_metrics() -> list[Metric]:
    """Return the set for cost: cents and tokens in total, and the last cost."""
    return _named(_COST)
