"""Watch one process with whatever settings are asked for: as long as these stay the same, nothing is instrumented anew."""

from __future__ import annotations

from typing import Any

from opentelemetry.instrumentation.llm import LLMInstrumentor

CONTENTS_ON: dict[str, Any] = {"capture_message_content": "span_and_event", "emit_event": True}
"""The settings under which everything that was said is told."""


class Watching:
    """A process that is watched or bare, as was asked for last."""

    def __init__(self, seen: Any) -> None:
        self.seen = seen
        self._settings: dict[str, Any] | None = None

    def watched(self, **settings: Any) -> Any:
        """Watch with these settings; return what was seen, of which nothing is from before but figures."""
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
