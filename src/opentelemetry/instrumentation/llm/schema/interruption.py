"""Recognise an exception that a signal handler raised while a step was running."""

from __future__ import annotations

from inspect import CO_VARARGS as _TAKES_MORE
from itertools import pairwise
from types import FrameType


def is_interruption(error: BaseException) -> bool:
    """Return True if ``error`` was raised into a step from outside.

    Python calls a signal handler with two arguments: the signal number and the interrupted frame, which is also the caller. No
    other function is called in this way, and no step of this package does it. An exception that is not an ``Exception``
    (``KeyboardInterrupt``, ``SystemExit``, a cancellation) is always an interruption.
    """
    if not isinstance(error, Exception):
        return True
    traceback = error.__traceback__
    while traceback is not None:
        if _handles_a_signal(traceback.tb_frame):
            return True
        traceback = traceback.tb_next
    return False


def _handles_a_signal(frame: FrameType) -> bool:
    caller, code = frame.f_back, frame.f_code
    if caller is None:
        return False
    held = frame.f_locals
    arguments = [held.get(name) for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & _TAKES_MORE:
        arguments += held.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount], ())
    return any(second is caller and isinstance(first, int) for first, second in pairwise(arguments))
