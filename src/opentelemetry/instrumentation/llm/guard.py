"""Run the steps of the instrumentation so that their errors stay inside it.

The bus guards handlers; this module guards everything else that runs inside an application's call.
A step whose failure would leave something open, for example a call without its end, has a ``rescue``.
"""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from typing_extensions import TypeVarTuple, Unpack

from . import bus
from .schema.interruption import is_interruption

_logger = logging.getLogger(__name__)
_R = TypeVar("_R")
_Ts = TypeVarTuple("_Ts")
_PACKAGE = __name__.rpartition(".")[0] + "."
_FOLDER = str(Path(__file__).parent)


def guarded(
    step: Callable[[Unpack[_Ts]], _R], *arguments: Unpack[_Ts], default: Any = None, rescue: Callable[[], Any] | None = None
) -> _R | Any:
    """Run a step and return its result; if it raises, report and return ``default``.

    The failure goes to the bus and to a debug line. Then ``rescue`` runs, guarded too.
    """
    try:
        return step(*arguments)
    except Exception as error:
        if is_interruption(error):
            raise
        failed(step, error)
        if rescue is not None:
            guarded(rescue)
        return default


guarded_later: Callable[..., Any] = guarded
"""``guarded`` for callbacks with further arguments, which mypy cannot check."""


def failed(step: Callable[..., Any], error: Exception) -> None:
    """Report a failed step, for frames on the hot path that catch errors themselves."""
    try:
        _report_failure(step, error)
    except Exception as raised:
        # Filters and handlers of the application's own logging may raise too.
        if is_interruption(raised):
            raise


def _report_failure(step: Callable[..., Any], error: Exception) -> None:
    # The text of the error may contain message contents, so only its class and its place are recorded.
    name, kind = step_name(step), type(error).__name__
    _logger.debug("%s failed with %s at %s; the application's call is not affected", name, kind, _place(error))
    bus.execute("ex_llm.telemetry.extraction_error", {}, {"step": name, "kind": kind})


def step_name(step: Callable[..., Any]) -> str:
    """Return ``module:qualname`` of a step, without the prefix of this package.

    >>> step_name(functools.partial(guarded, len))
    'guard:guarded'
    """
    while isinstance(step, functools.partial):
        step = step.func
    module = getattr(step, "__module__", None) or type(step).__module__
    name = getattr(step, "__qualname__", None) or type(step).__qualname__
    # A lambda is named after the function that holds it.
    return f"{module.removeprefix(_PACKAGE)}:{name.removesuffix('.<locals>.<lambda>')}"


def _place(error: BaseException) -> str:
    """Return file, line and function of the innermost frame of this package."""
    frames = [(f.f_code, line) for f, line in traceback.walk_tb(error.__traceback__) if f.f_code.co_filename.startswith(_FOLDER)]
    if not frames:
        return "an unknown place"
    code, line = frames[-1]
    return f"{code.co_filename}:{line} in {code.co_name}"
