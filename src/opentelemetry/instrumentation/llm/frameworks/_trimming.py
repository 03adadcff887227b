"""Record LangChain's ``trim_messages`` as a truncation."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from .. import bus
from ..extraction.paths import as_sequence
from ..guard import guarded


def trimming(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Drive ``trim_messages``; without messages it only makes a runnable."""
    given = args[0] if args else kwargs.get("messages")
    if not isinstance(given, (list, tuple)):
        return wrapped(*args, **kwargs)
    began, known = time.perf_counter_ns(), guarded(_begun, kwargs)
    kept: Any = None
    try:
        kept = wrapped(*args, **kwargs)
        return kept
    finally:
        if known is not None:
            guarded(_emit, given, kept, began, known)


def _begun(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    known = {"strategy": str(kwargs.get("strategy", "last")), "ref": bus.new_ref()}
    bus.execute("ex_llm.context.truncation.start", {"system_time": time.time_ns()}, known)
    return known


def _emit(given: Any, kept: Any, began: int, known: dict[str, Any]) -> None:
    measured = {"duration": time.perf_counter_ns() - began}
    if kept is not None:
        measured["messages_removed"] = len(given) - len(as_sequence(kept))
    bus.execute("ex_llm.context.truncation.stop", measured, known)
