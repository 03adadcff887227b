"""``OTEL_TRACES_EXPORTER=llm_console``: print traces as trees for people.

The SDK loads the exporter by its entry point. A tree is printed when its root span has ended and the SDK exports it. With
``OTEL_BSP_SCHEDULE_DELAY=200`` this takes 200 ms instead of 5 s. A table of totals is printed at the end.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TextIO

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from .console_text import RESENT, Part, Totals, details, failure, is_call, printable
from .terminal import Terminal

_TRACES_KEPT, _SPANS_KEPT, _PRINTED_KEPT = 200, 5000, 1000
_ATTEMPTS = ("ex_llm.provider.request.stop", "ex_llm.provider.request.exception")
# Prefixes of a span line and of the lines below it, if another sibling follows and if none follows.
_GLYPHS = {True: (("├─ ", "│  "), ("└─ ", "   ")), False: (("|- ", "|  "), ("`- ", "   "))}

_Waiting = dict[int, ReadableSpan]


class LiveSpanExporter(SpanExporter):
    """Print each trace as a tree when its root ends, and totals at ``shutdown()``.

    The default of ``stream`` is stdout. Output to a terminal is coloured, unless ``NO_COLOR`` is set.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._terminal = Terminal(self._stream)
        self._glyphs = _GLYPHS[self._terminal.draws]
        self._waiting: OrderedDict[int, _Waiting] = OrderedDict()
        self._printed: OrderedDict[int, dict[int, None]] = OrderedDict()
        self._spans_waiting = 0
        self._totals = Totals()
        self._lock = threading.Lock()
        self._over = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Accept ended spans; print the trees that are complete."""
        with self._lock:
            trees = [tree for span in spans for tree in self._take(span)]
            return self._write("".join(trees))

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Return True: only traces whose root has not ended are kept."""
        return True

    def shutdown(self) -> None:
        """Print incomplete traces and the table of totals."""
        with self._lock:
            if self._over:
                return
            self._over = True
            rest = [self._give_up(trace) for trace in list(self._waiting)]
            table = self._totals.table(self._terminal)
            self._write("".join(rest) + (f"\n{table}\n" if table else ""))

    def _take(self, span: ReadableSpan) -> Iterator[str]:
        trace, number = span.context.trace_id, span.context.span_id
        if is_call(span.attributes or {}):
            self._totals.add(span.attributes or {}, _seconds(span), _failed(span))
        waiting = self._waiting.setdefault(trace, {})
        waiting[number] = span
        self._spans_waiting += 1
        # A span that ends after its root (for example a stream that is read later) has a printed parent and starts a new tree.
        if span.parent is None or span.parent.is_remote or self._has_printed(trace, span.parent.span_id):
            yield self._trees(trace, [span])
        if self._spans_waiting > _SPANS_KEPT:
            yield self._give_up(next(iter(self._waiting)))

    def _has_printed(self, trace: int, number: int) -> bool:
        """Return True if a span was printed; spans found here are remembered longest."""
        printed = self._printed.get(trace)
        if printed is None or number not in printed:
            return False
        printed[number] = printed.pop(number)
        return True

    def _give_up(self, trace: int) -> str:
        waiting = self._waiting[trace]
        return self._trees(trace, [span for span in waiting.values() if span.parent is None or span.parent.span_id not in waiting])

    def _trees(self, trace: int, roots: list[ReadableSpan]) -> str:
        """Return the lines of spans and their descendants, and remove them."""
        waiting = self._waiting[trace]
        below: dict[int, list[ReadableSpan]] = {}
        for span in sorted(waiting.values(), key=_began):
            if span.parent is not None:
                below.setdefault(span.parent.span_id, []).append(span)
        printed = self._printed.setdefault(trace, {})
        lines: list[str] = []
        roots.sort(key=_began)
        todo = [(root, "", "") for root in reversed(roots)]
        while todo:
            span, lead, lead_below = todo.pop()
            number = span.context.span_id
            del waiting[number]
            if len(printed) >= _PRINTED_KEPT:
                printed.pop(next(iter(printed)))
            printed[number] = None
            lines.append(self._terminal.paint(lead, "faint") + self._line(span) + "\n")
            # The last child is put on the stack first, so that the first child is printed first.
            for place, child in enumerate(reversed(below.pop(number, []))):
                turn, further = self._glyphs[place == 0]
                todo.append((child, lead_below + turn, lead_below + further))
        self._spans_waiting -= len(lines)
        if not waiting:
            del self._waiting[trace]
        if len(self._printed) > _TRACES_KEPT:
            self._printed.popitem(last=False)
        return "".join(lines)

    def _line(self, span: ReadableSpan) -> str:
        attributes = span.attributes or {}
        name: Part = (printable(span.name), "bold" if is_call(attributes) else None)
        parts = [name, *details(attributes, _seconds(span), _resent(span))]
        if _failed(span):
            parts.append((failure(attributes, span.status.description), "red"))
        return "  ".join(self._terminal.paint(text, style) for text, style in parts)

    def _write(self, text: str) -> SpanExportResult:
        try:
            if text:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError):  # The stream is closed, or its reader has closed its end.
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def _began(span: ReadableSpan) -> int:
    return span.start_time or 0


def _seconds(span: ReadableSpan) -> float:
    return ((span.end_time or 0) - (span.start_time or 0)) / 1e9


def _failed(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR


def _resent(span: ReadableSpan) -> int:
    resent = (span.attributes or {}).get(RESENT)
    if isinstance(resent, int):
        return resent
    attempts = [(event.attributes or {}).get("attempt", 1) for event in span.events if event.name in _ATTEMPTS]
    return max((attempt for attempt in attempts if isinstance(attempt, int)), default=1) - 1
