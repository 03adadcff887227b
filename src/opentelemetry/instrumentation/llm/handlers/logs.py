"""Emit the log events of the semantic conventions.

They are the exception that ended an operation, the details of an inference, and the result of an evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.trace import Span

from opentelemetry import trace

from .. import context
from ..guard import guarded
from ..schema.semconv import DETAILS_EVENT, EVALUATION, EVALUATION_EVENT
from ..schema.semconv import exception as exception_attributes

DEBUG, INFO, WARN = SeverityNumber.DEBUG, SeverityNumber.INFO, SeverityNumber.WARN


def _always(**question: Any) -> bool:
    return True


class Logs:
    """Emit log events with the context of a span."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self.enabled: Callable[..., bool] = getattr(logger, "enabled", _always)
        """Ask the logger whether it takes an event, before the event is made.

        Called with ``severity_number`` and ``event_name``. Releases of the API before 1.45 have no such question.
        """

    def exception(self, event: str, span: Span, metadata: Mapping[str, Any], message: str | None) -> None:
        """Emit the exception of a failed operation: type, stack trace, captured message."""
        self._emit(event, WARN, span, exception_attributes(metadata, message))

    def details(
        self, span: Span, attributes: Mapping[str, Any], contents: Mapping[str, Any], before: Callable[[LogRecord], None] | None = None
    ) -> None:
        """Emit the details of an inference. Contents are structures.

        ``before`` receives the record before it is emitted, and may add attributes.
        """
        self._emit(DETAILS_EVENT, DEBUG, span, {**attributes, **contents}, before)

    def evaluation(self, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Emit the result of an evaluation, in the context of the current span."""
        if not self.enabled(severity_number=INFO, event_name=EVALUATION_EVENT):
            return
        known = {**measurements, **metadata}
        attributes = {name: known[key] for key, name in EVALUATION.items() if key in known}
        self._emit(EVALUATION_EVENT, INFO, trace.get_current_span(), attributes)

    def _emit(
        self,
        event: str,
        severity: SeverityNumber,
        span: Span,
        attributes: dict[str, Any],
        before: Callable[[LogRecord], None] | None = None,
    ) -> None:
        # The record may wait in queues. Its context contains the span only, because a running call refers to contents.
        span_only = context.with_span_only(span)
        record = LogRecord(event_name=event, severity_number=severity, context=span_only, attributes=attributes)
        if before is not None:
            guarded(before, record)
        self._logger.emit(record)
