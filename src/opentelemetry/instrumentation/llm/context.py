"""What runs now: the current call, the current span, and how both are carried elsewhere.

Calls enter and leave here, in one frame each; handlers make a span current; users open spans of their own with
``with_span`` and take a context along with ``with_context`` and ``carry``. Built on the OpenTelemetry context, so all
of it crosses threads and tasks with it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import Token
from typing import Any, TypeVar

from opentelemetry import context as otel_context
from opentelemetry import baggage, propagate, trace
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context
from opentelemetry.trace import Span, Status, StatusCode

from .words.errors import error_type

__all__ = [
    "Context", "baggage_value", "carry", "current", "enter", "enter_call", "enter_span", "here", "leave", "running_call", "suppressed",
    "with_context", "with_span",
]  # fmt: skip

_RUNNING = otel_context.create_key("ex_llm.running-call")
_R = TypeVar("_R")
Entered = Token[Context]


def suppressed() -> bool:
    """Say whether instrumentation is switched off here (``suppress_instrumentation()`` of OpenTelemetry)."""
    return bool(otel_context.get_value(_SUPPRESS_INSTRUMENTATION_KEY))


def baggage_value(key: str) -> object | None:
    """Return what the baggage of this context holds under ``key``."""
    return baggage.get_baggage(key)


def running_call() -> Any:
    """Return the call that is running in this context, or ``None``."""
    return otel_context.get_value(_RUNNING)


def enter_call(call: Any) -> Entered:
    """Make ``call`` the running one; ``leave`` with what this returns, in the same frame."""
    return otel_context.attach(otel_context.set_value(_RUNNING, call))


def here() -> Context:
    """Return the current OpenTelemetry context."""
    return otel_context.get_current()


def enter(context: Context) -> Entered:
    """Make ``context`` the current one; ``leave`` with what this returns, in the same frame."""
    return otel_context.attach(context)


def enter_span(span: Span) -> Entered:
    """Make ``span`` the current one; ``leave`` with what this returns."""
    return otel_context.attach(trace.set_span_in_context(span))


def leave(entered: Entered) -> None:
    """Restore what was current before ``entered``, and everything that was attached since."""
    # A coroutine or stream may be closed from another context than it ran in; that one is not ours to change, and
    # OpenTelemetry's own detach() would log an error with a traceback there.
    with contextlib.suppress(ValueError, RuntimeError):
        entered.var.reset(entered)


@contextlib.contextmanager
def current(context: Context) -> Iterator[None]:
    """Make an OpenTelemetry context the current one while the block runs."""
    entered = enter(context)
    try:
        yield
    finally:
        leave(entered)


class with_span:  # noqa: N801 - used as a statement, like a function
    """Open a span of your own, as ``with``, ``async with`` or decorator; calls inside become its children.

    ``attributes`` are set at its start. The block gets the OpenTelemetry span. An exception marks the span as failed and
    goes on unchanged; its text is not recorded.

    >>> with with_span("custom_operation", {"custom": "attribute"}) as current_span:
    ...     current_span.set_attribute("documents", 3)
    """

    __slots__ = ("_attributes", "_name", "_open")

    def __init__(self, name: str, attributes: Mapping[str, Any] | None = None) -> None:
        self._name = name
        self._attributes = dict(attributes or {})
        self._open: list[tuple[Span, Entered]] = []

    def __enter__(self) -> Span:
        span = trace.get_tracer("opentelemetry.instrumentation.llm").start_span(self._name, attributes=self._attributes)
        self._open.append((span, enter_span(span)))
        return span

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace_: Any) -> None:
        span, entered = self._open.pop()
        leave(entered)
        if error is not None:
            span.set_attribute("error.type", error_type(error))
            span.set_status(Status(StatusCode.ERROR, error_type(error)))
        span.end()

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace_: Any) -> None:
        self.__exit__(kind, error, trace_)

    def __call__(self, function: Callable[..., _R]) -> Callable[..., _R]:
        name, attributes = self._name, self._attributes
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator; put 'with with_span({name!r})' around the code that reads it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def spanned_async(*args: Any, **kwargs: Any) -> Any:
                with with_span(name, attributes):
                    return await function(*args, **kwargs)

            return spanned_async  # type: ignore[return-value]

        @functools.wraps(function)
        def spanned(*args: Any, **kwargs: Any) -> _R:
            with with_span(name, attributes):
                return function(*args, **kwargs)

        return spanned


def with_context(context: Context, function: Callable[..., _R], *args: Any, **kwargs: Any) -> _R:
    """Run ``function`` in ``context`` (from ``opentelemetry.context.get_current()``) and return its result.

    A coroutine function runs in it too: what comes back is then its awaitable.
    """
    if inspect.iscoroutinefunction(function):
        return _in_context(context, function, args, kwargs)  # type: ignore[return-value]
    with current(context):
        return function(*args, **kwargs)


async def _in_context(context: Context, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with current(context):
        return await function(*args, **kwargs)


class carry:  # noqa: N801 - used like a function
    """Take the trace and baggage of here along with ``function`` to wherever it runs: thread, process or machine.

    The result is called like ``function`` and pickles when ``function`` does, so it goes into process pools and queues.

    >>> carry(len)([1, 2])
    2
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"carry takes a function, not {function!r}")
        self._function = function
        self._carrier: dict[str, str] = {}
        propagate.inject(self._carrier)
        functools.update_wrapper(self, function, updated=())

    def __reduce__(self) -> tuple[Any, ...]:
        return _carried, (self._function, self._carrier)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return with_context(propagate.extract(self._carrier), self._function, *args, **kwargs)


def _carried(function: Callable[..., Any], carrier: dict[str, str]) -> carry:
    made = carry.__new__(carry)
    made._function, made._carrier = function, carrier
    return made
