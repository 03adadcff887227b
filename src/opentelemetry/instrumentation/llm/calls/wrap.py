"""Wrap a function of an SDK: begin a call, run the function, record its result.

The application receives exactly the result or the exception of the function. All decisions are made in plain functions;
the two drivers, for plain and for coroutine functions, only run them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .. import context
from ..baggage import carried
from ..dialects import Arguments
from ..extraction.arguments import by_name
from ..guard import failed, guarded
from ..schema.interruption import is_interruption
from ..schema.records import Request
from . import secrets
from .call import Call, CallServices
from .declaration import Destination, PatchPoint, Routes, Sdk
from .nesting import covering
from .result import dispatch_result
from .running import ActiveCall
from .streams.generator_function import wrap_async_generator, wrap_generator

_UNKNOWN = (None, False, None)
"""The assumption if the context cannot be read.

Instrumentation is not suppressed, and no call is running.
"""


class EnabledFlag:
    """On/off flag shared by all wrappers.

    If another library wrapped our wrapper, ``uninstrument()`` cannot remove it and clears this flag instead.
    """

    __slots__ = ("on",)

    def __init__(self, on: bool = False) -> None:
        self.on = on


class CallWrapper:
    """The wrapper of one SDK function, with all patch points of that function."""

    def __init__(self, provider: Sdk, points: list[PatchPoint], desk: CallServices, switch: EnabledFlag) -> None:
        self._switch = switch
        self._provider = provider
        self._routes = Routes(points)
        self._desk = desk
        self._names = points[0].names

    def begin(self, running: ActiveCall, instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        """Begin a call in ``running`` if the operation is observed and not suppressed."""
        if not self._switch.on:
            return
        try:
            if not self._desk.has_handlers():
                return
        except Exception as error:
            # The same as ``guarded``, without an additional frame for each call.
            if is_interruption(error):
                raise
            failed(self._desk.has_handlers, error)
        if self._names and args:
            args, kwargs = (), guarded(by_name, self._names, args, kwargs, default=kwargs)
        arguments = guarded(self._provider.read, instance, args, kwargs) or Arguments({})
        point = self._routes.find(arguments.method, arguments.path)
        if point is None:
            return
        here, suppressed, running_call = guarded(context.look, default=_UNKNOWN)
        if suppressed:
            return
        request = guarded(point.dialect.request, arguments)
        if request is None:
            # The request could not be read. ``__new__`` creates an empty record without running code that could fail again.
            request = Request.__new__(Request)
        identity = guarded(self._provider.identify, instance, arguments) or Destination(self._provider.name)
        renamed = self._desk.host_providers.get(identity.address or "")
        if renamed is not None:
            identity = identity._replace(provider=renamed)
        excluded = self._desk.excluded
        if excluded is not None and guarded(excluded, point.operation, identity, request.model, arguments.path):
            return
        outer = above = None
        if running_call is not None:
            outer, above = guarded(covering, running_call, point, identity, request, default=(None, None))
        call = Call(point, identity, request, self._desk, outer)
        call.above = above
        if call.captures_content:
            call.secrets = guarded(secrets.of, instance, {"arguments": args, **kwargs})
        if here is None or here:
            # An empty context contains neither baggage nor a step.
            call.known |= guarded(carried, self._desk.baggage_keys, default={})
            if outer is None:
                guarded(call.belongs_to, guarded(context.running_step))
        # The context is entered before the start event, so that leaving it also removes changes that handlers make at the start.
        running.enter(call, point, here, self._desk.http_spans)
        guarded(call.start, arguments)

    def around(self, wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        """Drive a plain function."""
        running = ActiveCall()
        try:
            try:
                guarded(self.begin, running, instance, args, kwargs)
                result = wrapped(*args, **kwargs)
                if running.call is None:
                    return result
                return guarded(dispatch_result, running.call, running.point, result, default=result, rescue=running.call.abort)
            except BaseException as error:
                if running.call is not None:
                    guarded(running.call.on_error, error, rescue=partial(running.call.abort, error))
                raise
            finally:
                if running.entered is not None:
                    guarded(context.leave, running.entered)
        except BaseException as error:
            # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
            guarded(running.abort, error)
            raise

    async def around_async(
        self, wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Any:
        """Drive a coroutine function."""
        running = ActiveCall()
        try:
            try:
                guarded(self.begin, running, instance, args, kwargs)
                result = await wrapped(*args, **kwargs)
                if running.call is None:
                    return result
                return guarded(dispatch_result, running.call, running.point, result, default=result, rescue=running.call.abort)
            except BaseException as error:
                if running.call is not None:
                    guarded(running.call.on_error, error, rescue=partial(running.call.abort, error))
                raise
            finally:
                if running.entered is not None:
                    guarded(context.leave, running.entered)
        except BaseException as error:
            # An interruption may have occurred in the lines above. Otherwise everything is done, and this does nothing.
            guarded(running.abort, error)
            raise

    def around_lazy(self, wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        """Drive a generator function, plain or asynchronous.

        The call begins when the application requests the first chunk.
        """
        inner = wrapped(*args, **kwargs)
        begin = wrap_async_generator if hasattr(inner, "__anext__") else wrap_generator
        return guarded(begin, lambda running: self.begin(running, instance, args, kwargs), inner, default=inner)


def reads_by_name(names: tuple[str, ...]) -> Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Arguments]:
    """Make a reader that names positional arguments after the parameters ``names``."""

    def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
        return Arguments(by_name(names, args, kwargs))

    return read
