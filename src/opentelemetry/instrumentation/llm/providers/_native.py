"""Replace the tracers with which SDKs make spans of their own calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..calls.native_spans import replacement
from ..guard import guarded


class SilentTracer:
    """Replace a tracer, the result of its methods and a span, without any effect.

    The SDK makes its span current while it yields. OpenTelemetry's tracer without spans would do that too, and the
    span would remain in the application's context.
    """

    def start_as_current_span(self, *args: object, **kwargs: object) -> SilentTracer:
        """Start nothing."""
        return self

    def __enter__(self) -> SilentTracer:
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave nothing."""

    def set_attribute(self, *args: object) -> None:
        """Keep nothing."""

    set_attributes = set_attribute


def tracer_property(provider_of: Callable[[Any], Any], silent: bool) -> Callable[[Any], Any]:
    """Make ``Patch.wrap`` for a property that returns the tracer of a client.

    ``provider_of`` returns the tracer provider that the application gave to the client.
    """

    def replaced(client: object, native: object) -> Any:
        return replacement(native, provider_of(client), silent)

    def wrap(original: Any) -> Any:
        def tracer(client: Any) -> Any:
            native = original.fget(client)
            return native if native is None else guarded(replaced, client, native, default=native)

        return property(tracer)

    return wrap


def enabled_and_tracer(silent: bool) -> Callable[[Any], Any]:
    """Make ``Patch.wrap`` for a function that returns whether to trace, and a tracer."""

    def wrap(original: Any) -> Any:
        def tracer(*args: Any, **kwargs: Any) -> Any:
            enabled, native = original(*args, **kwargs)
            provider = args[0] if args else kwargs.get("provider")
            return enabled, guarded(replacement, native, provider, silent, default=native) if enabled else native

        return tracer

    return wrap
