"""Hold the call of one instrumented frame, so that the frame always cleans up."""

from __future__ import annotations

from collections.abc import Mapping
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

    def enter(self, call: Call, point: PatchPoint, before: context.Context | None, http_spans: bool = True) -> None:
        """Make ``call`` the running call of this frame.

        ``before`` is the current context. Without ``http_spans``, HTTP clients make no spans inside the call.
        """
        self.point, self.before, self.call = point, before, call
        self.entered = context.enter_call(call, http_spans)

    def enter_elsewhere(self, inside: context.Context) -> None:
        """Make another context current, in which a step begins or continues."""
        self.before = context.here()
        self.entered = context.enter(inside)

    def enter_step(self, run: object, carrier: Mapping[str, str] | None) -> None:
        """Make ``run`` the running step of this frame."""
        self.before, self.call = self.before or context.here(), run
        entered = context.enter_step(run, carrier)
        # The first token also restores what was entered after it.
        self.entered = self.entered or entered

    def abort(self, error: BaseException) -> None:
        """End the call and restore the context after an interruption of the frame.

        A signal handler can run between two instructions, so the context may already be changed although its token is not
        stored.
        """
        if self.call is not None:
            guarded(self.call.abort, error)
            self.leave()

    def leave(self) -> None:
        """Restore the context, also if its token was not stored."""
        guarded(context.leave, self.entered)
        if self.before is not None and self.call in (guarded(context.running_call), guarded(context.running_step)):
            guarded(context.enter, self.before)
