"""Observe framework functions that enclose one run: one driver for each kind.

A run is entered around the function, so everything that the framework runs below it, in threads and tasks with a
copied context, finds it. It is kept in the frame or generator that it belongs to, and nowhere else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, NamedTuple

from .. import capture, context
from ..baggage import carried
from ..calls.running import ActiveCall
from ..calls.streams.finalize import end_when_collected
from ..calls.streams.generator_function import wrap_async_generator, wrap_generator
from ..calls.streams.inner_iterator import relay, relay_async
from ..calls.wrap import EnabledFlag
from ..guard import guarded, guarded_later
from ..settings import SPAN_BAGGAGE_KEYS
from ..wrapper import Wrapper
from .blocks import block_of
from .outcomes import CANCELLED
from .reported import ReportedRun
from .run import Run, running
from .tables import Facts, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


class StepServices(NamedTuple):
    """Settings and services that all steps share."""

    captures_content: bool = False
    has_handlers: Callable[[], bool] = lambda: True
    baggage_keys: tuple[str, ...] = SPAN_BAGGAGE_KEYS
    replace_native: bool = True


def begin(framework: str, operation: str, known: Facts, instance: object, desk: StepServices, active: ActiveCall) -> Run | None:
    """Begin a run and enter it in ``active``, unless it is part of the running step."""
    operation = known.operation or operation
    if known.inside is not None:
        active.enter_elsewhere(known.inside)
    key = id(instance) if known.key is None else known.key
    outer = running()
    if outer is not None and outer.is_same(operation, key):
        context.leave(active.entered)
        return None
    if outer is not None and outer.ended:
        outer = None
    if known.replaces_native and not desk.replace_native:
        known = known._replace(native=True)
    run = Run(framework, operation, known, key, outer, guarded(capture.wanted, desk.captures_content, default=False))
    run.known |= guarded(carried, desk.baggage_keys, default={})
    # Entered before the start is emitted: leaving it also detaches the values that handlers attach at the start.
    active.enter_step(run, known.carrier)
    guarded(run.start)
    return run


class Observed:
    """Observe one function: begin a run, pass on result or exception, end the run."""

    def __init__(self, framework: str, step: Step, desk: StepServices, switch: EnabledFlag) -> None:
        self._framework, self._step, self._desk, self._switch = framework, step, desk, switch

    def begin(self, instance: object, args: Args, kwargs: Kwargs, active: ActiveCall) -> Run | None:
        """Begin a run, unless this is not a run or nothing consumes it here.

        Nothing is recorded where instrumentation is suppressed.
        """
        desk = self._desk
        if not self._switch.on or not guarded(desk.has_handlers, default=True) or guarded(context.suppressed):
            return None
        known = guarded(self._step.read, instance, args, kwargs, default=Facts())
        if known is None:
            return None
        run = begin(self._framework, self._step.operation, known, instance if instance is not None else self, desk, active)
        if run is not None and run.captures and self._step.content is not None:
            run.content = guarded(self._step.content, instance, args, kwargs)
        if run is not None and (self._step.reports or self._step.messages is not None):
            run.reported = ReportedRun(run, instance, self._begin_reported, self._step.messages)
        return run

    def _begin_reported(self, operation: str, known: Facts, active: ActiveCall) -> Run | None:
        return begin(self._framework, operation, known, self, self._desk, active)

    def around(self, wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        """Drive a plain function, whatever it returns."""
        active = ActiveCall()
        try:
            try:
                run: Run | None = guarded(self.begin, instance, args, kwargs, active)
                result = wrapped(*args, **kwargs)
                if run is None:
                    return result
                return guarded(self._settle, run, result, default=result, rescue=run.abort)
            except BaseException as error:
                if active.call is not None:
                    guarded(active.call.on_error, error, rescue=partial(active.call.abort, error))
                raise
            finally:
                guarded(context.leave, active.entered)
        except BaseException as error:
            # Reached with everything done, unless an interruption came into the lines above.
            guarded(active.abort, error)
            raise

    async def around_async(self, wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        """Drive a coroutine function."""
        active = ActiveCall()
        try:
            try:
                run: Run | None = guarded(self.begin, instance, args, kwargs, active)
                if run is not None and self._step.arguments is not None:
                    args, kwargs = guarded(self._step.arguments, instance, args, kwargs, default=(args, kwargs))
                result = await wrapped(*args, **kwargs)
                if run is not None:
                    guarded(self._finish, run, result, rescue=run.abort)
                return result
            except BaseException as error:
                if active.call is not None:
                    guarded(active.call.on_error, error, rescue=partial(active.call.abort, error))
                raise
            finally:
                guarded(context.leave, active.entered)
        except BaseException as error:
            # Reached with everything done, unless an interruption came into the lines above.
            guarded(active.abort, error)
            raise

    def around_lazy(self, wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        """Drive a generator function of any kind: the run begins with the first step."""
        made = wrapped(*args, **kwargs)
        return guarded(self._begin_later, made, lambda active: self.begin(instance, args, kwargs, active), default=made)

    def _begin_later(self, made: object, begin: Callable[[ActiveCall], Run | None]) -> Any:
        if type(made) is GeneratorType:
            return wrap_generator(begin, made)
        if type(made) is AsyncGeneratorType:
            return wrap_async_generator(begin, made)
        block_of(made, begin, self._finish)
        return made

    def _finish(self, run: Run, result: object) -> None:
        step = self._step
        ended = Result() if step.result is None else guarded(step.result, result, default=Result())
        output = guarded(step.output, result) if run.captures and step.output is not None else None
        run.finished(ended, output)

    def _settle(self, run: Run, result: Any) -> Any:
        """Return the result, or a generator or coroutine if the run continues."""
        kind = type(result)
        if kind is GeneratorType:
            return relay(result, run, context.here())  # type: ignore[arg-type]
        if kind is AsyncGeneratorType:
            return relay_async(result, run, context.here())  # type: ignore[arg-type]
        if kind is CoroutineType:
            awaited = self._awaited(run, result, context.here())
            end_when_collected(awaited, run)  # type: ignore[arg-type]
            return awaited
        task: Any = result if self._step.task is None else getattr(result, self._step.task, None)
        if hasattr(task, "add_done_callback"):
            task.add_done_callback(partial(guarded_later, self._done, run, result))
        else:
            self._finish(run, result)
        return result

    async def _awaited(self, run: Run, coroutine: Coroutine[Any, Any, Any], inside: context.Context) -> Any:
        active = ActiveCall()
        try:
            try:
                active.call = run
                active.enter_elsewhere(inside)
                result = await coroutine
                guarded(self._finish, run, result, rescue=run.abort)
                return result
            except BaseException as error:
                guarded(run.on_error, error, rescue=partial(run.abort, error))
                raise
            finally:
                guarded(context.leave, active.entered)
        except BaseException as error:
            guarded(active.abort, error)
            raise

    def _done(self, run: Run, result: Any, future: Any) -> None:
        if future.cancelled():
            run.finished(Result(CANCELLED))
        elif (error := future.exception()) is not None:
            run.on_error(error)
        else:
            self._finish(run, future.result() if result is future else result)


def observed(original: Any, framework: str, step: Step, desk: StepServices, switch: EnabledFlag) -> Any:
    """Return ``original`` observed by the driver for its kind of function."""
    watch = Observed(framework, step, desk, switch)
    # Frameworks hide coroutine functions behind plain decorators, so ask the function within.
    function = inspect.unwrap(getattr(original, "__func__", original))
    driver: Callable[..., Any] = watch.around
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        driver = watch.around_lazy
    elif inspect.iscoroutinefunction(function):
        driver = watch.around_async
    return Wrapper(original, driver)
