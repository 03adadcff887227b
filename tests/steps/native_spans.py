"""Record the spans of frameworks that use the global provider."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from conftest import Seen
from opentelemetry import trace


class _Forward(SpanProcessor):
    """Pass spans to the processors of the current test."""

    def __init__(self) -> None:
        self.targets: list[Any] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        for target in tuple(self.targets):
            target.on_start(span, parent_context)

    def on_end(self, span: Any) -> None:
        for target in tuple(self.targets):
            target.on_end(span)


class _Provider(TracerProvider):
    """The global provider, whose processors a test adds and removes."""

    def __init__(self) -> None:
        super().__init__()
        self.forward = _Forward()
        super().add_span_processor(self.forward)

    def add_span_processor(self, span_processor: Any) -> None:
        self.forward.targets.append(span_processor)

    def shutdown(self) -> None:
        self.forward.targets.clear()


_providers: list[_Provider] = []


class GlobalSeen(Seen):
    """Telemetry of this package and of frameworks.

    Frameworks keep the first tracers that they get.
    """

    def __init__(self) -> None:
        super().__init__()
        if not _providers:
            _providers.append(_Provider())
            trace.set_tracer_provider(_providers[0])
        self.tracer_provider = _providers[0]
        self.tracer_provider.shutdown()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
