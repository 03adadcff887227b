"""``OTEL_TRACES_EXPORTER=llm_jsonl``: write a line of JSON for each call.

The lines are data for evaluations and data sets: model, parameters, usage, cost, and contents where they are captured.
The file is that of ``OTEL_INSTRUMENTATION_LLM_JSONL_FILE``, by default ``llm-calls.jsonl``. Lines are appended.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from ..settings import JsonLinesSettings

_OPERATION = "gen_ai.operation.name"
_JSON = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions")
"""Attributes that are JSON text on spans; the lines have the structures."""


class JsonLinesExporter(SpanExporter):
    """Append spans with an operation to a file; other spans are left out.

    A file that cannot be written makes the export fail; the application is not affected.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = Path(JsonLinesSettings.read({"file": path}).file)
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append one line for each span of a call, an agent or a tool."""
        lines = [_line(span) for span in spans if span.attributes and _OPERATION in span.attributes]
        try:
            if lines:
                with self._lock, self._path.open("a", encoding="utf-8") as file:
                    file.write("".join(f"{line}\n" for line in lines))
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True: each line is written at once."""
        return True


def _line(span: ReadableSpan) -> str:
    attributes = {key: _structure(key, value) for key, value in (span.attributes or {}).items()}
    identity = span.get_span_context()
    line: dict[str, Any] = {
        "trace_id": f"{identity.trace_id:032x}" if identity else None,
        "span_id": f"{identity.span_id:016x}" if identity else None,
        "parent_span_id": f"{span.parent.span_id:016x}" if span.parent else None,
        "name": span.name,
        "start_unix_nano": span.start_time,
        "end_unix_nano": span.end_time,
        "status": span.status.status_code.name,
        "attributes": attributes,
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


def _structure(key: str, value: Any) -> Any:
    if key in _JSON and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return list(value) if isinstance(value, tuple) else value
