"""Separate the telemetry of one run from that of earlier runs.

Instrumenting again for each of some thousand runs takes minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Reported:
    """Telemetry of an instrumented process since the last ``begin``."""

    def __init__(self, seen: Any) -> None:
        self._seen = seen
        self._begun = Begun(seen)
        self._before: Mapping[str, float] = {}
        self._now: Mapping[str, float] | None = None

    def begin(self) -> None:
        """Forget the telemetry until now."""
        self._seen.clear()
        self._before, self._now = self._totals(), None

    def clear(self) -> None:
        """Forget spans and log events, but not figures."""
        self._seen.clear()
        self._begun.count = 0

    @property
    def begun(self) -> int:
        """How many spans have begun, whether or not they have ended."""
        return self._begun.count

    def spans(self) -> list[Any]:
        """Return the spans that have ended."""
        return list(self._seen.spans())

    def logs(self) -> list[Any]:
        """Return the log events."""
        return list(self._seen.logs())

    def total(self, name: str) -> float:
        """Return the growth of a metric over all tags; a histogram counts measurements."""
        if self._now is None:
            self._now = self._totals()
        return self._now.get(name, 0) - self._before.get(name, 0)

    def _totals(self) -> dict[str, float]:
        return {
            name: sum(point.count if hasattr(point, "count") else point.value for point in points)
            for name, points in self._seen.metrics().items()
        }


class Begun:
    """Span processor that counts started spans, to notice a span that never ends."""

    def __init__(self, seen: Any) -> None:
        self.count = 0
        seen.tracer_provider.add_span_processor(self)

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Count a span that begins."""
        self.count += 1

    def on_end(self, span: Any) -> None:
        """Leave the counting of ends to the exporter."""

    _on_ending = on_end

    def shutdown(self) -> None:
        """Have nothing to close."""

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Have nothing to wait for."""
        return True
