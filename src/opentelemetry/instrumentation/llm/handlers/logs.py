"""Emit the log events of the semantic conventions.

They are the exception that ended an operation, the details of an inference, and the result of an evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.trace import Span

from opentelemetry import trace

from .. import context
from ..schema.semconv import DETAILS_EVENT, EVALUATION, EVALUATION_EVENT
from ..schema.semconv import exception as exception_attributes

DEBUG, INFO, WARN = SeverityNumber.DEBUG, SeverityNumber.INFO, SeverityNumber.WARN


class Logs:
    """Emit log events with the context of a span."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        # Releases of the API before 1.45 have no such question.
        self._enabled = getattr(logger, "enabled", None)

    def enabled(self, event: str, severity: SeverityNumber) -> bool:
        """Return whether the logger takes such an event; asked before it is made."""
        return self._enabled is None or self._enabled(severity_number=severity, event_name=event) is not False

    def exception(self, event: str, span: Span, metadata: Mapping[str, Any], message: str | None) -> None:
        """Emit the exception of a failed operation: type, stack trace, captured message."""
        self._emit(event, WARN, span, exception_attributes(metadata, message))

    def details(self, span: Span, attributes: Mapping[str, Any], contents: Mapping[str, Any]) -> None:
        """Emit the details of an inference. Contents are structures."""
        self._emit(DETAILS_EVENT, DEBUG, span, {**attributes, **contents})

    def evaluation(self, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Emit the result of an evaluation, in the context of the current span."""
        if not self.enabled(EVALUATION_EVENT, INFO):
            return
        known = {**measurements, **metadata}
        attributes = {name: known[key] for key, name in EVALUATION.items() if key in known}
        self._emit(EVALUATION_EVENT, INFO, trace.get_current_span(), attributes)

    def _emit(self, event: str, severity: SeverityNumber, span: Span, attributes: dict[str, Any]) -> None:
        # The record may wait in queues. Its context contains the span only, because a running call refers to contents.
        span_only = context.with_span_only(span)
        self._logger.emit(LogRecord(event_name=event, severity_number=severity, context=span_only, attributes=attributes))
