"""Raise an exception at one line of the package after the other, as a signal that is handled there would."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import opentelemetry.instrumentation.llm as package

ROOT = str(Path(package.__file__).parent)


class TimeLimit(Exception):
    """A time limit as task queues raise it: an ``Exception``, so that the task can catch it."""


class Interrupter:
    """Count the executed lines of the package in a block; raise at the line with the number ``at``."""

    def __init__(self, at: int | None = None, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.lines = 0
        self.place = ""
        self._at, self._error = at, error

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(ROOT) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.lines += 1
            if self.lines == self._at:
                self.place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"
                if issubclass(self._error, Exception):
                    signal.raise_signal(signal.SIGUSR1)  # handled here, in this frame, before the next line
                raise self._error
        return self._line

    def _expired(self, number: int, frame: FrameType | None) -> None:
        raise self._error

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Trace this thread while the block runs."""
        before, handler = sys.gettrace(), signal.signal(signal.SIGUSR1, self._expired)
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(before)
            signal.signal(signal.SIGUSR1, handler)


@contextmanager
def alarm(after: float, error: type[BaseException]) -> Iterator[None]:
    """Raise ``error`` from a signal handler ``after`` seconds, unless the block is over by then."""

    def expired(number: int, frame: FrameType | None) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def lines_of(run: Callable[[], Any]) -> int:
    """Return how many lines of the package ``run`` executes."""
    counting = Interrupter()
    with counting.tracing():
        run()
    return counting.lines
