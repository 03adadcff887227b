"""Report metrics to OpenTelemetry.

Values are aggregated as plain numbers and passed to the SDK when it collects.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from opentelemetry import trace

from .. import bus
from ..fork import register_at_fork
from ..metrics import Metric
from . import otel_spreads
from .aggregation import Aggregator
from .amounts import SPREAD_KINDS, by_event, numbers
from .tags import TagMapper

_logger = logging.getLogger(__name__)

ContextOf = Callable[[Mapping[str, Any]], Any]
"""Return the OpenTelemetry context for event metadata; ``None`` means the current
context.
"""

_CREATE = {
    "counter": Meter.create_observable_counter,
    "total": Meter.create_observable_counter,
    "level": Meter.create_observable_up_down_counter,
    "last_value": Meter.create_observable_gauge,
}


_SUMS = ("counter", "total")
_Observed = dict[tuple[tuple[str, Any], ...], Any]


def _here(metadata: Mapping[str, Any]) -> None:
    return None


class OtelReporter:
    """Report ``metrics`` through an OpenTelemetry ``meter``.

    Histogram values are passed to ``record`` directly until an SDK is configured, and permanently if the SDK does not
    aggregate them as expected (see ``otel_spreads``). Otherwise they are aggregated here and passed on when the SDK collects.
    """

    def __init__(self, metrics: Iterable[Metric], meter: Meter) -> None:
        self.metrics = metrics = list(metrics)
        spread = [metric for metric in metrics if metric.kind in SPREAD_KINDS]
        counted = [metric for metric in metrics if metric.kind not in SPREAD_KINDS]
        self._tally = Aggregator(counted, self._mark)
        self._tally.before = self._before
        self._histograms = {metric.name: _histogram(meter, metric) for metric in spread}
        self._kept: list[Metric] = []
        self._recorded = by_event(spread)
        self._singly: dict[str, list[Metric]] = {}
        self._taggers = {metric.name: TagMapper(metric) for metric in spread}
        self._undecided = spread
        self._deciding = threading.RLock()
        self._observed: dict[str, _Observed] = {}
        self._inherited: dict[str, _Observed] = {}
        for number, metric in enumerate(counted):
            callback = self._first(metric) if number == 0 else self._observe(metric)
            create = getattr(meter, _CREATE[metric.kind].__name__)
            create(metric.name, callbacks=[callback], unit=metric.unit, description=metric.description)
        self._id = f"otel-reporter-{bus.new_ref()}"
        self._events = list(by_event(metrics))
        self._context_of: ContextOf = _here
        register_at_fork(self)

    def attach(self, context_of: ContextOf | None = None) -> None:
        """Start or resume reporting.

        ``context_of`` selects the span of an exemplar; the default is the current span.
        """
        self._context_of = context_of or _here
        bus.attach_many(self._id, self._events, self._tally.handle, keep=True)
        if self._singly:
            bus.attach_many(f"{self._id}-singly", self._singly, self._handle_singly, keep=True)

    def close(self) -> None:
        """Stop counting. Values that were counted before can still be collected."""
        bus.detach(self._id)
        bus.detach(f"{self._id}-singly")

    def after_fork_in_child(self) -> None:
        """Start from zero in a forked child: the parent reports its own numbers.

        With delta temporality, the SDK needs the values that this process reported last, to compute differences.
        """
        self._deciding = threading.RLock()
        delta = any(otel_spreads.reports_differences(histogram) for histogram in self._histograms.values())
        self._inherited = dict(self._observed) if delta else {}

    def _before(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Record the values of histograms that are not aggregated here."""
        if self._undecided:
            with self._deciding:
                self._decide()
        if event in self._recorded:
            self._record(self._recorded[event], measurements, metadata)

    def _handle_singly(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        self._record(self._singly[event], measurements, metadata)

    def _decide(self) -> None:
        """Choose how each histogram passes its values to the SDK, once it is configured."""
        undecided = self._undecided
        if not undecided or otel_spreads.instrument_of(self._histograms[undecided[0].name]) is None:
            return
        # The callback of a counter passes on the aggregated values, so at least one counter is needed.
        sound = bool(self._tally.metrics) and otel_spreads.proved()
        kept = [metric for metric in undecided if sound and otel_spreads.fits(self._histograms[metric.name], metric.buckets)]
        if not self._tally.extend(kept):
            return
        self._undecided, self._kept = [], kept
        recorded = [metric for metric in undecided if metric not in kept]
        self._recorded = by_event(metric for metric in recorded if metric.singly is None)
        self._singly = by_event(metric.singly for metric in recorded if metric.singly is not None)
        if not self._recorded:
            self._tally.before = None
        if self._singly:
            bus.attach_many(f"{self._id}-singly", self._singly, self._handle_singly, keep=True)

    def _mark(self, metadata: Mapping[str, Any]) -> Any:
        """Return the time and span of an exemplar; ``None`` outside a sampled span."""
        span_context = trace.get_current_span(self._context_of(metadata)).get_span_context()
        return (time.time_ns(), span_context) if span_context.trace_flags & 1 and span_context.is_valid else None

    def _record(self, metrics: Iterable[Metric], measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        context = self._context_of(metadata)
        for metric in metrics:
            tagger = self._taggers[metric.name]
            for value, extra in numbers(metric, measurements, metadata):
                tags = tagger.tags(metadata, extra)
                attributes = {name: tag for name, tag in zip(tagger.names, tags, strict=True) if tag is not None}
                self._histograms[metric.name].record(value, attributes, context)

    def _first(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        observe = self._observe(metric)

        def hand_over_and_observe(options: CallbackOptions) -> Iterable[Observation]:
            self._hand_over()
            return observe(options)

        return hand_over_and_observe

    def _hand_over(self) -> None:
        taken: dict[str, list[Any]] = {}
        for metric, attributes, spread in self._tally.take(self._kept):
            taken.setdefault(metric.name, []).append((attributes, spread))
        for name, spreads in taken.items():
            try:
                otel_spreads.hand_over(self._histograms[name], spreads)
            except Exception:
                # Counters are still collected, and the SDK does not log into the application's output.
                _logger.debug("values of %s could not be handed over", name, exc_info=True)

    def _observe(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(options: CallbackOptions) -> Iterable[Observation]:
            found = {tuple(tags.items()): value for tags, value in self._tally.read(metric)}
            if metric.kind in _SUMS:
                for tags, value in self._inherited.get(metric.name, {}).items():
                    found[tags] = found.get(tags, 0) + value
                self._observed[metric.name] = found
            return [Observation(value, dict(tags)) for tags, value in found.items()]

        return observe


def _histogram(meter: Meter, metric: Metric) -> Histogram:
    return meter.create_histogram(
        metric.name, unit=metric.unit, description=metric.description, explicit_bucket_boundaries_advisory=list(metric.buckets)
    )
