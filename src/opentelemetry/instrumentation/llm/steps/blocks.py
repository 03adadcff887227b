"""Observe a run that is the body of ``async with`` without a new manager.

``contextlib`` runs the generator in the manager's attribute ``gen``; that generator is relayed, and the application's
block is part of the run, as it is for the framework.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncGenerator, Callable
from functools import partial
from types import AsyncGeneratorType
from typing import Any

from .. import context
from ..calls.running import ActiveCall
from ..calls.streams.finalize import end_when_collected
from ..guard import guarded
from .outcomes import ERROR, outcome_of
from .run import Run

Begin = Callable[[ActiveCall], Any]
Finish = Callable[[Run, Any], None]


def block_of(manager: Any, begin: Begin, finish: Finish) -> None:
    """Observe the block of a manager that ``contextlib`` made from a generator."""
    inner = getattr(manager, "gen", None)
    if isinstance(inner, AsyncGeneratorType):
        active = ActiveCall()

        def begin_run() -> None:
            begin(active)
            if active.call is not None:
                end_when_collected(block(), active.call)

        made = _relay_block(begin_run, active, inner, finish)
        block = weakref.ref(made)
        manager.gen = made


def on_open(manager: Any, opened: Callable[[Any], None]) -> Any:
    """Call ``opened`` with the value of a manager that ``contextlib`` made."""
    inner = getattr(manager, "gen", None)
    if isinstance(inner, AsyncGeneratorType):
        manager.gen = _relay_block(lambda: None, ActiveCall(), inner, lambda run, value: None, opened)
    return manager


async def _relay_block(
    begin: Callable[[], None],
    active: ActiveCall,
    inner: AsyncGenerator[Any, Any],
    finish: Finish,
    opened: Callable[[Any], None] | None = None,
) -> AsyncGenerator[Any, Any]:
    """Relay ``inner`` with the run entered from the first to the last step."""
    value: Any = None
    left: BaseException | None = None
    more = True
    try:
        try:
            guarded(begin)
            step: Any = inner.__anext__()
            while more:
                try:
                    value = await step
                except StopAsyncIteration:
                    more = False
                else:
                    if opened is not None:
                        guarded(opened, value)
                    try:
                        sent = yield value
                    except BaseException as error:  # noqa: BLE001 - the framework's generator decides
                        left = error
                        step = inner.athrow(error)
                    else:
                        step = inner.asend(sent)
            if active.call is not None:
                guarded(_end, active.call, left, None, finish, value, rescue=active.call.abort)
        except BaseException as error:
            if active.call is not None:
                guarded(_end, active.call, left, error, finish, value, rescue=partial(active.call.abort, error))
            raise
        finally:
            guarded(context.leave, active.entered)
    except BaseException as error:
        guarded(active.abort, error)
        raise


def _end(run: Run, left: BaseException | None, error: BaseException | None, finish: Finish, value: object) -> None:
    """End the run: control flow of the block decides, else the framework's result."""
    if left is not None and (error is None or outcome_of(left) != ERROR):
        run.on_error(left)
    elif error is not None:
        run.on_error(error)
    else:
        finish(run, value)
