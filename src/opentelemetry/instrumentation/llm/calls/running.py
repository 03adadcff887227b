"""Hold the call of one instrumented frame, so that the frame always cleans up."""

from __future__ import annotations

from typing import Any

from .. import context
from ..guard import guarded
from .call import Call
from .declaration import PatchPoint


class ActiveCall:
    """The call of one frame, which creates this object before the call.

    An interruption (``KeyboardInterrupt``, or an exception raised by a signal handler) can occur at any line. Therefore
    each value is stored here before the state that it describes exists.
    """

    __slots__ = ("before", "call", "entered", "point")

    def __init__(self) -> None:
        self.call: Any = None
        """The call, or the run of a step. It is ended with ``on_error`` or ``abort``."""
        self.point: Any = None
        self.before: context.Context | None = None
        self.entered: context.Entered | None = None

    def enter(self, call: Call, point: PatchPoint, before: context.Context | None) -> None:
        """Make ``call`` the running call of this frame.

        ``before`` is the current context.
        """
        self.point, self.before, self.call = point, before, call
        self.entered = context.enter_call(call)

    def abort(self, error: BaseException) -> None:
        """End the call and restore the context after an interruption of the frame.

        A signal handler can run between two instructions, so the context may already be changed although its token is not
        stored.
        """
        if self.call is None:
            return
        guarded(self.call.abort, error)
        guarded(context.leave, self.entered)
        if self.before is not None and self.call in (guarded(context.running_call), guarded(context.running_step)):
            guarded(context.enter, self.before)
