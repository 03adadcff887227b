"""Hold the call of one instrumented frame, so that the frame itself leaves what was entered, whatever is raised."""

from __future__ import annotations

from typing import Any

from .. import context
from ..guard import guarded
from .call import Call
from .declaration import PatchPoint


class ActiveCall:
    """The call of one frame; the frame makes this before it begins the call.

    An interruption (``KeyboardInterrupt``, an exception raised by a signal handler) can come at any line, so each
    value is stored here before the state that it describes exists.
    """

    __slots__ = ("before", "call", "entered", "point")

    def __init__(self) -> None:
        self.call: Any = None
        """The call, or the run of a step: it is ended with ``failed`` or ``give_up``."""
        self.point: Any = None
        self.before: context.Context | None = None
        self.entered: context.Entered | None = None

    def enter(self, call: Call, point: PatchPoint) -> None:
        """Make ``call`` the running one of this frame."""
        self.point, self.before, self.call = point, guarded(context.here), call
        self.entered = context.enter_call(call)

    def abort(self, error: BaseException) -> None:
        """Do what an interruption may have kept the frame from doing: end the call, restore the context.

        A signal handler can run between two instructions, so the context may be ours although its token was not stored.
        """
        if self.call is None:
            return
        guarded(self.call.abort, error)
        guarded(context.leave, self.entered)
        if self.before is not None and self.call in (guarded(context.running_call), guarded(context.running_step)):
            guarded(context.enter, self.before)
