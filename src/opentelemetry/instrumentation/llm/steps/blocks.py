"""Observe a run that is the body of ``async with`` without a new manager.

``contextlib`` runs the generator in the manager's attribute ``gen``; that generator is relayed, and the application's
block is part of the run, as it is for the framework.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from functools import partial
from types import AsyncGeneratorType
from typing import Any

from .. import context
from ..guard import guarded
from .outcomes import ERROR, outcome_of
from .run import Run

Begin = Callable[[], Any]
Finish = Callable[[Run, Any], None]


def block_of(manager: Any, begin: Begin, finish: Finish) -> None:
    """Observe the block of a manager that ``contextlib`` made from a generator."""
    inner = getattr(manager, "gen", None)
    if isinstance(inner, AsyncGeneratorType):
        manager.gen = block_async(begin, inner, finish)


def on_open(manager: Any, opened: Callable[[Any], None]) -> Any:
    """Call ``opened`` with the value of a manager that ``contextlib`` made."""
    inner = getattr(manager, "gen", None)
    if isinstance(inner, AsyncGeneratorType):
        manager.gen = block_async(lambda: None, inner, lambda run, value: None, opened)
    return manager


async def block_async(
    begin: Begin, inner: AsyncGenerator[Any, Any], finish: Finish, opened: Callable[[Any], None] | None = None
) -> AsyncGenerator[Any, Any]:
    """Relay ``inner`` with the run entered from the first to the last step."""
    begun = guarded(begin)
    value: Any = None
    left: BaseException | None = None
    try:
        step: Any = inner.__anext__()
        while True:
            try:
                value = await step
            except StopAsyncIteration:
                break
            if opened is not None:
                guarded(opened, value)
            try:
                sent = yield value
            except BaseException as error:  # noqa: BLE001 - the framework's generator decides
                left = error
                step = inner.athrow(error)
            else:
                step = inner.asend(sent)
        if begun is not None:
            guarded(_end, begun.run, left, None, finish, value, rescue=begun.run.abort)
    except BaseException as error:
        if begun is not None:
            guarded(_end, begun.run, left, error, finish, value, rescue=partial(begun.run.abort, error))
        raise
    finally:
        if begun is not None:
            guarded(context.leave, begun.entered)


def _end(run: Run, left: BaseException | None, error: BaseException | None, finish: Finish, value: Any) -> None:
    """End the run: control flow of the block decides, else the framework's result."""
    if left is not None and (error is None or outcome_of(left) != ERROR):
        run.on_error(left)
    elif error is not None:
        run.on_error(error)
    else:
        finish(run, value)
