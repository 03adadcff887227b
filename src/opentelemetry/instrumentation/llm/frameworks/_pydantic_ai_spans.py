"""Suppress Pydantic AI's model-request spans if the client below is instrumented.

Its spans of agents and tools stay, and so do spans of models whose client is not instrumented. Its metrics stay too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from .. import context
from ..guard import guarded

TARGETS = tuple(f"pydantic_ai.{module}:open_model_request_span" for module in ("models.instrumented", "capabilities.instrumentation"))
"""Modules that imported the function by name; it is replaced in both."""


def silent(is_instrumented: Callable[[str], bool]) -> Callable[..., Any]:
    """Make the driver of the function that opens a span.

    ``is_instrumented`` returns whether clients of a module are instrumented.
    """

    def opening(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return wrapped(*guarded(_given, args, is_instrumented, default=args), **kwargs)

    return opening


def _given(args: tuple[Any, ...], is_instrumented: Callable[[str], bool]) -> tuple[Any, ...]:
    settings, request, *others = args
    model = request.model
    while (inner := getattr(model, "wrapped", None)) is not None:
        model = inner
    if not is_instrumented(type(getattr(model, "client", None)).__module__):
        return args
    without = copy.copy(settings)
    without.tracer = context.silent_tracer()
    return (without, request, *others)
