"""Observe a run between two methods: one begins it, another ends it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .. import context
from ..calls.running import ActiveCall
from ..calls.streams.finalize import end_when_collected
from ..calls.wrap import EnabledFlag
from ..guard import guarded
from ..wrapper import Wrapper
from .engine import StepServices, begin
from .tables import Pair, Result

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


Make = Callable[[Any], Any]


class _Begun(NamedTuple):
    active: ActiveCall
    handled: BaseException | None
    """The exception that was being handled when the run began: not one of the run."""


class _Pairs:
    """The runs between two functions, by object."""

    def __init__(self, framework: str, pair: Pair, desk: StepServices, switch: EnabledFlag) -> None:
        self._framework, self._pair, self._desk, self._switch = framework, pair, desk, switch
        self._open: WeakKeyDictionary[Any, _Begun] = WeakKeyDictionary()

    def _begins(self, active: ActiveCall, instance: object, args: Args, kwargs: Kwargs) -> None:
        if not self._switch.on or not self._desk.has_handlers() or context.suppressed() or instance in self._open:
            return
        known = self._pair.read(instance, args, kwargs)
        if known is None:
            return
        self._open[instance] = _Begun(active, sys.exc_info()[1])
        run = begin(self._framework, self._pair.operation, known, instance, self._desk, active)
        if run is None:
            self._open.pop(instance, None)
        else:
            end_when_collected(instance, run)  # type: ignore[arg-type]

    def _ends(self, instance: object) -> None:
        pair = self._pair
        if pair.notice is not None and self._switch.on:
            guarded(pair.notice, instance)
        begun = self._open.get(instance)
        if begun is not None:
            run, error = begun.active.call, sys.exc_info()[1]
            if error is not None and error is not begun.handled:
                # The end is reached because an exception passes, whatever the object itself knows of it.
                guarded(run.on_error, error, rescue=run.abort)
            result = Result() if pair.result is None else guarded(pair.result, instance, default=Result())
            guarded(run.finished, result, rescue=run.abort)
            context.leave(begun.active.entered)
            self._open.pop(instance, None)

    def _aborted(self, instance: object, error: BaseException) -> None:
        begun = self._open.pop(instance, None)
        if begun is not None:
            begun.active.abort(error)

    def around_begin(self, wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        """Drive the function after which the run begins."""
        result = wrapped(*args, **kwargs)
        try:
            guarded(self._begins, ActiveCall(), instance, args, kwargs)
            return result
        except BaseException as error:
            guarded(self._aborted, instance, error)
            raise

    def around_end(self, wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        """Drive the function before which the run ends."""
        try:
            guarded(self._ends, instance)
        except BaseException as error:
            guarded(self._aborted, instance, error)
            raise
        return wrapped(*args, **kwargs)


def paired(framework: str, pair: Pair, desk: StepServices, switch: EnabledFlag) -> tuple[Make, Make]:
    """Return wrappers for the two functions; the object stores the run between them."""
    pairs = _Pairs(framework, pair, desk, switch)
    return partial(Wrapper, wrapper=pairs.around_begin), partial(Wrapper, wrapper=pairs.around_end)
