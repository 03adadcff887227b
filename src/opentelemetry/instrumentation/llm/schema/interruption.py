"""Recognise an exception that interrupted a step from outside: one that a signal handler raised while the step ran."""

from __future__ import annotations

from inspect import CO_VARARGS as _TAKES_MORE
from itertools import pairwise
from types import FrameType


def is_interruption(error: BaseException) -> bool:
    """Return whether ``error`` is not a failure of the step that it left, but was raised into it.

    Python calls a signal handler with the number of the signal and the frame that it interrupts, which is then also its
    caller. Nothing else is called so, and no step of ours calls it. What is no ``Exception`` (``KeyboardInterrupt``,
    ``SystemExit``, a cancellation) is an interruption in any case.
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
