"""Silence LiteLLM's own callback ``otel``, which makes spans of the same calls."""

from __future__ import annotations

from typing import Any

from ... import context
from ...guard import guarded
from ...wrapper import Patch

_CALLBACK = "OpenTelemetry"
_TELLS = f"litellm.integrations.opentelemetry:{_CALLBACK}"


def _is_its_own(callback: object) -> bool:
    """Return whether this is the callback ``otel`` itself.

    Subclasses export to their own backend and stay enabled.
    """
    return type(callback).__name__ == _CALLBACK


def _without_spans(original: Any) -> Any:
    def tracer(callback: Any, *args: Any, **kwargs: Any) -> Any:
        return context.silent_tracer() if guarded(_is_its_own, callback) else original(callback, *args, **kwargs)

    return tracer


class _Silent:
    """Stand for a callback, but for the tracer that it makes its spans with."""

    def __init__(self, callback: object) -> None:
        self._callback = callback
        self.tracer = context.silent_tracer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._callback, name)


def _with_silent_tracer(original: Any) -> Any:
    def handle(callback: Any, *args: Any, **kwargs: Any) -> Any:
        silent = guarded(_silenced, callback)
        return original(callback if silent is None else silent, *args, **kwargs)

    return handle


def _silenced(callback: object) -> _Silent | None:
    """Replace a callback of a release that requests no tracer before it makes spans."""
    asks = hasattr(type(callback), "get_tracer_to_use_for_request")
    return _Silent(callback) if _is_its_own(callback) and not asks else None


def _without_attributes(original: Any) -> Any:
    def nothing(callback: Any, *args: Any, **kwargs: Any) -> None:
        if not guarded(_is_its_own, callback):
            original(callback, *args, **kwargs)

    return nothing


NATIVE = (
    Patch("litellm", f"{_TELLS}.get_tracer_to_use_for_request", _without_spans),
    *(Patch("litellm", f"{_TELLS}.{name}", _with_silent_tracer) for name in ("_handle_sucess", "_handle_failure")),
    # It also writes all that it knows of a call onto whatever span is current when it ends.
    Patch("litellm", f"{_TELLS}.set_attributes", _without_attributes),
)
