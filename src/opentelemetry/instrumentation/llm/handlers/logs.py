"""Emit the conventions' log events: the exception that ended an operation, and the details of an inference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.trace import Span

from opentelemetry import trace

from .. import context
from ..schema.semconv import DETAILS_EVENT, EVALUATION, EVALUATION_EVENT, EXCEPTION_EVENT


class Logs:
    """Write log events that carry the context of a span."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def exception(self, span: Span, metadata: Mapping[str, Any], message: str | None) -> None:
        """Emit the exception of a failed operation: its type and stack; its text only where contents are shown."""
        attributes = {"exception.type": metadata["error_type"], "exception.stacktrace": metadata["stacktrace"]}
        if message is not None:
            attributes["exception.message"] = message
        self._emit(EXCEPTION_EVENT, SeverityNumber.WARN, span, attributes)

    def details(self, span: Span, attributes: Mapping[str, Any], contents: Mapping[str, Any]) -> None:
        """Emit the details of an inference; contents are structures here."""
        self._emit(DETAILS_EVENT, SeverityNumber.DEBUG, span, {**attributes, **contents})

    def evaluation(self, measurements: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        """Emit the result of an evaluation, on the span that is current."""
        known = {**measurements, **metadata}
        attributes = {name: known[key] for key, name in EVALUATION.items() if key in known}
        self._emit(EVALUATION_EVENT, SeverityNumber.INFO, trace.get_current_span(), attributes)

    def _emit(self, event: str, severity: SeverityNumber, span: Span, attributes: dict[str, Any]) -> None:
        # A record waits in queues; the call that runs here holds contents and must not wait with it.
        beside = context.with_span_only(span)
        self._logger.emit(LogRecord(event_name=event, severity_number=severity, context=beside, attributes=attributes))
