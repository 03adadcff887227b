"""Record spans, metrics and events in memory, from plain descriptions.

`specimens` describes valid telemetry; tests change a description, record it and pass the exported data to the checker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, TraceFlags, set_span_in_context

from .checker import SamplingRecorder
from .registry import METRICS

SECONDS = 2.0
START = 1_700_000_000_000_000_000

Attributes = Mapping[str, Any]


@dataclass(frozen=True)
class Specimen:
    """A span to record; `late` attributes are set after the start, None is unset."""

    name: str
    kind: SpanKind
    attributes: Attributes
    status: Status | None = None
    late: frozenset[str] = frozenset()
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A metric to record; None means the value of the conventions."""

    name: str
    amount: float
    attributes: Attributes
    instrument: str | None = None
    unit: str | None = None
    boundaries: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Note:
    """Describe an event to emit; `place` is a trace id and a span id."""

    name: str | None
    attributes: Attributes
    severity: SeverityNumber | None = None
    place: tuple[int, int] | None = (1, 1)
    body: str | None = None
    exception: BaseException | None = None


@dataclass
class Telemetry:
    """Hold the SDK's in-memory exporters and record specimens into them."""

    recorder: SamplingRecorder = field(default_factory=SamplingRecorder)
    span_exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    log_exporter: InMemoryLogRecordExporter = field(default_factory=InMemoryLogRecordExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        """Build the three providers."""
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(self.recorder)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.span_exporter))
        self.loggers = LoggerProvider(shutdown_on_exit=False)
        self.loggers.add_log_record_processor(SimpleLogRecordProcessor(self.log_exporter))
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)

    def record(self, specimen: Specimen) -> tuple[int, int]:
        """Record a span and give its place."""
        given = {name: value for name, value in specimen.attributes.items() if value is not None}
        at_start = {name: value for name, value in given.items() if name not in specimen.late}
        span = self.tracers.get_tracer("specimens").start_span(specimen.name, kind=specimen.kind, attributes=at_start, start_time=START)
        for name in specimen.late:
            span.set_attribute(name, given[name])
        for event in specimen.events:
            span.add_event(event)
        if specimen.status is not None:
            span.set_status(specimen.status)
        span.end(START + int(SECONDS * 1e9))
        return span.get_span_context().trace_id, span.get_span_context().span_id

    def measure(self, reading: Reading) -> None:
        """Record a measurement with an instrument made for it."""
        known = METRICS.get(reading.name)
        unit = reading.unit if reading.unit is not None else known.unit if known else "1"
        boundaries = reading.boundaries if reading.boundaries is not None else known.boundaries if known else ()
        meter = self.meters.get_meter("specimens")
        given = {name: value for name, value in reading.attributes.items() if value is not None}
        if (reading.instrument or (known.instrument if known else "histogram")) == "histogram":
            advised = {"explicit_bucket_boundaries_advisory": list(boundaries)} if boundaries else {}
            meter.create_histogram(reading.name, unit=unit, **advised).record(reading.amount, given)  # type: ignore[arg-type]
        elif reading.instrument == "gauge":
            meter.create_gauge(reading.name, unit=unit).set(reading.amount, given)
        else:
            meter.create_counter(reading.name, unit=unit).add(reading.amount, given)

    def note(self, note: Note) -> None:
        """Emit an event."""
        context = None
        if note.place is not None:
            context = set_span_in_context(NonRecordingSpan(SpanContext(*note.place, is_remote=False, trace_flags=TraceFlags(1))))
        self.loggers.get_logger("specimens").emit(
            event_name=note.name,
            severity_number=note.severity,
            context=context,
            body=note.body,
            exception=note.exception,
            attributes={name: value for name, value in note.attributes.items() if value is not None},
        )


@contextmanager
def telemetry() -> Iterator[Telemetry]:
    """Give a fresh `Telemetry` and shut its providers down afterwards."""
    fresh = Telemetry()
    try:
        yield fresh
    finally:
        for provider in (fresh.tracers, fresh.loggers, fresh.meters):
            provider.shutdown()
