"""METRICS: the table of all ``ex_llm`` metrics, which every reporter reads.

Users can write tables of the same form. A metric names the events that change it, the measurement or metadata key of its
value, and the metadata keys that become tags. Kinds: ``counter`` counts events, ``total`` adds values, ``level`` adds and
subtracts values, ``last_value`` keeps the newest value, ``summary`` and ``distribution`` record the distribution of values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

MILLISECONDS_PER_NANOSECOND = 1e-6
BUCKETS_MS = (
    10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0, 5120.0, 10240.0, 20480.0, 40960.0, 81920.0, 163840.0,
    327680.0, 655360.0,
)  # fmt: skip
"""Boundaries up to eleven minutes, which reasoning models reach."""
KINDS = ("counter", "total", "level", "last_value", "summary", "distribution")

Sample = tuple[float, Mapping[str, Any]]
"""A value, and the tags that apply to this value only."""


class Metric(NamedTuple):
    """One metric.

    ``events`` maps each event to a factor (1, or -1 if the event subtracts). ``measurement`` is a key of the measurements or,
    if they do not contain it, of the metadata; or a function of both that returns samples. ``tags`` maps tag names to metadata
    keys. ``refine`` changes the tags before they are shown. It must depend on its argument only, because it is called once for
    each set of tags and not for each event. ``singly`` is for a metric whose events carry a ``Histogram`` with the bounds of
    ``buckets``. It is the same metric for events that carry single values, for a reporter that needs each value.
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
    """Read several values of one event, each with a tag that names its part.

    ``keys`` maps parts to keys of the measurements or the metadata. ``whole`` is the key of their sum. With it, the difference
    between the sum and the parts is reported as the part ``unknown``, and parts of 0 are left out.
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
    factors = {events: 1.0} if isinstance(events, str) else dict.fromkeys(events, 1.0) if isinstance(events, tuple) else dict(events)
    named = dict(tags) if isinstance(tags, Mapping) else {tag: tag for tag in tags}
    if kind not in KINDS:
        raise ValueError(f"the metric {name!r} has the kind {kind!r}; use one of {', '.join(KINDS)}")
    return Metric(name, kind, factors, measurement, named, unit, description, **more)


def counter(
    name: str, events: Events, description: str, tags: Iterable[str] | Mapping[str, str] = _WHO, unit: str = "1", **more: object
) -> Metric:
    """Count events.

    >>> counter("myapp.answers.total", "myapp.answer.stop", "Number of answers.", tags=["team"]).kind
    'counter'
    """
    return _metric("counter", name, events, None, tags, unit, description, whole=True, **more)


def total(
    name: str,
    events: Events,
    measurement: object,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "1",
    **more: object,
) -> Metric:
    """Add up a measurement that never decreases."""
    return _metric("total", name, events, measurement, tags, unit, description, **more)


def level(
    name: str,
    events: Events,
    measurement: object,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "1",
    **more: object,
) -> Metric:
    """Add up a measurement that some events increase and others decrease."""
    return _metric("level", name, events, measurement, tags, unit, description, **more)


def last_value(
    name: str,
    events: Events,
    measurement: object,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "1",
    **more: object,
) -> Metric:
    """Keep the newest value of a measurement."""
    return _metric("last_value", name, events, measurement, tags, unit, description, **more)


def summary(
    name: str,
    events: Events,
    measurement: object,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "ms",
    **more: object,
) -> Metric:
    """Record count, sum, minimum and maximum of a measurement."""
    return _metric("summary", name, events, measurement, tags, unit, description, **more)


def distribution(
    name: str,
    events: Events,
    measurement: object,
    description: str,
    tags: Iterable[str] | Mapping[str, str] = _WHO,
    unit: str = "ms",
    **more: object,
) -> Metric:
    """Record a measurement in a histogram."""
    return _metric("distribution", name, events, measurement, tags, unit, description, **more)


def _ended(family: str) -> tuple[str, ...]:
    return (f"ex_llm.{family}.stop", f"ex_llm.{family}.exception")


def _milliseconds(name: str, events: Events, measurement: str, description: str, tags: Iterable[str] = _WHO) -> Metric:
    return distribution(name, events, measurement, description, tags, scale=MILLISECONDS_PER_NANOSECOND)


_WITH_TOKENS = tuple(event for family in ("chat", "embedding", "response", "image", "audio", "batch") for event in _ended(family))


def _tokens(name: str, measurement: str, description: str) -> Metric:
    return total(name, (*_WITH_TOKENS, "ex_llm.agent.usage"), measurement, description, unit="{token}", whole=True)


def _status_class(tags: dict[str, Any]) -> dict[str, Any]:
    status = tags["status_class"]
    return {**tags, "status_class": f"{status // 100}xx" if isinstance(status, int) else None}


_CACHE = ("cache",)
_AGENT = ("framework", "agent_name")
_KIND = (*_WHO, "kind")
_AUDIO = (*_WHO, "operation")
_ATTEMPT = {"provider": "provider", "model": "model", "status_class": "status"}
_REMAINING = Parts("kind", {"requests": "remaining_requests", "tokens": "remaining_tokens"})

METRICS: tuple[Metric, ...] = (
    counter("ex_llm.chat.requests.total", "ex_llm.chat.start", "Number of chat calls that were started."),
    _milliseconds("ex_llm.chat.duration.milliseconds", _ended("chat"), "duration", "Duration of chat calls. A streamed call lasts until its stream ends."),
    counter("ex_llm.chat.errors.total", "ex_llm.chat.exception", "Number of chat calls that failed.", _KIND),
    _tokens("ex_llm.tokens.input.total", "input_tokens", "Number of input tokens, including cached tokens."),
    _tokens("ex_llm.tokens.output.total", "output_tokens", "Number of output tokens, including reasoning tokens."),
    _tokens("ex_llm.tokens.cached.total", "cache_read_tokens", "Number of input tokens that the provider read from its cache."),
    _tokens("ex_llm.tokens.reasoning.total", "reasoning_tokens", "Number of output tokens that were used for reasoning."),
    total("ex_llm.cost.cents.total", "ex_llm.cost.calculated", "cost", "Cost of calls in cents of a US dollar.", unit="cents"),
    total("ex_llm.cost.saved.cents.total", "ex_llm.cost.calculated", "saved", "Amount saved by cached tokens in cents of a US dollar.", unit="cents"),
    last_value("ex_llm.cost.last.cents", "ex_llm.cost.calculated", "cost", "Cost of the last call in cents of a US dollar.", unit="cents"),
    counter("ex_llm.cost.threshold_exceeded.total", "ex_llm.cost.threshold_exceeded", "Number of times that a cost exceeded its threshold.", ("scope",)),
    counter("ex_llm.cache.hits.total", "ex_llm.cache.hit", "Number of responses that were found in a response cache.", _CACHE),
    counter("ex_llm.cache.misses.total", "ex_llm.cache.miss", "Number of responses that were not found in a response cache.", _CACHE),
    counter("ex_llm.cache.puts.total", "ex_llm.cache.put", "Number of responses that were stored in a response cache.", _CACHE),
    counter("ex_llm.cache.evictions.total", "ex_llm.cache.evicted", "Number of responses that were removed from a response cache.", _CACHE),
    level(
        "ex_llm.cache.size.bytes", {"ex_llm.cache.put": 1, "ex_llm.cache.evicted": -1}, "size_bytes", "Size of the responses in a response cache.",
        _CACHE, "By", whole=True,
    ),
    total("ex_llm.cache.saved.cents.total", "ex_llm.cache.hit", "saved_cents", "Amount saved by responses from a response cache, in cents.", _CACHE, "cents"),
    counter("ex_llm.embedding.requests.total", "ex_llm.embedding.start", "Number of embedding calls that were started."),
    _milliseconds("ex_llm.embedding.duration.milliseconds", _ended("embedding"), "duration", "Duration of embedding calls."),
    counter("ex_llm.embedding.errors.total", "ex_llm.embedding.exception", "Number of embedding calls that failed.", _KIND),
    counter("ex_llm.image.requests.total", "ex_llm.image.start", "Number of image calls that were started."),
    _milliseconds("ex_llm.image.duration.milliseconds", _ended("image"), "duration", "Duration of image calls."),
    counter("ex_llm.image.errors.total", "ex_llm.image.exception", "Number of image calls that failed.", _KIND),
    counter("ex_llm.audio.requests.total", "ex_llm.audio.start", "Number of speech, transcription and translation calls.", _AUDIO),
    _milliseconds("ex_llm.audio.duration.milliseconds", _ended("audio"), "duration", "Duration of audio calls.", _AUDIO),
    counter("ex_llm.audio.errors.total", "ex_llm.audio.exception", "Number of audio calls that failed.", (*_AUDIO, "kind")),
    counter("ex_llm.stream.started.total", "ex_llm.stream.start", "Number of streams that were started."),
    total("ex_llm.stream.chunks.total", _ended("stream"), "chunks", "Number of chunks that the application received.", unit="{chunk}", whole=True),
    _milliseconds("ex_llm.stream.duration.milliseconds", _ended("stream"), "duration", "Duration of streamed calls, until the stream ended."),
    _milliseconds(
        "ex_llm.stream.time_to_first_chunk.milliseconds", _ended("stream"), "time_to_first_chunk", "Time from the start of a streamed call to its first chunk."
    ),
    counter("ex_llm.provider.requests.total", _ended("provider.request"), "Number of HTTP attempts.", _ATTEMPT, refine=_status_class),
    _milliseconds("ex_llm.provider.request.duration.milliseconds", _ended("provider.request"), "duration", "Duration of HTTP attempts."),
    counter("ex_llm.provider.errors.total", "ex_llm.provider.request.exception", "Number of HTTP attempts that received no response.", _KIND),
    total("ex_llm.provider.retries.total", "ex_llm.provider.request.start", "retry", "Number of HTTP attempts after the first of a request.", whole=True),
    total(
        "ex_llm.provider.retries.waited.milliseconds.total", "ex_llm.provider.request.start", "waited", "Time between the attempts of one request.",
        unit="ms", scale=MILLISECONDS_PER_NANOSECOND,
    ),
    last_value(
        "ex_llm.provider.rate_limit.remaining", "ex_llm.provider.request.stop", _REMAINING, "Remaining part of the provider's rate limit.",
        {**{tag: tag for tag in _WHO}, "kind": "limit_kind"},
    ),
    counter("ex_llm.provider.rate_limits.total", "ex_llm.provider.rate_limit", "Number of requests that a rate limit rejected."),
    counter("ex_llm.context.window_exceeded.total", "ex_llm.context.window_exceeded", "Number of prompts that the provider rejected as too long."),
    counter("ex_llm.agent.runs.total", "ex_llm.agent.start", "Number of agent runs that were started.", _AGENT),
    _milliseconds("ex_llm.agent.duration.milliseconds", _ended("agent"), "duration", "Duration of agent runs.", (*_AGENT, "outcome")),
    counter("ex_llm.agent.errors.total", "ex_llm.agent.exception", "Number of agent runs that failed.", (*_AGENT, "kind")),
    total("ex_llm.agent.cost.cents.total", _ended("agent"), "cost_cents", "Cost of the model calls of agents, in cents.", _AGENT, "cents"),
    total("ex_llm.agent.inferences.total", _ended("agent"), "inference_calls", "Number of model calls of agents.", _AGENT, whole=True),
    counter("ex_llm.agent.handoffs.total", "ex_llm.agent.handoff", "Number of handoffs from an agent to another agent.", (*_AGENT, "to_agent")),
    counter("ex_llm.tool.calls.total", "ex_llm.tool.start", "Number of tool executions that were started.", ("tool_name", "agent_name")),
    counter("ex_llm.tool.errors.total", "ex_llm.tool.exception", "Number of tool executions that failed.", ("tool_name", "agent_name", "kind")),
    counter("ex_llm.retrieval.requests.total", "ex_llm.retrieval.start", "Number of retrievals that were started.", ("data_source_id",)),
    total("ex_llm.retrieval.documents.total", _ended("retrieval"), "documents", "Number of documents that were retrieved.", ("data_source_id",), whole=True),
    counter("ex_llm.telemetry.handler_failures.total", "telemetry.handler.failure", "Number of event handlers that raised an exception.", ("event",)),
    counter("ex_llm.telemetry.extraction_errors.total", "ex_llm.telemetry.extraction_error", "Number of internal errors during calls.", ("step",)),
    counter("ex_llm.telemetry.unpriced_calls.total", "ex_llm.cost.unknown", "Number of calls whose cost is unknown.", (*_WHO, "reason")),
    last_value(
        "ex_llm.telemetry.missing_targets", "ex_llm.telemetry.missing_target", "missing", "Number of patch targets that the imported SDK does not have.",
        ("sdk",), "{function}", whole=True,
    ),
)  # fmt: skip
"""Every metric of this package, in the order of the documentation."""

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
    """Return a small set for development: requests, duration and errors."""
    return _named(_BASIC)


def cost_metrics() -> list[Metric]:
    """Return the set for costs: total cost, tokens, and the cost of the last call."""
    return _named(_COST)
