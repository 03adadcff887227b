"""Record everything that an application can observe while a script runs.

The same script records the same account with and without instrumentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from harness.observation.descriptions import described, described_exception, surface
from opentelemetry import trace

OURS = SpanContext(trace_id=0x5EED, span_id=0xA99, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
"""Span of the application. Calls are its children and leave it current."""
_OURS = str(Path("opentelemetry", "instrumentation", "llm"))


@contextmanager
def application_span() -> Iterator[None]:
    """Let the application's own span be current while the block runs."""
    with trace.use_span(NonRecordingSpan(OURS)):
        yield


def at_home() -> bool:
    """Return True if the application's own span is current."""
    return trace.get_current_span().get_span_context() is OURS


class Account:
    """The notes of one script, and how many chunks it was given."""

    def __init__(self, root: str, url: str, surfaces: bool = False, chunks: bool = False) -> None:
        self.notes: list[tuple[str, Any]] = []
        self.chunks = 0
        self.bytes = 0
        self.relays = True
        self.generator = ""
        self.strayed = 0
        self.error: str | None = None
        self.url = url
        self._root, self._surfaces, self._chunks = root, surfaces, chunks or surfaces

    def note(self, what: str, value: Any) -> None:
        """Write down one thing."""
        self.notes.append((what, value))

    @property
    def given(self) -> int:
        """How much was given: in how many pieces bytes arrive is the network's affair."""
        return self.bytes or self.chunks

    def opened(self, result: Any, through: str) -> None:
        """Record the object that the SDK returned, with its class and attributes."""
        self.note(f"returned {through}", surface(result, self._root) if self._surfaces else None)
        self.generator = _whose(result)
        self.look()

    def received(self, chunk: Any, home: bool = True) -> None:
        """Write down one chunk, and whether the application's span is current now."""
        self.chunks += 1
        self.bytes += len(chunk) if isinstance(chunk, bytes) else 0
        if isinstance(chunk, bytes) and self._chunks:
            self._piece(chunk)
        else:
            self.note("chunk", described(chunk) if self._chunks else None)
        if home:
            self.look()

    def _piece(self, piece: bytes) -> None:
        """Append bytes to the previous bytes, because the network splits them randomly."""
        before = self.notes.pop()[1] if self.notes and self.notes[-1][0] == "pieces" else ""
        self.note("pieces", before + piece.decode("latin-1"))

    def look(self) -> None:
        """See whether the application's own span is still the current one."""
        if not at_home():
            self.strayed += 1

    def raised(self, error: BaseException) -> None:
        """Write down an exception that reached the application."""
        self.error = type(error).__name__
        self.note("raised", described_exception(error))

    def as_json(self) -> list[Any]:
        """Return the notes without port numbers, and whether the context ever changed."""
        return [*_without_ports(self.notes), ["strayed", self.strayed]]


def _whose(result: Any) -> str:
    """Return whether a bare generator is from this package or from the SDK.

    Other objects are neither.
    """
    code = None if isinstance(result, dict) else getattr(result, "gi_code", None) or getattr(result, "ag_code", None)
    return "" if code is None else "ours" if _OURS in code.co_filename else "theirs"


_LOCAL = re.compile(r"127\.0\.0\.1:\d+")


def _without_ports(value: Any) -> Any:
    if isinstance(value, str):
        return _LOCAL.sub("stand-in", value)
    if isinstance(value, dict):
        return {_without_ports(key): _without_ports(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_ports(item) for item in value]
    return value
