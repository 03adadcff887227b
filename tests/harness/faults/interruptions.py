"""Raise an exception at each line of the package, as a signal handler can do."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import opentelemetry.instrumentation.llm as package

ROOT = str(Path(package.__file__).parent)


class TimeLimit(Exception):
    """A time limit of a task queue: an ``Exception``, so that the task can catch it."""


class Place(NamedTuple):
    """A line of the package, and how often it has run before in this block."""

    file: str
    line: int
    nth: int


class Interrupter:
    """Note the lines of the package that a block executes; raise at one of them."""

    def __init__(self, at: Place | None = None, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.ran: Counter[tuple[str, int]] = Counter()
        self.raised = False
        self.ignored = False
        """Whether the exception was raised in a finaliser, where Python ignores it."""
        self._at, self._error = at, error

    def _trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename.startswith(ROOT) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            line = (frame.f_code.co_filename, frame.f_lineno)
            nth = self.ran[line]
            self.ran[line] += 1
            if (*line, nth) == self._at:
                self.raised = True
                if issubclass(self._error, Exception):
                    signal.raise_signal(signal.SIGUSR1)  # handled here, in this frame, before the next line
                raise self._error
        return self._line

    def _expired(self, number: int, frame: FrameType | None) -> None:
        raise self._error

    def _ignore(self, unraisable: Any) -> None:
        self.ignored = self.ignored or issubclass(unraisable.exc_type, self._error)

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Trace this thread while the block runs."""
        before, handler, hook = sys.gettrace(), signal.signal(signal.SIGUSR1, self._expired), sys.unraisablehook
        sys.unraisablehook = self._ignore
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(before)
            signal.signal(signal.SIGUSR1, handler)
            sys.unraisablehook = hook


def places_of(run: Callable[[], Any]) -> list[Place]:
    """Return the package lines that ``run`` executes, first and last time."""
    noting = Interrupter()
    with noting.tracing():
        run()
    return [Place(*line, nth) for line, times in noting.ran.items() for nth in sorted({0, times - 1})]


@contextmanager
def alarm(after: float, error: type[BaseException]) -> Iterator[None]:
    """Raise ``error`` from a signal handler, if the block lasts ``after`` seconds."""

    def expired(number: int, frame: FrameType | None) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
