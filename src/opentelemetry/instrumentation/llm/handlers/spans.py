"""Turn events into spans: a triple of start, stop and exception is a span, every other event a span event on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from opentelemetry import trace

from .. import bus, context
from ..guard import guarded
from ..schema import semconv
from ..schema.bounds import LARGEST_INTEGER, encodable, short
from ..schema.events import CONTENT, EVALUATION, INTERRUPTED, OPERATIONS, STREAM_START
from ..settings import Settings
from . import content
from .logs import Logs

_NO_SPANS = ("ex_llm.stream", "ex_llm.provider.request", "ex_llm.context.truncation")
SPAN_EVENTS = (
    "ex_llm.provider.request.stop", "ex_llm.provider.request.exception", "ex_llm.provider.rate_limit", "ex_llm.provider.auth.refresh",
    "ex_llm.cache.hit", "ex_llm.cache.miss", "ex_llm.cache.put", "ex_llm.cache.evicted",
    "ex_llm.cost.calculated", "ex_llm.cost.threshold_warning", "ex_llm.cost.threshold_exceeded",
    "ex_llm.context.truncation.stop", "ex_llm.context.window_exceeded", "ex_llm.agent.handoff",
)  # fmt: skip
_PHASES = ("*.start", "*.stop", "*.exception")
_SIDES = {"server": SpanKind.SERVER}
_OF_THE_CALL = frozenset({"ref", "provider", "model", "operation", "server_address", "server_port", "in_process", "stacktrace"})
_ABOUT = {
    "ex_llm.cost.calculated": ("cost", "input", "output", "cache_read", "cache_write", "saved", "source", "price_date", "cost_partial"),
}


class Open:
    """A span that has begun: how to leave its context, and what is known for its end."""

    __slots__ = ("began", "contents", "context", "entered", "known", "span")

    def __init__(self, began: int, known: dict[str, Any]) -> None:
        self.began, self.known = began, known
        self.span: Span = trace.INVALID_SPAN
        self.entered: context.Entered | None = None
        self.contents: dict[str, Any] = {}
        self.context: context.Context | None = None

    def leave(self) -> None:
        """Make what was current before the current one again, once."""
        entered, self.entered = self.entered, None
        # An answer that is read later ends after its frame has left: then the current span is not this one any more.
        if entered is not None and trace.get_current_span() is self.span:
            context.leave(entered)


class Spans:
    """Hear events and make spans of them; ``attach`` and ``close`` switch it on and off."""

    id = "ex_llm.spans"

    def __init__(self, tracer: Tracer, logs: Logs, settings: Settings) -> None:
        self._tracer, self._logs, self._settings = tracer, logs, settings
        self._open: dict[Any, Open] = {}

    def attach(self) -> None:
        """Begin to hear."""
        bus.attach_many(self.id, (*_PHASES, *SPAN_EVENTS[2:], CONTENT, EVALUATION, INTERRUPTED), self.hear, keep=True)

    def close(self) -> None:
        """Hear no more."""
        bus.detach(self.id)

    def context_of(self, metadata: Mapping[str, Any]) -> Any:
        """Return the context of the span that an event of a stream belongs to; whatever else is said is said in its own."""
        opened = self._open.get(metadata.get("ref")) if metadata.get("stream") else None
        if opened is None:
            return None
        if opened.context is None:
            opened.context = trace.set_span_in_context(opened.span)
        return opened.context

    def hear(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        """Take one event in."""
        name, _, phase = event.rpartition(".")
        if event == STREAM_START:
            if (opened := self._open.get(metadata.get("ref"))) is not None:
                opened.leave()
        elif event == CONTENT:
            self._contents(metadata)
        elif event == EVALUATION:
            self._logs.evaluation(measurements, metadata)
        elif event in SPAN_EVENTS:
            self._span_event(event, measurements, metadata)
        elif event == INTERRUPTED:
            self._cut(metadata["ref"], metadata["kind"], measurements["system_time"])
        elif name not in _NO_SPANS and metadata.get("ref") is not None and not metadata.get("native"):
            if phase == "start":
                self._start(name, measurements, metadata)
            elif (opened := self._open.get(metadata["ref"])) is not None:
                guarded(opened.leave)
                if phase == "exception":
                    # By itself and first of all: it is the one thing that nobody can do without.
                    guarded(_set_failed, opened.span, metadata.get("reason"))
                try:
                    self._complete(opened, metadata, failed=phase == "exception")
                finally:
                    opened.span.end(opened.began + measurements.get("duration", 0))
                    self._open.pop(metadata["ref"], None)

    def _cut(self, ref: Any, kind: str, ended_at: int) -> None:
        """End the span of a run whose own end was interrupted, if it is still open."""
        opened = self._open.pop(ref, None)
        if opened is not None:
            guarded(opened.leave)
            if opened.span.is_recording():
                opened.span.set_status(Status(StatusCode.ERROR, kind))
                opened.span.set_attribute(semconv.ERROR_TYPE, kind)
                opened.span.end(ended_at)

    def _start(self, name: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        ours = metadata.get("operation") in OPERATIONS
        known = guarded(_attributes, ours, metadata, otherwise={})
        span_name = guarded(semconv.span_name, metadata, otherwise=name) if ours else name
        began = measurements["system_time"]
        kind = _SIDES.get(metadata.get("side", ""), SpanKind.CLIENT) if ours and not metadata.get("in_process") else SpanKind.INTERNAL
        # Written down before it begins, so that a span which has begun ends whatever happens here.
        opened = self._open[metadata["ref"]] = Open(began, known)
        opened.span = self._tracer.start_span(span_name, kind=kind, attributes=known, start_time=began)
        opened.entered = guarded(context.enter_span, opened.span)

    def _complete(self, opened: Open, metadata: Mapping[str, Any], failed: bool) -> None:
        if not opened.span.is_recording():
            return
        ours = metadata.get("operation") in OPERATIONS
        known = guarded(_attributes, ours, metadata, otherwise=opened.known)
        contents = dict(opened.contents)
        message = contents.pop("exception_message", None)
        in_span, in_events = (place in self._settings.capture_message_content for place in ("span", "event"))
        if failed:
            guarded(_fail, opened.span, metadata, message if in_span else None)
        if not self._settings.agent_totals and metadata.get("operation") in ("invoke_agent", "invoke_workflow"):
            known = {k: v for k, v in known.items() if k not in semconv.TOTALS}
        guarded(opened.span.set_attributes, {k: v for k, v in known.items() if opened.known.get(k) != v})
        if in_span:
            guarded(_show, opened.span, contents, self._settings.structured_content)
        if failed and ours and "stacktrace" in metadata:
            guarded(self._logs.exception, opened.span, metadata, message if in_events else None)
        if ours and OPERATIONS[metadata["operation"]].inference and (in_events or self._settings.emit_event):
            guarded(self._logs.details, opened.span, known, contents if in_events else {})

    def _contents(self, metadata: Mapping[str, Any]) -> None:
        opened = self._open.get(metadata.get("ref"))
        if opened is not None and opened.span.is_recording():
            opened.contents = content.shown(metadata["content"], self._settings)

    def _span_event(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        opened = self._open.get(metadata.get("ref"))
        span = trace.get_current_span() if opened is None else opened.span
        if not span.is_recording():
            return
        told = {**measurements, **metadata}
        keys = _ABOUT.get(event) or [key for key in told if key not in _OF_THE_CALL]
        span.add_event(event, _scalars(told, keys))


def _attributes(ours: bool, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {**semconv.who(metadata), **semconv.known(metadata)} if ours else _as_given(metadata)


def _set_failed(span: Span, reason: Any) -> None:
    span.set_status(Status(StatusCode.ERROR, short(reason) if isinstance(reason, str) else None))


def _fail(span: Span, metadata: Mapping[str, Any], message: str | None) -> None:
    span.set_attribute(semconv.ERROR_TYPE, metadata.get("error_type") or "_OTHER")
    if message:
        span.set_status(Status(StatusCode.ERROR, message))


def _show(span: Span, contents: dict[str, Any], structured: bool) -> None:
    span.set_attributes(content.as_attributes(contents, structured))


def _as_given(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return _scalars(metadata, (key for key in metadata if key not in ("ref", "stacktrace", "kind", "reason")))


def _scalars(told: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values that an attribute can hold; an integer past 64 bits is left out, as everything else is."""
    found: dict[str, Any] = {}
    for key in keys:
        value = told.get(key)
        if isinstance(value, str):
            found[key] = encodable(value)
        elif isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST_INTEGER):
            found[key] = value
    return found
