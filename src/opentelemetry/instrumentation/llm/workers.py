"""Set up and flush worker processes that other programs start and end.

Workers of pools and engines need one call, ``watch_worker``. ``flush`` exports pending telemetry, for functions that
are frozen between two invocations. ``in_worker`` does both around a function. Engines and users call them; this
package does not.
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
from .pricing.store import ForkSafe

__all__ = ["flush", "in_worker", "watch_worker"]

_lock = threading.RLock()
_ready_in: set[int] = set()
_AT_EXIT_SECONDS = 5.0


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


fork.in_child(_renew_lock)


def watch_worker(setup: Callable[[], object] | None = None, **settings: object) -> None:
    """Set up OpenTelemetry and instrument this process; a second call does nothing.

    ``setup`` makes providers and sets them; without it OpenTelemetry is configured from the environment, as by
    ``opentelemetry-instrument``. It is not called if providers are already set, for example in a fork of a configured
    process. ``settings`` are the keywords of ``instrument()``. A child of ``multiprocessing`` runs no exit handlers,
    so pending telemetry is exported when the child ends. Exceptions of ``setup`` are raised to the caller.
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
    """Export pending spans, logs, metrics and budgets; return whether all succeeded.

    Each provider has at most ``timeout`` seconds. Call it where a process may be frozen or killed: at the end of a
    task or an invocation. Abandoned streams end here; open streams stay open. It never raises.
    """
    finalize.end_collected()
    until = time.monotonic() + timeout
    sent = [bool(guarded(one.flush, timeout)) for one in fork.registered() if isinstance(one, ForkSafe) and hasattr(one, "flush")]
    for provider in (trace.get_tracer_provider(), _logs.get_logger_provider(), metrics.get_meter_provider()):
        force_flush = getattr(provider, "force_flush", None)
        if force_flush is not None:
            left = max(1, int(1000 * (until - time.monotonic())))
            # Some providers return None instead of a result; that is not a failure.
            sent.append(guarded(_flush_provider, force_flush, left, default=False))
    return all(sent)


def _flush_provider(force_flush: Callable[[int], Any], milliseconds: int) -> bool:
    return force_flush(milliseconds) is not False


class in_worker:
    """Instrument the process in which ``function`` runs, and flush after it has run.

    For a task of an engine whose workers are killed, or a handler that is frozen between invocations. The result can
    be pickled if ``function`` and ``setup`` can. Works for coroutine and generator functions too.
    """

    def __init__(self, function: Callable[..., Any], setup: Callable[[], object] | None = None) -> None:
        if not callable(function):
            raise TypeError(f"in_worker takes a function, not {function!r}")
        self._function, self._setup = function, setup
        functools.update_wrapper(self, function, updated=())

    def __reduce__(self) -> tuple[Any, ...]:
        return in_worker, (self._function, self._setup)

    def __call__(self, *args: object, **kwargs: object) -> Any:
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
