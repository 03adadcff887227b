"""Switch on the telemetry of SDKs, and count the spans of each inference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from opentelemetry.sdk.trace import ReadableSpan

import calls
from opentelemetry import trace

_NOT_AN_INFERENCE = ("invoke_agent", "agent", "execute_tool")


def inferences(spans: list[ReadableSpan]) -> list[str]:
    """Return the scopes of all spans of inferences. Two for one call count it twice."""
    reported = [span for span in spans if "gen_ai.request.model" in (span.attributes or {})]
    return sorted(span.instrumentation_scope.name for span in reported if not span.name.startswith(_NOT_AN_INFERENCE))


@contextmanager
def telling_of_itself(tracer_provider: Any) -> Iterator[None]:
    """Set the global tracer provider that SDKs use, and switch on their telemetry."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(trace, "get_tracer_provider", lambda: tracer_provider))
        for switched_on in calls.native():
            stack.enter_context(switched_on())
        yield
