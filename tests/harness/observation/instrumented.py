"""Instrument one process with given settings, and again only if these change."""

from __future__ import annotations

from typing import Any

from opentelemetry.instrumentation.llm import LLMInstrumentor

CONTENTS_ON: dict[str, Any] = {"capture_message_content": "span_and_event", "emit_event": True}
"""The settings that capture all message contents."""


class Watching:
    """A process that is watched or bare, as was asked for last."""

    def __init__(self, seen: Any) -> None:
        self.seen = seen
        self._settings: dict[str, Any] | None = None

    def watched(self, **settings: Any) -> Any:
        """Instrument with these settings; return the telemetry, without earlier spans."""
        if self._settings != settings:
            self.bare()
            self.seen.instrument(**settings)
            self._settings = settings
        self.seen.clear()
        return self.seen

    def bare(self) -> None:
        """Stop watching."""
        if self._settings is not None:
            LLMInstrumentor().uninstrument()
            self._settings = None

    def close(self) -> None:
        """Stop watching for good."""
        self.bare()
        self.seen.close()
