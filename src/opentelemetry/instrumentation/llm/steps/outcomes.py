"""Name how a step ended, and list the exceptions that are control flow."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

COMPLETE, CLOSED_EARLY, ABANDONED, CANCELLED, ERROR = "complete", "closed_early", "abandoned", "cancelled", "error"
INTERRUPTED, HANDED_OFF, RETRY, DEFERRED, SKIPPED = "interrupted", "handed_off", "retry", "deferred", "skipped"
OUTCOMES = frozenset({COMPLETE, CLOSED_EARLY, ABANDONED, CANCELLED, ERROR, INTERRUPTED, HANDED_OFF, RETRY, DEFERRED, SKIPPED})

CONTROL_FLOW: Mapping[str, str] = MappingProxyType(
    {
        "builtins.GeneratorExit": CLOSED_EARLY,
        "builtins.KeyboardInterrupt": CANCELLED,
        "builtins.SystemExit": CANCELLED,
        f"{asyncio.CancelledError.__module__}.CancelledError": CANCELLED,
        "langgraph.errors.GraphInterrupt": INTERRUPTED,
        "langgraph.errors.NodeInterrupt": INTERRUPTED,
        "langgraph.errors.GraphDrained": INTERRUPTED,
        "langgraph.errors.ParentCommand": HANDED_OFF,
        "pydantic_ai.exceptions.ModelRetry": RETRY,
        "pydantic_ai.exceptions.ToolRetryError": RETRY,
        "pydantic_ai.exceptions.CallDeferred": DEFERRED,
        "pydantic_ai.exceptions.ApprovalRequired": DEFERRED,
        "pydantic_ai.exceptions.SkipToolExecution": SKIPPED,
        "pydantic_ai._exceptions.ToolRetryError": RETRY,
        "workflows.errors.WorkflowCancelledByUser": CANCELLED,
        "workflows.runtime.types.results.WaitingForEvent": INTERRUPTED,
        "strands.types.interrupt.InterruptException": INTERRUPTED,
    }
)
"""Outcomes by module and class of an exception; user classes are not included."""


def outcome_of(error: BaseException) -> str:
    """Return the outcome of an exception: ``error``, unless a base is control flow.

    >>> outcome_of(GeneratorExit()), outcome_of(ValueError("no"))
    ('closed_early', 'error')
    """
    kind: Any = type(error)
    return _of_class(kind)


@lru_cache(maxsize=512)
def _of_class(kind: Any) -> str:
    names = (f"{c.__module__}.{c.__qualname__}" for c in kind.__mro__)
    return next((CONTROL_FLOW[name] for name in names if name in CONTROL_FLOW), ERROR)
