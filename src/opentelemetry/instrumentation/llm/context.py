"""Hold the running call, the running step and the current span in the context.

Calls enter and leave in one frame each; handlers make a span current; users open spans with ``with_span`` and move a
context to other threads and processes with ``with_context`` and ``carry``. Everything is stored in the OpenTelemetry
context, so it follows threads and tasks.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator, Mapping
from contextvars import Token
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Protocol, TypeVar
from urllib.parse import SplitResult

from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY, _SUPPRESS_INSTRUMENTATION_KEY, Context
from opentelemetry.trace import Span, SpanContext, Status, StatusCode

from opentelemetry import baggage, propagate, trace
from opentelemetry import context as otel_context

from .schema.bounds import bounded, encodable
from .schema.errors import error_type, is_no_failure
from .schema.semconv import SPAN_KINDS, span_kind

__all__ = [
    "Context", "RunningCall", "baggage_value", "carry", "content_places", "current",
    "enter", "enter_call", "enter_span", "enter_step", "here", "leave", "of_span",
    "outside", "running_call", "running_step", "silent_span", "silent_tracer", "suppressed", "to_carrier", "tracer_provider",
    "with_content_places", "with_context", "with_span", "with_span_only", "without_runs",
]  # fmt: skip

_RUNNING = otel_context.create_key("ex_llm.running-call")
_STEP = otel_context.create_key("ex_llm.running-step")
_PLACES = otel_context.create_key("ex_llm.content-places")
_PROMPT = otel_context.create_key("ex_llm.prompt-variables")
_OUTSIDE = otel_context.create_key("ex_llm.span-outside")
"""The current span of this package with the application's span around it."""
_steps_begun = False
_R = TypeVar("_R")
Entered = Token[Context]


class RunningCall(Protocol):
    """The part of a running call that transports and SDK modules use."""

    ended: bool
    asked_to_stream: bool
    streaming: bool
    ref: int
    response: Any
    awaited: Callable[[BaseException | None], None] | None
    known: dict[str, Any]
    reported_cents: float | None
    sends: Callable[[Any, str, SplitResult], bool | None] | None

    @property
    def identity(self) -> Any:
        """The provider, host and port."""

    @property
    def outermost(self) -> RunningCall:
        """The call that is recorded: this call or the call that it serves."""

    def event_identity(self) -> dict[str, Any]:
        """Return the metadata that identifies the call in events of its attempts."""

    def attempt_begins(self) -> tuple[int, int | None]:
        """Return the number of the new attempt and the time since the last attempt."""

    def attempt_ended(self, refused: bool, status: int | None = None, unanswered: str | None = None) -> None:
        """Record the end of an attempt."""


def suppressed() -> bool:
    """Return whether ``suppress_instrumentation()`` of OpenTelemetry is active."""
    return bool(otel_context.get_value(_SUPPRESS_INSTRUMENTATION_KEY))


def baggage_value(key: str) -> object | None:
    """Return the value of ``key`` in the baggage of this context."""
    return baggage.get_baggage(key)


def silent_tracer() -> Any:
    """Return a tracer that makes no spans; its user continues under the current span."""
    return trace.NoOpTracer()


def silent_span() -> Any:
    """Return a span that records nothing and has the identity of the current span.

    Spans that start below it become children of the current span.
    """
    return silent_tracer().start_span("")


def look() -> tuple[Context, bool, Any]:
    """Return the context, whether it is suppressed, and its running call."""
    here = otel_context.get_current()
    return here, bool(here.get(_SUPPRESS_INSTRUMENTATION_KEY)), here.get(_RUNNING)


def running_call() -> RunningCall | None:
    """Return the call that is running in this context, or ``None``."""
    return otel_context.get_current().get(_RUNNING)  # type: ignore[return-value]


def enter_call(call: RunningCall, http_spans: bool = True) -> Entered:
    """Make ``call`` the running call; pass the result to ``leave`` in the same frame.

    Without ``http_spans``, instrumentations of HTTP clients make no spans inside it.
    """
    if not http_spans:
        return otel_context.attach(Context({**here(), _RUNNING: call, _SUPPRESS_HTTP_INSTRUMENTATION_KEY: True}))
    return otel_context.attach(otel_context.set_value(_RUNNING, call))


def content_places() -> tuple[str, ...] | None:
    """Return where contents are recorded here, if the application has set a scope."""
    return otel_context.get_value(_PLACES)  # type: ignore[return-value]


def with_content_places(places: tuple[str, ...]) -> Context:
    """Return the current context with a scope for contents."""
    return otel_context.set_value(_PLACES, places)


def with_prompt_variables(context: Context, variables: Mapping[str, str]) -> Context:
    """Return ``context`` with prompt variables, which never leave the process."""
    return Context({**context, _PROMPT: variables})


def prompt_variables() -> Mapping[str, str] | None:
    """Return the variables of the prompt in this context, if any."""
    return here().get(_PROMPT)  # type: ignore[return-value]


def running_step() -> Any:
    """Return the running step (agent, tool, workflow or other), or ``None``."""
    # Processes without agents do not pay for the look-up.
    step: Any = otel_context.get_value(_STEP) if _steps_begun else None
    return None if step is None or step.ended else step


def of_span(span: Span | SpanContext) -> Context:
    """Return the current context with ``span``, or its ``SpanContext``, as current."""
    return trace.set_span_in_context(trace.NonRecordingSpan(span) if isinstance(span, SpanContext) else span)


def to_carrier(context: Context | None = None) -> dict[str, str]:
    """Return trace and baggage of a context, or of here, as headers."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context)
    return carrier


def enter_step(step: Any, carrier: Mapping[str, str] | None = None) -> Entered:
    """Make ``step`` the running step; pass the result to ``leave`` in the same frame.

    ``carrier`` holds the trace of a caller in another process.

    A call that runs around the step, such as a call of an SDK that executes tools, is not the outer call of calls
    inside it.
    """
    global _steps_begun
    _steps_begun = True
    outside = here() if not carrier else propagate.extract(carrier, here())
    return otel_context.attach(Context({**outside, _STEP: step, _RUNNING: None}))


def with_span_only(span: Span) -> Context:
    """Return the current context with ``span`` and without running call and step.

    The result may be kept for a long time.
    """
    return trace.set_span_in_context(span, without_runs())


def without_runs() -> Context:
    """Return the current context without its running call and step.

    The result may be kept for a long time.
    """
    return Context({**here(), _RUNNING: None, _STEP: None})


def here() -> Context:
    """Return the current OpenTelemetry context."""
    return otel_context.get_current()


def enter(context: Context) -> Entered:
    """Make ``context`` current; pass the result to ``leave`` in the same frame."""
    return otel_context.attach(context)


def enter_span(span: Span) -> Entered:
    """Make ``span`` the current span; pass the result to ``leave``."""
    here = otel_context.get_current()
    return otel_context.attach(trace.set_span_in_context(span, Context({**here, _OUTSIDE: (span, _outside(here))})))


def outside() -> Context:
    """Return the current context with the application's span in place of ours.

    Other tracer providers do not know our spans.
    """
    here = otel_context.get_current()
    return trace.set_span_in_context(_outside(here), here)


def _outside(here: Context) -> Span:
    span = trace.get_current_span(here)
    entered: Any = here.get(_OUTSIDE)
    return span if entered is None or entered[0] is not span else entered[1]


def leave(entered: Token[Any] | None) -> None:
    """Restore the value before ``entered``, for any context variable.

    Everything that was attached later is detached too.
    """
    if entered is None:
        return
    # A coroutine or stream may be closed from another context than it ran in; that one is not ours to change, and
    # OpenTelemetry's own detach() would log an error with a traceback there.
    try:  # noqa: SIM105 - each call passes here, and a context manager costs as much as the rest of it
        entered.var.reset(entered)
    except (ValueError, RuntimeError):
        pass


def leave_block(inside: Context, before: Context, entered: Token[Any]) -> None:
    """Restore ``before``, also if the block is left in another context.

    asyncio closes an abandoned asynchronous generator in a separate task. The context of the reader cannot be reached
    from there, but the current context is ``inside``, so the values that the block added are removed from it.
    """
    try:
        entered.var.reset(entered)
    except RuntimeError:
        return
    except ValueError:
        dict.update(inside, before)
        for key in inside.keys() - before.keys():
            dict.__delitem__(inside, key)


_tracer_provider: Any = None


def use_tracer_provider(provider: Any) -> None:
    """Set the tracer provider for spans of users; ``None`` is the global provider."""
    global _tracer_provider
    _tracer_provider = provider


def tracer_provider() -> Any:
    """Return the tracer provider of this package's spans."""
    return _tracer_provider or trace.get_tracer_provider()


@contextlib.contextmanager
def current(context: Context) -> Iterator[None]:
    """Make an OpenTelemetry context the current one while the block runs."""
    entered = None
    try:
        try:
            entered = enter(context)
            yield
        finally:
            leave(entered)
    except BaseException:
        leave(entered)  # again, for an interruption that came before it was done
        raise


class OwnSpans:
    """Hold what spans of users have beside their attributes.

    ``session`` returns the attributes of the session. ``contents`` returns those of a function: it receives the kind, the
    arguments and the result.
    """

    def __init__(
        self,
        session: Callable[[], Mapping[str, Any]] = dict,
        contents: Callable[[str, Any, Any], Mapping[str, Any]] | None = None,
    ) -> None:
        self.session, self._contents = session, contents

    def show(self, span: Span, kind: str | None, args: Any, kwargs: Any, result: Any) -> None:
        """Set the arguments and the result of a decorated function."""
        if kind is not None and self._contents is not None and span.is_recording():
            span.set_attributes(self._contents(kind, {"args": args, **kwargs} if args else kwargs, result))


_own = OwnSpans()


def use_own_spans(own: OwnSpans) -> None:
    """Set what spans of users have beside their attributes."""
    global _own
    _own = own


class with_span:
    """Open a span, as ``with``, ``async with`` or decorator.

    Calls inside become its children. ``attributes`` are set at its start. The block gets the OpenTelemetry span. An
    exception marks the span as failed and is raised unchanged; its text is not recorded.

    ``kind`` is ``workflow``, ``agent``, ``tool``, ``retrieval``, ``chain`` or ``task``: tools that show traces read it. A
    decorated function with a kind records its arguments and its result where contents of spans are recorded. ``with_agent``
    and the others of its kind record metrics and totals too.

    >>> with with_span("custom_operation", {"custom": "attribute"}) as current_span:
    ...     current_span.set_attribute("documents", 3)
    """

    __slots__ = ("_attributes", "_kind", "_name", "_open")

    def __init__(self, name: str, attributes: Mapping[str, Any] | None = None, *, kind: str | None = None) -> None:
        self._name, self._kind = bounded(name), kind
        if kind is not None and kind not in SPAN_KINDS:
            raise ValueError(f"kind={kind!r} is not allowed; use one of {', '.join(SPAN_KINDS)}")
        # A value that cannot be encoded would lose the batch of spans or the attribute.
        safe = {bounded(key): encodable(value) if isinstance(value, str) else bounded(value) for key, value in (attributes or {}).items()}
        self._attributes = {key: value for key, value in safe.items() if value is not None}
        # Keyed by the entered context, because tasks and threads may share one ``with_span``: each ends the span that it opened.
        self._open: dict[int, tuple[Context, Context, Span, Entered]] = {}

    def __enter__(self) -> Span:
        tracer = trace.get_tracer("opentelemetry.instrumentation.llm", tracer_provider=_tracer_provider)
        before, entered = here(), None
        inside = before
        span: Span = trace.INVALID_SPAN
        try:
            kind = {} if self._kind is None else span_kind(self._kind, self._name)
            span = tracer.start_span(self._name, attributes={**_own.session(), **kind, **self._attributes})
            inside = trace.set_span_in_context(span, before)
            entered = enter(inside)
            self._open[id(inside)] = (inside, before, span, entered)
            return span
        except BaseException:
            self._open.pop(id(inside), None)
            leave(entered)
            span.end()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace_: Any) -> None:
        inside, before, span, entered = mine = self._open.get(id(here())) or next(reversed(self._open.values()))
        try:
            leave_block(inside, before, entered)
            self._open.pop(id(inside), None)
            if error is not None and not is_no_failure(error):
                span.set_attribute("error.type", error_type(error))
                span.set_status(Status(StatusCode.ERROR, error_type(error)))
            span.end()
        except BaseException:
            self._interrupted(*mine)
            raise

    def __del__(self) -> None:
        # ``__exit__`` was interrupted before its first line.
        for block in tuple(getattr(self, "_open", {}).values()):
            self._interrupted(*block)

    def _interrupted(self, inside: Context, before: Context, span: Span, entered: Entered) -> None:
        self._open.pop(id(inside), None)
        if here() is inside:
            enter(before)
        if span.is_recording():
            span.end()

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace_: Any) -> None:
        self.__exit__(kind, error, trace_)

    def __call__(self, function: Callable[..., _R]) -> Callable[..., _R]:
        name, attributes, kind = self._name, self._attributes, self._kind
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator; put 'with with_span({name!r})' around the code that reads it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def spanned_async(*args: Any, **kwargs: Any) -> Any:
                with with_span(name, attributes, kind=kind) as span:
                    result = await function(*args, **kwargs)
                    _own.show(span, kind, args, kwargs, result)
                    return result

            return spanned_async  # type: ignore[return-value]

        @functools.wraps(function)
        def spanned(*args: Any, **kwargs: Any) -> _R:
            with with_span(name, attributes, kind=kind) as span:
                result = function(*args, **kwargs)
                _own.show(span, kind, args, kwargs, result)
                return result

        return spanned


def with_context(context: Context, function: Callable[..., _R], *args: Any, **kwargs: Any) -> _R:
    """Run ``function`` in ``context`` and return its result.

    ``context`` comes from ``opentelemetry.context.get_current()``. A returned coroutine or generator runs in it too.
    Each step of a generator enters and leaves it, so that the context is never current in the code that reads the
    generator.
    """
    with current(context):
        result: Any = function(*args, **kwargs)
    if isinstance(result, CoroutineType):
        return _in_context(context, result)  # type: ignore[return-value]
    if isinstance(result, GeneratorType) and inspect.isgeneratorfunction(inspect.unwrap(function)):
        return _steps(context, result)  # type: ignore[return-value]
    if isinstance(result, AsyncGeneratorType) and inspect.isasyncgenfunction(inspect.unwrap(function)):
        return _steps_async(context, result)  # type: ignore[return-value]
    return result  # type: ignore[no-any-return]


async def _in_context(context: Context, coroutine: Coroutine[Any, Any, Any]) -> Any:
    with current(context):
        return await coroutine


def _steps(context: Context, inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    try:
        while True:
            entered = enter(context)
            try:
                step = next(inner)
            except StopIteration as end:
                return end.value
            finally:
                # A context that the generator made current is kept for its next step only.
                context = here()
                leave(entered)
            yield step
    finally:
        inner.close()


async def _steps_async(context: Context, inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    try:
        while True:
            entered = enter(context)
            try:
                step = await inner.__anext__()
            except StopAsyncIteration:
                return
            finally:
                context = here()
                leave(entered)
            yield step
    finally:
        await inner.aclose()


class carry:
    """Wrap ``function`` so that it runs with the current trace and baggage elsewhere.

    The result is called like ``function``, which may be a coroutine function or a generator function. It can be
    pickled if ``function`` can, for process pools and queues. In this process it uses the whole context.

    >>> carry(len)([1, 2])
    2
    """

    def __new__(cls, function: Callable[..., Any]) -> carry:
        # Frameworks check for a coroutine function before they call it.
        return super().__new__(_carry_async if inspect.iscoroutinefunction(function) else cls)

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"carry takes a function, not {function!r}")
        self._function = function
        self._carrier: dict[str, str] = {}
        propagate.inject(self._carrier)
        self._here: tuple[int, Context] | None = (os.getpid(), here())
        _dressed(self, function)

    def __reduce__(self) -> tuple[Any, ...]:
        return _carried, (self._function, self._carrier)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return with_context(self._context(), self._function, *args, **kwargs)

    def _context(self) -> Context:
        # A forked child has the object itself, but the spans in its context are the parent's to end.
        if self._here is not None and self._here[0] == os.getpid():
            return self._here[1]
        return propagate.extract(self._carrier, Context())


class _carry_async(carry):
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return await with_context(self._context(), self._function, *args, **kwargs)


def _carried(function: Callable[..., Any], carrier: dict[str, str]) -> carry:
    made = carry.__new__(carry, function)
    made._function, made._carrier, made._here = function, carrier, None
    _dressed(made, function)
    return made


def _dressed(made: carry, function: Callable[..., Any]) -> None:
    functools.update_wrapper(made, function, updated=())
    mark = getattr(inspect, "markcoroutinefunction", None)  # since Python 3.12
    if mark is not None and isinstance(made, _carry_async):
        mark(made)
