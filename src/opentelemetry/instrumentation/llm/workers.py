"""Processes that others start and end: workers of pools and engines, functions that are frozen between two invocations.

``watch_worker`` is the one call that a worker needs; ``flush`` sends what waits; ``in_worker`` does both around a
function, for where a worker cannot be reached otherwise. Engines and users call them, nothing of ours does.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from opentelemetry import _logs, metrics, trace

from . import fork
from .calls.streams import finalize
from .guard import guarded
from .instrumentor import LLMInstrumentor
from .pricing import store

__all__ = ["flush", "in_worker", "watch_worker"]

_lock = threading.RLock()
_ready_in: set[int] = set()
_AT_EXIT_SECONDS = 5.0


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


fork.in_child(_renew_lock)


def watch_worker(setup: Callable[[], object] | None = None, **settings: Any) -> None:
    """Set up OpenTelemetry and watch in this process; called again it does nothing, so it may stand in every task.

    ``setup`` makes providers and sets them; without it OpenTelemetry sets itself up from the environment, as
    ``opentelemetry-instrument`` does. It is not called where providers are set already, as in a fork of a process
    that was set up. ``settings`` are those of ``instrument()``. In a child of ``multiprocessing``, which runs no exit
    handlers, what waits is sent when the child ends. What ``setup`` raises goes on to the caller.
    """
    with _lock:
        if os.getpid() in _ready_in:
            return
        if type(trace.get_tracer_provider()).__name__.startswith("Proxy"):
            (setup or _from_environment)()
        LLMInstrumentor().instrument(**settings)
        _end_with_multiprocessing()
        _ready_in.add(os.getpid())


def _from_environment() -> None:
    from opentelemetry.instrumentation.auto_instrumentation import initialize

    initialize()


def _end_with_multiprocessing() -> None:
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, _end, exitpriority=100)


def _end() -> None:
    finalize.end_open()
    flush(_AT_EXIT_SECONDS)


def flush(timeout: float = 10.0) -> bool:
    """Send spans, logs, metrics and budgets that wait, in at most ``timeout`` seconds each; return whether all were sent.

    Call it where a process may be frozen or killed without a word: at the end of a task or an invocation. Streams that
    were dropped end here; those that are still open stay so. It never raises.
    """
    finalize.end_collected()
    until = time.monotonic() + timeout
    sent = [bool(guarded(one.flush, timeout)) for one in list(store._alive) if hasattr(one, "flush")]
    for provider in (trace.get_tracer_provider(), _logs.get_logger_provider(), metrics.get_meter_provider()):
        force_flush = getattr(provider, "force_flush", None)
        if force_flush is not None:
            left = max(1, int(1000 * (until - time.monotonic())))
            # Not every provider says whether it was done; one that says nothing has not failed.
            sent.append(guarded(_said, force_flush, left, default=False))
    return all(sent)


def _said(force_flush: Callable[[int], Any], milliseconds: int) -> bool:
    return force_flush(milliseconds) is not False


class in_worker:
    """Make ``function`` watch where it runs, and leave nothing unsent when it has run.

    Around a task of an engine whose workers are killed rather than ended, or around a handler that is frozen between
    invocations. The result pickles when ``function`` and ``setup`` do. Works for coroutine and generator functions too.
    """

    def __init__(self, function: Callable[..., Any], setup: Callable[[], object] | None = None) -> None:
        if not callable(function):
            raise TypeError(f"in_worker takes a function, not {function!r}")
        self._function, self._setup = function, setup
        functools.update_wrapper(self, function, updated=())

    def __reduce__(self) -> tuple[Any, ...]:
        return in_worker, (self._function, self._setup)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watch_worker(self._setup)
        later = False
        try:
            result = self._function(*args, **kwargs)
            later = isinstance(result, (CoroutineType, GeneratorType, AsyncGeneratorType))
            return _flushed(result) if later else result
        finally:
            if not later:
                flush()


def _flushed(result: Any) -> Any:
    if isinstance(result, CoroutineType):
        return _coroutine(result)
    return _generator(result) if inspect.isgenerator(result) else _async_generator(result)


async def _coroutine(inner: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await inner
    finally:
        flush()


def _generator(inner: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    try:
        return (yield from inner)
    finally:
        flush()


async def _async_generator(inner: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    try:
        async for step in inner:
            yield step
    finally:
        await inner.aclose()
        flush()
