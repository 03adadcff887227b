"""Turn events into spans and span events.

A triple of start, stop and exception becomes a span. Any other event becomes a span event. The successful HTTP attempt
of a call and the cost of the call become attributes of its span. They are also span events if the setting
``span_events`` is ``all``, or if the attempt was refused, failed or repeated.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from opentelemetry import trace

from .. import bus, context, fork
from ..baggage import carried
from ..guard import guarded
from ..schema import semconv
from ..schema.bounds import LARGEST_INTEGER, encodable, short
from ..schema.events import CONTENT, EVALUATION, INTERRUPTED, OPERATIONS, STREAM_START
from ..schema.records import Content
from ..settings import Settings
from . import compatibility, content
from .completion_hook import CompletionHook, loaded
from .limits import longest_attribute
from .logs import DEBUG, WARN, Logs

_NO_SPANS = ("ex_llm.stream", "ex_llm.provider.request", "ex_llm.context.truncation")
SPAN_EVENTS = (
    "ex_llm.provider.request.stop", "ex_llm.provider.request.exception", "ex_llm.provider.rate_limit", "ex_llm.provider.auth.refresh",
    "ex_llm.cache.hit", "ex_llm.cache.miss", "ex_llm.cache.put", "ex_llm.cache.evicted",
    "ex_llm.cost.calculated", "ex_llm.cost.threshold_warning", "ex_llm.cost.threshold_exceeded",
    "ex_llm.context.truncation.stop", "ex_llm.context.window_exceeded", "ex_llm.agent.handoff",
)  # fmt: skip
_NOTHING: Mapping[str, Any] = {}
_PHASES = ("*.start", "*.stop", "*.exception")
_MERGED = frozenset(semconv.MCP.values()) - {semconv.TOOL_NAME, semconv.ERROR_TYPE, semconv.MCP["outcome"]}
_SIDES = {"server": SpanKind.SERVER}
_OF_THE_CALL = frozenset({"ref", "provider", "model", "operation", "server_address", "server_port", "in_process", "stacktrace"})
_ABOUT = {
    "ex_llm.cost.calculated": ("cost", "input", "output", "cache_read", "cache_write", "saved", "source", "price_date", "cost_partial"),
}


class OpenSpan:
    """A started span: how to leave its context, and the data for its end."""

    __slots__ = (
        "attempt",
        "before",
        "began",
        "block",
        "captured",
        "contents",
        "context",
        "cost",
        "entered",
        "known",
        "on_response",
        "places",
        "recording",
        "span",
    )

    def __init__(self, began: int) -> None:
        self.began = began
        self.before: Mapping[str, Any] = {}
        """The metadata whose attributes were set when the span started."""
        self.span: Span = trace.INVALID_SPAN
        self.recording = False
        self.entered: context.Entered | None = None
        self.block: tuple[context.Context, context.Context] | None = None
        """The contexts inside and before a block of the application. The block restores
        the second one.
        """
        self.captured: Content | None = None
        """The contents for the completion hook."""
        self.contents: dict[str, Any] | None = None
        self.known: Mapping[str, Any] | None = None
        """The attributes that were set when the span started."""
        self.places: tuple[str, ...] = ()
        """Where these contents are recorded."""
        self.context: context.Context | None = None
        self.attempt: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
        """Measurements and metadata of the HTTP attempt that becomes attributes."""
        self.on_response = False
        """Whether that attempt received a successful response."""
        self.cost: Mapping[str, Any] | None = None

    def leave(self) -> None:
        """Restore the context from before this span. A second call does nothing."""
        entered, self.entered = self.entered, None
        if entered is None:
            # A signal handler may have raised after the context was entered and before its token was stored.
            if self.block is not None and trace.get_current_span() is self.span:
                context.enter(self.block[1])
            return
        if self.block is not None:
            context.leave_block(*self.block, entered)
        # A response that is read later ends after its frame was left. Another span is current then, and nothing is restored.
        elif trace.get_current_span() is self.span:
            context.leave(entered)


_living: weakref.WeakSet[Spans] = weakref.WeakSet()


def _forked() -> None:
    for spans in list(_living):
        spans.leave_to_the_parent()


fork.in_child(_forked)


class Spans:
    """Handle events and create spans. ``attach`` starts it, ``close`` stops it."""

    id = "ex_llm.spans"

    def __init__(self, tracer: Tracer, logs: Logs, settings: Settings) -> None:
        self._tracer, self._logs, self._settings = tracer, logs, settings
        self._open: dict[Any, OpenSpan] = {}
        _living.add(self)
        self._details, self._always = settings.emit_event is not False, settings.emit_event is True
        hook = loaded(settings.completion_hook)
        self._hook = None if hook is None else CompletionHook(hook, settings)
        self._all_events = settings.span_events == "all"

    def attach(self) -> None:
        """Attach to the events."""
        bus.attach_many(self.id, (*_PHASES, *SPAN_EVENTS[2:], CONTENT, EVALUATION, INTERRUPTED), self.handle, keep=True)

    def close(self) -> None:
        """Detach from the events, and end the spans of everything that still runs."""
        bus.detach(self.id)
        while self._open:
            _, opened = self._open.popitem()
            guarded(opened.leave)
            guarded(opened.span.end)

    def leave_to_the_parent(self) -> None:
        """In a forked child, drop the spans that the parent started and will end."""
        self._open.clear()

    def context_of(self, metadata: Mapping[str, Any]) -> Any:
        """Return the context of the span that an event of a stream belongs to.

        Return None for any other event: it is emitted while its own span is current.
        """
        opened = self._open.get(metadata.get("ref")) if metadata.get("stream") else None
        if opened is None:
            return None
        if opened.context is None:
            opened.context = trace.set_span_in_context(opened.span)
        return opened.context

    def handle(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        """Handle one event."""
        step = _STEPS.get(event)
        if step is not None:
            step(self, event, measurements, metadata)
            return
        name, _, phase = event.rpartition(".")
        if metadata.get("native"):
            # The framework creates the span itself, or the step is a part of a span that is already open.
            if (around := self._open.get(metadata.get("merged"))) is not None:
                guarded(self._merge, around, metadata)
        elif name not in _NO_SPANS and metadata.get("ref") is not None:
            if phase == "start":
                self._start(name, measurements, metadata)
            elif (opened := self._open.get(metadata["ref"])) is not None:
                failed = phase == "exception"
                if opened.entered is not None:
                    guarded(opened.leave)
                if failed:
                    # Set alone and first, because the error status is the most important value of a failed span.
                    guarded(_set_failed, opened.span, metadata.get("reason"))
                try:
                    self._complete(opened, metadata, failed)
                finally:
                    if metadata["ref"] in self._open:  # uninstrument() in another thread may have ended the span.
                        opened.span.end(opened.began + measurements.get("duration", 0))
                    self._open.pop(metadata["ref"], None)

    def _merge(self, around: OpenSpan, metadata: Mapping[str, Any]) -> None:
        """Add attributes that only a nested step has to the span around it."""
        added = semconv.known(metadata.copy())  # type: ignore[attr-defined]
        around.span.set_attributes({key: value for key, value in added.items() if key in _MERGED})

    def _start(self, name: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        ours = metadata.get("operation") in OPERATIONS
        # Copied, because a dict is read at half the cost of the read-only proxy from the bus.
        given = metadata.copy()  # type: ignore[attr-defined]
        known = guarded(semconv.known if ours else self._of_the_application, given)
        span_name = guarded(semconv.span_name, given, default=name) if ours else short(name)
        began = measurements["system_time"]
        kind = _SIDES.get(metadata.get("side", ""), SpanKind.CLIENT) if ours and not metadata.get("in_process") else SpanKind.INTERNAL
        # Register the span before starting it, so that it is ended even if a later line fails.
        opened = self._open[given["ref"]] = OpenSpan(began)
        opened.span = self._tracer.start_span(span_name, kind=kind, attributes=known, start_time=began)
        opened.recording = opened.span.is_recording()
        if not ours:
            opened.block = (context.here(), context.here())
        opened.entered = guarded(context.enter_span, opened.span)
        if opened.block is not None:
            opened.block = (context.here(), opened.block[1])
        if known is not None:
            opened.before, opened.known = given, known

    def _of_the_application(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {**carried(self._settings.span_baggage_keys), **_as_given(given)}

    def _left(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        if (opened := self._open.get(metadata.get("ref"))) is not None:
            opened.leave()

    def _cut(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """End a span that is still open after the end of its call was interrupted."""
        opened, kind = self._open.pop(metadata["ref"], None), metadata["kind"]
        if opened is not None:
            if trace.get_current_span() is opened.span:
                guarded(opened.leave)
            if opened.span.is_recording():
                opened.span.set_status(Status(StatusCode.ERROR, kind))
                opened.span.set_attribute(semconv.ERROR_TYPE, kind)
                opened.span.end(measurements["system_time"])

    def _complete(self, opened: OpenSpan, metadata: Mapping[str, Any], failed: bool) -> None:
        """Set the last attributes of a span that is recorded, and emit the log events.

        The log events do not depend on the sampling of the span.
        """
        operation = OPERATIONS.get(metadata.get("operation", ""))
        contents, message = opened.contents, None
        if contents is not None:
            message = contents.pop("exception_message", None)
        # By default the event accompanies each recorded span. It needs no span if a setting asks for it, or if it has contents.
        details = (
            operation is not None
            and operation.inference
            and self._details
            and (opened.recording or self._always or "event" in opened.places)
            and self._logs.enabled(severity_number=DEBUG, event_name=semconv.DETAILS_EVENT)
        )
        known: dict[str, Any] | None = None
        if opened.recording:
            if failed:
                guarded(_fail, opened.span, metadata, message if "span" in opened.places else None)
            needed = details or bool(self._settings.compatibility)
            known = guarded(self._show_end, opened, metadata, operation is not None, needed)
            shown = contents if contents and "span" in opened.places else None
            if shown:
                guarded(_show, opened.span, shown, self._settings.structured_content)
            if self._settings.compatibility and operation is not None:
                guarded(self._add_other_names, opened.span, known or {}, shown or {})
        if failed and operation is not None and "stacktrace" in metadata:
            self._exception(opened, metadata, message)
        hook = None if opened.captured is None else partial(self._call_hook, opened, metadata)
        if details:
            attributes = known if known is not None else guarded(semconv.known, metadata, default={})
            guarded(self._logs.details, opened.span, attributes, contents or {} if "event" in opened.places else {}, hook)
        elif hook is not None:
            guarded(hook, None)

    def _call_hook(self, opened: OpenSpan, metadata: Mapping[str, Any], record: Any) -> None:
        captured, opened.captured = opened.captured, None
        if self._hook is not None and captured is not None:
            self._hook.call(captured, metadata.get("operation"), opened.span if opened.recording else None, record)

    def _add_other_names(self, span: Span, known: Mapping[str, Any], contents: Mapping[str, Any]) -> None:
        span.set_attributes(compatibility.added(self._settings.compatibility, {**known, **contents}))

    def _exception(self, opened: OpenSpan, metadata: Mapping[str, Any], message: str | None) -> None:
        name = semconv.exception_event(metadata["operation"])
        if self._settings.exceptions != "span" and self._logs.enabled(severity_number=WARN, event_name=name):
            guarded(self._logs.exception, name, opened.span, metadata, message if "event" in opened.places else None)
        if self._settings.exceptions != "log" and opened.recording:
            attributes = semconv.exception(metadata, message if "span" in opened.places else None)
            guarded(opened.span.add_event, "exception", attributes)

    def _show_end(self, opened: OpenSpan, metadata: Mapping[str, Any], ours: bool, needed: bool) -> dict[str, Any] | None:
        """Set all attributes that were not set at the start, in one batch.

        Return the attributes of start and end if they are needed.
        """
        given = metadata.copy()  # type: ignore[attr-defined]
        new = guarded(semconv.known if ours else _as_given, given, opened.before, default={})
        if not self._settings.agent_totals and given.get("operation") in ("invoke_agent", "invoke_workflow"):
            new = {name: value for name, value in new.items() if name not in semconv.TOTALS}
        known = {**(opened.known or _NOTHING), **new} if needed else None
        if opened.attempt is not None:
            new.update(guarded(semconv.attempt, *opened.attempt, default={}))
        if opened.cost is not None:
            new.update(guarded(semconv.cost, opened.cost, default={}))
        opened.span.set_attributes(new)
        return known

    def _attempted(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Keep the successful attempt for the span's attributes; others are span events."""
        opened = self._open.get(metadata.get("ref"))
        if opened is None:
            self._span_event(event, measurements, metadata)
        elif opened.recording:
            answered = metadata.get("status", 0) < 400
            sound = answered and metadata.get("attempt") == 1 and opened.attempt is None
            if not opened.on_response:
                opened.attempt, opened.on_response = (measurements, metadata), answered
            if self._all_events or not sound:
                self._span_event(event, measurements, metadata)

    def _cost(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        opened = self._open.get(metadata.get("ref"))
        if opened is not None:
            opened.cost = metadata
        if opened is None or self._all_events:
            self._span_event(event, measurements, metadata)

    def _evaluated(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        self._logs.evaluation(measurements, metadata)

    def _contents(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        opened = self._open.get(metadata.get("ref"))
        if opened is None:
            return
        captured = metadata["content"]
        opened.places = self._settings.capture_message_content if captured.places is None else captured.places
        operation = OPERATIONS.get(metadata.get("operation", ""))
        if self._hook is not None and operation is not None and operation.inference:
            opened.captured = captured
        on_span = opened.recording and "span" in opened.places
        if on_span or (
            "event" in opened.places and self._details and self._logs.enabled(severity_number=DEBUG, event_name=semconv.DETAILS_EVENT)
        ):
            limit = longest_attribute(opened.span) if on_span and not self._settings.structured_content else None
            opened.contents = content.shown(captured, self._settings, limit, metadata.get("operation"))

    def _span_event(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        opened = self._open.get(metadata.get("ref"))
        span = trace.get_current_span() if opened is None else opened.span
        if not span.is_recording():
            return
        merged = {**measurements, **metadata}
        keys = _ABOUT.get(event) or [key for key in merged if key not in _OF_THE_CALL]
        span.add_event(event, _scalars(merged, keys))


_STEPS: Mapping[str, Callable[[Spans, str, Mapping[str, Any], Mapping[str, Any]], None]] = {
    **dict.fromkeys(SPAN_EVENTS, Spans._span_event),
    STREAM_START: Spans._left,
    CONTENT: Spans._contents,
    EVALUATION: Spans._evaluated,
    INTERRUPTED: Spans._cut,
    "ex_llm.provider.request.stop": Spans._attempted,
    "ex_llm.cost.calculated": Spans._cost,
}


def _set_failed(span: Span, reason: Any) -> None:
    span.set_status(Status(StatusCode.ERROR, short(reason) if isinstance(reason, str) else None))


def _fail(span: Span, metadata: Mapping[str, Any], message: str | None) -> None:
    span.set_attribute(semconv.ERROR_TYPE, metadata.get("error_type") or "_OTHER")
    if message:
        span.set_status(Status(StatusCode.ERROR, message))


def _show(span: Span, contents: dict[str, Any], structured: bool) -> None:
    span.set_attributes(content.as_attributes(contents, structured))


def _as_given(metadata: Mapping[str, Any], before: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    apart = ("ref", "stacktrace", "kind", "reason")
    return _scalars(metadata, (key for key in metadata if key not in apart and metadata[key] is not before.get(key)))


def _scalars(merged: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values that an attribute can hold.

    Integers of more than 64 bits are left out, like all other types.
    """
    found: dict[str, Any] = {}
    for key in keys:
        value = merged.get(key)
        if isinstance(value, str):
            found[short(key)] = encodable(value)
        elif isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST_INTEGER):
            found[short(key)] = value
    return found
