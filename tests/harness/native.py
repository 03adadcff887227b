"""Let SDKs tell of themselves as loudly as they can, and count who tells of an inference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from opentelemetry.sdk.trace import ReadableSpan

import payloads
from opentelemetry import trace

_NOT_AN_INFERENCE = ("invoke_agent", "agent", "execute_tool")


def inferences(spans: list[ReadableSpan]) -> list[str]:
    """Name the scopes of all spans that tell an inference, whoever made them: two for one call bill it twice."""
    told = [span for span in spans if "gen_ai.request.model" in (span.attributes or {})]
    return sorted(span.instrumentation_scope.name for span in told if not span.name.startswith(_NOT_AN_INFERENCE))


@contextmanager
def telling_of_itself(tracer_provider: Any) -> Iterator[None]:
    """Make a provider of tracers the global one, as far as SDKs ask for it, and switch on what they have to tell."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(trace, "get_tracer_provider", lambda: tracer_provider))
        for switched_on in payloads.native():
            stack.enter_context(switched_on())
        yield
