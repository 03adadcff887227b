"""Deliver events to handlers: events have names, handlers have ids.

Producers emit events with ``execute``; consumers attach handlers with ``attach``. The table of handlers is immutable
and is replaced under a lock, so emitting an event takes no lock. This module knows neither OpenTelemetry nor LLMs.

A handler MUST be quick, MUST NOT block, and MUST be callable from any thread, also from a finalizer. It is called as
``handler(event_name, measurements, metadata, config)`` in the thread that emits. A handler that raises is detached
(unless attached with ``keep=True``), one warning names it, and ``telemetry.handler.failure`` is emitted.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, TypeVar

from . import fork
from .schema.errors import error_type, is_no_failure
from .schema.events import HANDLER_FAILURE, INTERRUPTED
from .schema.interruption import is_interruption

_logger = logging.getLogger(__name__)
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_ROUTES_KEPT = 2000
_PACKAGE = f"{__name__.rpartition('.')[0]}."
_active: ContextVar[tuple[str, ...]] = ContextVar("ex_llm.active-handlers", default=())

Handler = Callable[[str, Mapping[str, Any], Mapping[str, Any], Any], object]
_F = TypeVar("_F", bound=Callable[..., Any])


class Attached(NamedTuple):
    """One attached handler.

    ``event`` is a name, a prefix that ends with ``*``, a suffix that begins with ``*``, or ``*``.
    """

    id: str
    event: str
    function: Handler
    config: Any = None
    keep: bool = False
    ours: bool = False

    def matches(self, name: str) -> bool:
        if self.event.endswith("*"):
            return name.startswith(self.event[:-1])
        return name.endswith(self.event[1:]) if self.event.startswith("*") else name == self.event


_Route = tuple[tuple[Handler, Any, Attached], ...]
"""Function, configuration and entry of each handler of one event."""


class _RoutingTable(NamedTuple):
    attached: tuple[Attached, ...]
    routes: dict[str, _Route]

    def route(self, name: str) -> _Route:
        found = tuple([(a.function if a.ours else partial(_run_alone, a), a.config, a) for a in self.attached if a.matches(name)])
        if len(self.routes) < _ROUTES_KEPT:
            self.routes[name] = found
        return found


handler_table = _RoutingTable((), {})
"""All attached handlers; every change makes a new object, so ``is`` detects it."""
_lock = threading.Lock()
_refs = itertools.count(1)
new_ref = _refs.__next__
"""Return a number that is unique in this process.

``ref`` in metadata connects start, stop and exception.
"""


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


fork.in_child(_renew_lock)


def attach(handler_id: str, event: str, function: Handler, config: Any = None, *, keep: bool = False) -> None:
    """Attach a handler to one event name or to a pattern.

    ``"ex_llm.chat.*"`` matches a prefix, ``"*.stop"`` a suffix. ``handler_id`` is the argument of ``detach``; an id
    that is in use raises ``ValueError``, a handler that cannot be called ``TypeError``. With ``keep`` the handler
    stays attached when it raises.

    >>> attach("my-handler", "ex_llm.chat.stop", lambda name, measurements, metadata, config: None)
    >>> [a.id for a in list_handlers("ex_llm.chat.stop") if a.id == "my-handler"]
    ['my-handler']
    >>> detach("my-handler")
    True
    """
    attach_many(handler_id, [event], function, config, keep=keep)


def attach_many(handler_id: str, events: Iterable[str], function: Handler, config: Any = None, *, keep: bool = False) -> None:
    """Attach one handler to several events: to all of them or, on error, to none."""
    global handler_table
    names = _checked(handler_id, events, function)
    with _lock:
        if any(a.id == handler_id for a in handler_table.attached):
            raise ValueError(f"a handler with the id {handler_id!r} is attached already; detach it first or choose another id")
        ours = str(getattr(function, "__module__", "")).startswith(_PACKAGE)
        new = tuple(Attached(handler_id, name, function, config, keep, ours) for name in names)
        handler_table = _RoutingTable(handler_table.attached + new, {})


def _checked(handler_id: str, events: Iterable[str], function: Handler) -> list[str]:
    if not isinstance(handler_id, str) or not handler_id:
        raise TypeError(f"a handler id is a text that is not empty, not {handler_id!r}")
    if isinstance(events, str):
        raise TypeError(f"attach_many takes a list of event names, not the text {events!r}; use attach for one event")
    if not callable(function):
        raise TypeError(f"the handler {handler_id!r} is {function!r}, which cannot be called; give a function of four arguments")
    names = list(events)
    for name in names:
        if not isinstance(name, str) or not name:
            raise TypeError(f"an event name is a dotted text such as 'ex_llm.chat.stop', not {name!r}")
    return names


def detach(handler_id: str) -> bool:
    """Detach the handler with this id from all its events; return if it existed."""
    global handler_table
    with _lock:
        left = tuple(a for a in handler_table.attached if a.id != handler_id)
        found = len(left) < len(handler_table.attached)
        if found:
            handler_table = _RoutingTable(left, {})
    return found


def list_handlers(prefix: str = "") -> list[Attached]:
    """List handlers of events that begin with ``prefix``, and of matching patterns."""
    return [a for a in handler_table.attached if a.event.startswith(prefix) or a.matches(prefix)]


def count_handlers() -> int:
    """Return the number of attached handlers, counted once for each event."""
    return len(handler_table.attached)


def has_handlers(event: str) -> bool:
    """Return whether ``event`` has a handler, to avoid expensive measurements."""
    table = handler_table
    found = table.routes.get(event)
    return bool(table.route(event) if found is None else found)


def execute(event: str, measurements: Mapping[str, Any] | None = None, metadata: Mapping[str, Any] | None = None) -> None:
    """Emit ``event`` to every handler; the caller sees no errors of handlers."""
    table = handler_table
    found = table.routes.get(event)
    if found is None:
        found = table.route(event)
    if not found:
        return
    # A read-only view is passed on as it is; anything else is copied, since its owner may change it.
    measured = measurements if type(measurements) is MappingProxyType else MappingProxyType(dict(measurements or _NOTHING))
    known = metadata if type(metadata) is MappingProxyType else MappingProxyType(dict(metadata or _NOTHING))
    handlers = iter(found)
    try:
        # The same as ``_run``, without its frame.
        for function, config, handler in handlers:
            try:
                function(event, measured, known, config)
            except Exception as error:
                if is_interruption(error):
                    raise
                _report(handler, event, error)
    except BaseException:
        # An interruption is raised again after the remaining handlers ran: one of them may have to close an open span.
        _run(handlers, event, measured, known)
        raise


def _run(handlers: Iterator[tuple[Handler, Any, Attached]], event: str, measured: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Call each handler that is left; only an interruption comes out."""
    for function, config, handler in handlers:
        try:
            function(event, measured, known, config)
        except Exception as error:
            if is_interruption(error):
                raise
            _report(handler, event, error)


DELIVERS = frozenset({execute.__code__, _run.__code__})
"""The codes of the frames one of which is on the stack while a handler runs."""


def _report(handler: Attached, event: str, error: Exception) -> None:
    """Report a handler that raised."""
    try:
        _handler_failed(handler, event, error)
    except Exception as raised:
        # Filters and handlers of the application's own logging may raise too.
        if is_interruption(raised):
            raise


def _run_alone(handler: Attached, event: str, measured: Mapping[str, Any], known: Mapping[str, Any], config: Any) -> None:
    """Call a handler of the application, but not for events that it causes itself."""
    active = _active.get()
    if handler.id in active:
        return
    try:
        token = _active.set((*active, handler.id))
        try:
            handler.function(event, measured, known, config)
        finally:
            _active.reset(token)
    except BaseException:
        _active.set(active)  # again, for an interruption that came before it was done
        raise


def _handler_failed(handler: Attached, event: str, error: Exception) -> None:
    kind = type(error).__name__
    if handler.keep:
        _logger.debug("handler %r failed on %r with %s and stays attached", handler.id, event, kind, exc_info=True)
    elif detach(handler.id):
        _logger.warning("handler %r failed on %r with %s and is detached", handler.id, event, kind, exc_info=True)
    if event != HANDLER_FAILURE:
        metadata = {"handler_id": handler.id, "event": event, "kind": kind, "reason": "raised"}
        execute(HANDLER_FAILURE, {"system_time": time.time_ns()}, metadata)


class span:
    """Emit ``<name>.start``, then ``<name>.stop`` or ``<name>.exception``.

    Works as ``with``, ``async with`` and as a decorator of plain and coroutine functions. ``metadata`` is part of all
    three events; values that the block adds to the dict from ``with`` are part of the last event. The exception is
    not changed.

    >>> with span("myapp.llm.analyze", {"documents": 3}) as outcome:
    ...     outcome["words"] = 120
    """

    __slots__ = ("_metadata", "_name", "_open")

    def __init__(self, name: str, metadata: Mapping[str, Any] | None = None) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of a span is a dotted text such as 'myapp.llm.analyze', not {name!r}")
        self._name = name
        self._metadata = dict(metadata or {})
        self._open: list[tuple[int, dict[str, Any]]] = []

    def __enter__(self) -> dict[str, Any]:
        known = {**self._metadata, "ref": new_ref()}
        try:
            self._open.append((time.perf_counter_ns(), known))
            execute(f"{self._name}.start", {"system_time": time.time_ns()}, known)
            return known
        except BaseException as error:
            self._interrupted(error)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            began, known = self._open[-1]
            phase = "stop"
            if error is not None and not is_no_failure(error):
                phase = "exception"
                known |= {"kind": type(error).__name__, "reason": "raised", "error_type": error_type(error)}
            execute(f"{self._name}.{phase}", {"duration": time.perf_counter_ns() - began}, known)
            self._open.pop()
        except BaseException as interruption:
            self._interrupted(interruption)
            raise

    def __del__(self) -> None:
        # ``__exit__`` was interrupted before its first line.
        while getattr(self, "_open", None):
            self._interrupted(GeneratorExit())

    def _interrupted(self, error: BaseException) -> None:
        """Close what handlers have open for the last block."""
        if self._open:
            _, known = self._open.pop()
            execute(INTERRUPTED, {"system_time": time.time_ns()}, {"ref": known["ref"], "kind": type(error).__name__})

    async def __aenter__(self) -> dict[str, Any]:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: _F) -> _F:
        name, metadata = self._name, self._metadata
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator; put 'with span({name!r})' around the code that reads it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper_async(*args: Any, **kwargs: Any) -> Any:
                with span(name, metadata):
                    return await function(*args, **kwargs)

            return wrapper_async  # type: ignore[return-value]

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with span(name, metadata):
                return function(*args, **kwargs)

        return wrapper  # type: ignore[return-value]
