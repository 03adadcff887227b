"""Drive a wrapped function that is observed and is not a stream.

The rule is that a frame leaves everything that it enters. An interruption (``KeyboardInterrupt``, or an exception raised by a
signal handler) can occur at any line, so each driver cleans up twice: once in ``finally``, and again if that was interrupted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .guard import failed, guarded
from .schema.interruption import is_interruption

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


class Observation(Protocol):
    """The observation of one call of the function. Every method may run twice."""

    def enter(self, args: Args, kwargs: Kwargs) -> None:
        """Begin the observation, and set the context variables of this frame."""

    def on_result(self, result: object) -> None:
        """Record the result."""

    def on_error(self, error: BaseException) -> None:
        """Record the exception of the function, or an interruption of this package."""

    def leave(self) -> None:
        """Restore the context variables. It runs before ``on_result`` and ``on_error``."""


Observe = Callable[[Any], Observation | None]
"""Return the observation for an instance, or ``None``. It enters nothing."""


def driver(observe: Observe, original: Any) -> Callable[..., Any]:
    """Return the driver of ``original``, a plain or a coroutine function."""

    def around(wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        observation = None
        try:
            observation = observe(instance)
        except Exception as error:
            # The same as ``guarded``, without an additional frame for each request of the application.
            if is_interruption(error):
                raise
            failed(observe, error)
        if observation is None:
            return wrapped(*args, **kwargs)
        try:
            try:
                guarded(observation.enter, args, kwargs)
                result = wrapped(*args, **kwargs)
            finally:
                guarded(observation.leave)
            guarded(observation.on_result, result)
            return result
        except BaseException as error:
            guarded(_interrupted, observation, error)
            raise

    async def around_async(wrapped: Callable[..., Any], instance: object, args: Args, kwargs: Kwargs) -> Any:
        observation = None
        try:
            observation = observe(instance)
        except Exception as error:
            if is_interruption(error):
                raise
            failed(observe, error)
        if observation is None:
            return await wrapped(*args, **kwargs)
        try:
            try:
                guarded(observation.enter, args, kwargs)
                result = await wrapped(*args, **kwargs)
            finally:
                guarded(observation.leave)
            guarded(observation.on_result, result)
            return result
        except BaseException as error:
            guarded(_interrupted, observation, error)
            raise

    return around_async if inspect.iscoroutinefunction(inspect.unwrap(original)) else around


def _interrupted(observation: Observation, error: BaseException) -> None:
    """Leave again, because the first attempt may have been interrupted, and record."""
    guarded(observation.leave)
    guarded(observation.on_error, error)
