"""Begin a generation, add its frames, and describe the error of its socket."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

from ... import bus, context
from ...baggage import carried
from ...calls import secrets
from ...calls.call import Call, CallServices
from ...calls.chunk_times import KEPT
from ...calls.declaration import Destination, PatchPoint
from ...calls.nesting import covering
from ...calls.running import ActiveCall
from ...calls.streams import finalize
from ...dialects import Arguments
from ...guard import guarded
from ...schema.records import Request


class Moment(NamedTuple):
    """The same time by both clocks of a call, in nanoseconds."""

    counter: int
    system: int

    @classmethod
    def now(cls) -> Moment:
        """Read both clocks."""
        return cls(time.perf_counter_ns(), time.time_ns())


class Generation(Call):
    """A call whose request and response are frames of a socket."""

    __slots__ = ()

    def start_at(self, arguments: Arguments, began: Moment) -> None:
        """Emit the start event of a generation that began before this frame."""
        self.began = began.counter
        self.asked_to_stream = True
        self._emit(f"ex_llm.{self.family}.start", {"system_time": began.system}, dict(self.known))


class Start(NamedTuple):
    """The data that all generations of one socket share."""

    identity: Destination
    services: CallServices
    holder: object
    """An object without a reference to the socket, which may have credentials."""

    def begin(self, point: PatchPoint, named: Mapping[str, object], began: Moment | None = None) -> Call | None:
        """Begin a generation in the current context, now or at an earlier time."""
        here, suppressed, around = context.look()
        if suppressed or not self.services.has_handlers():
            return None
        running = ActiveCall()
        try:
            try:
                arguments = Arguments(named, path=point.target, streaming=True)
                request = guarded(point.dialect.request, arguments) or Request.__new__(Request)
                excluded = self.services.excluded
                if excluded is not None and guarded(excluded, point.operation, self.identity, request.model, point.target):
                    return None
                call = self._new(point, request, around)
                if here:
                    call.known |= guarded(carried, self.services.baggage_keys, default={})
                    guarded(call.belongs_to, guarded(context.running_step))
                running.enter(call, point, here)
                call.forget = partial(finalize.no_longer_open, call)
                finalize.keep_open(call)
                guarded(call.start if began is None else partial(call.start_at, began=began), arguments)
                return call
            finally:
                guarded(context.leave, running.entered)
        except BaseException as error:
            guarded(running.abort, error)
            raise

    def _new(self, point: PatchPoint, request: Request, around: Any) -> Generation:
        outer, above = (None, None) if around is None else guarded(covering, around, point, self.identity, request, default=(None, None))
        call = Generation(point, self.identity, request, self.services, outer)
        call.above = above
        if call.captures_content:
            call.secrets = guarded(secrets.of, self.holder, {})
        return call


def read_into(call: Call, frame: object) -> None:
    """Read a frame that is not a part of the output."""
    if not call.ended and call.draft is not None:
        guarded(call.absorb, call.draft, frame)


def count_unread(call: Call) -> None:
    """Count a chunk without reading it."""
    if not call.ended:
        call.taken.append(time.perf_counter_ns())
        if call.handlers_seen is not bus.handler_table or len(call.taken) > KEPT:
            call.after_chunk()


def plain(error: BaseException) -> BaseException:
    """Return a copy of an error of websockets without its deprecated attributes.

    Reading ``code`` of the original warns the application.
    """
    kind: Any = type(error)
    if not kind.__module__.startswith("websockets."):
        return error
    return _copied(kind)().with_traceback(error.__traceback__)  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _copied(kind: Any) -> Any:
    return type(kind.__name__, (Exception,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__})
