"""Observe a run between two methods: one begins it, another ends it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from .. import context
from ..calls.streams.finalize import end_when_collected
from ..calls.wrap import EnabledFlag
from ..guard import guarded
from ..wrapper import Wrapper
from .engine import Begun, StepServices, begin
from .tables import Pair, Result

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


Make = Callable[[Any], Any]


def paired(framework: str, pair: Pair, desk: StepServices, switch: EnabledFlag) -> tuple[Make, Make]:
    """Return wrappers for the two functions; the object stores the run between them."""
    open_: WeakKeyDictionary[Any, Begun] = WeakKeyDictionary()

    def begins(instance: Any, args: Args, kwargs: Kwargs) -> None:
        if not switch.on or not desk.has_handlers() or context.suppressed() or instance in open_:
            return
        known = pair.read(instance, args, kwargs)
        begun = None if known is None else begin(framework, pair.operation, known, instance, desk)
        if begun is not None:
            open_[instance] = begun._replace(handled=sys.exc_info()[1])
            end_when_collected(instance, begun.run)  # type: ignore[arg-type]

    def ends(instance: Any) -> None:
        if pair.notice is not None and switch.on:
            guarded(pair.notice, instance)
        begun = open_.pop(instance, None)
        if begun is not None:
            error = sys.exc_info()[1]
            if error is not None and error is not begun.handled:
                # The end is reached because an exception passes, whatever the object itself knows of it.
                guarded(begun.run.on_error, error, rescue=begun.run.abort)
            result = Result() if pair.result is None else guarded(pair.result, instance, default=Result())
            guarded(begun.run.finished, result, rescue=begun.run.abort)
            context.leave(begun.entered)

    def around_begin(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        result = wrapped(*args, **kwargs)
        guarded(begins, instance, args, kwargs)
        return result

    def around_end(wrapped: Callable[..., Any], instance: Any, args: Args, kwargs: Kwargs) -> Any:
        guarded(ends, instance)
        return wrapped(*args, **kwargs)

    return partial(Wrapper, wrapper=around_begin), partial(Wrapper, wrapper=around_end)
