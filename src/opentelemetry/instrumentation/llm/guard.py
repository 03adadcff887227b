"""The guard between us and the application: what a step of ours raises ends here.

The bus guards handlers; this guards everything else that runs inside an application's call. There is no third place.
A step whose failure would leave something open, most of all a call without its end, has a ``rescue``.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from . import bus
from .schema.interruption import is_interruption

_logger = logging.getLogger(__name__)
_R = TypeVar("_R")


def guarded(step: Callable[..., _R], *arguments: Any, default: Any = None, rescue: Callable[[], Any] | None = None) -> _R | Any:
    """Run a step of ours; if it raises, say so on the bus and in a debug line, run ``rescue`` and return ``otherwise``."""
    try:
        return step(*arguments)
    except Exception as error:
        if is_interruption(error):
            raise
        failed(step, error)
        if rescue is not None:
            guarded(rescue)
        return default


def failed(step: Callable[..., Any], error: Exception) -> None:
    """Report that a step of ours has raised; for frames that catch by themselves, where a frame more would cost too much."""
    # Filters and handlers of the application's own logging may raise too.
    with contextlib.suppress(Exception):
        _report_failure(step, error)


def _report_failure(step: Callable[..., Any], error: Exception) -> None:
    name, kind = getattr(step, "__qualname__", type(step).__name__), type(error).__name__
    # The text of the error may hold contents of a message, so only its kind and where it arose are told.
    _logger.debug("%s failed with %s; the application's call is not affected", name, kind)
    bus.execute("ex_llm.telemetry.extraction_error", {}, {"step": name, "kind": kind})
