"""Choose the tracer of an SDK that records its own calls.

A span that goes to the tracer provider of this package would record the call twice, so it gives way. The application may also
send the spans of the SDK to another provider, for example to one of the vendor. They stay, and their parent is a span of the
application: our spans do not exist in that provider.
"""

from __future__ import annotations

from typing import Any

from .. import context as _context


def replacement(tracer: Any, provider: Any, silent: bool = True) -> Any:
    """Return the tracer to use instead of ``tracer`` in an observed call.

    ``provider`` is the tracer provider that the application gave to the SDK, or ``None``. Without ``silent``, spans in the
    provider of this package stay too.
    """
    call = _context.running_call()
    if call is None or call.ended:
        return tracer
    if provider is None or provider is _context.tracer_provider():
        return _context.silent_tracer() if silent else tracer
    return OutsideTracer(tracer)


class OutsideTracer:
    """A tracer whose spans do not become children of spans of this package."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer

    def start_span(self, name: str, context: Any = None, **options: Any) -> Any:
        """Start a span. Its parent is the span around those of this package."""
        return self._tracer.start_span(name, _context.outside() if context is None else context, **options)

    def start_as_current_span(self, name: str, context: Any = None, **options: Any) -> Any:
        """Start a span and make it the current span."""
        return self._tracer.start_as_current_span(name, _context.outside() if context is None else context, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracer, name)
