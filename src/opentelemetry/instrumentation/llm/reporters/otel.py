"""Pass metrics on to OpenTelemetry: counts are read when they are collected, distributions are recorded at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from .. import bus
from ..metrics import Metric
from .aggregation import Tagger, Tags, Tally, by_event, samples

ContextOf = Callable[[Mapping[str, Any]], Any]
"""Return the OpenTelemetry context that the metadata of an event belong to; ``None`` is the current one."""

_MADE_KEPT = 2000
_SPREAD = ("distribution", "summary")
_CREATE = {
    "counter": Meter.create_observable_counter,
    "total": Meter.create_observable_counter,
    "level": Meter.create_observable_up_down_counter,
    "last_value": Meter.create_observable_gauge,
}


def _here(metadata: Mapping[str, Any]) -> None:
    return None


class OtelReporter:
    """Report ``metrics`` through an OpenTelemetry ``meter``; the exporter decides where they go."""

    def __init__(self, metrics: Iterable[Metric], meter: Meter) -> None:
        self.metrics = metrics = list(metrics)
        self._tally = Tally(m for m in metrics if m.kind not in _SPREAD)
        for metric in self._tally.metrics:
            getattr(meter, _CREATE[metric.kind].__name__)(
                metric.name, callbacks=[self._observe(metric)], unit=metric.unit, description=metric.says
            )
        spread = [m for m in metrics if m.kind in _SPREAD]
        self._histograms: dict[str, tuple[Histogram, Tagger]] = {m.name: (_histogram(meter, m), Tagger(m)) for m in spread}
        self._made: dict[Any, dict[str, Any]] = {}
        self._by_event = by_event(spread)
        self._id = f"otel-reporter-{bus.new_ref()}"
        self._context_of: ContextOf = _here

    def attach(self, context_of: ContextOf | None = None) -> None:
        """Begin to hear, again or for the first time; ``context_of`` says which span an exemplar shows, else the current one."""
        self._context_of = context_of or _here
        self._tally.attach()
        bus.attach_many(self._id, self._by_event, self._record, keep=True)

    def close(self) -> None:
        """Hear no more; what was counted is still collected."""
        self._tally.detach()
        bus.detach(self._id)

    def _observe(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(options: CallbackOptions) -> Iterable[Observation]:
            return [Observation(value, tags) for tags, value in self._tally.read(metric)]

        return observe

    def _record(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        context = self._context_of(metadata)
        for metric in self._by_event[event]:
            histogram, tagger = self._histograms[metric.name]
            for value, extra in samples(metric, measurements, metadata):
                histogram.record(value, self._attributes(tagger, tagger.tags(metadata, extra)), context)

    def _attributes(self, tagger: Tagger, tags: Tags) -> dict[str, Any]:
        key = (tagger.names, tags)
        made = self._made.get(key)
        if made is None:
            made = {name: tag for name, tag in zip(tagger.names, tags, strict=True) if tag is not None}
            if len(self._made) < _MADE_KEPT:
                self._made[key] = made
        return made


def _histogram(meter: Meter, metric: Metric) -> Histogram:
    return meter.create_histogram(
        metric.name, unit=metric.unit, description=metric.says, explicit_bucket_boundaries_advisory=list(metric.buckets)
    )
