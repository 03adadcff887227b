"""Run calls that may never return, and wait a limited time for each.

A call runs on a daemon thread, which does not delay the exit of the interpreter. A thread whose call did not return
in time is abandoned. The number of such threads is limited.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple

_MOST_STUCK = 3


class _Result(NamedTuple):
    value: Any
    error: BaseException | None


class _Thread:
    """A daemon thread that runs one call at a time."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self.results: SimpleQueue[_Result] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ex_llm budget command", daemon=True)
        self._thread.start()

    def begin(self, call: Callable[[], Any]) -> None:
        self._calls.put(call)

    def end(self) -> None:
        """End the thread after its current call."""
        self._calls.put(None)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self.results.put(_Result(call(), None))
            except BaseException as error:  # noqa: BLE001 - the one who waits decides
                self.results.put(_Result(None, error))
            del call


class BoundedCalls:
    """Run calls of one caller, each for at most ``timeout`` seconds."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._thread: _Thread | None = None
        self._stuck: list[_Thread] = []

    def run(self, call: Callable[[], Any]) -> Any:
        """Return the result of ``call``, or raise its error unchanged.

        Raises ``TimeoutError`` if it does not return in time.
        """
        from queue import Empty

        self._stuck = [thread for thread in self._stuck if thread.alive]
        if len(self._stuck) >= _MOST_STUCK:
            raise TimeoutError(f"{len(self._stuck)} commands have not returned; no further command is sent")
        thread = self._thread = self._thread or _Thread()
        thread.begin(call)
        try:
            result = thread.results.get(timeout=self._timeout)
        except Empty:
            self.end()
            self._stuck.append(thread)
            raise TimeoutError(f"no response in {self._timeout:g} s") from None
        if isinstance(result.error, Exception):
            raise result.error
        if result.error is not None:
            raise RuntimeError(f"the client raised {type(result.error).__name__}") from result.error
        return result.value

    def end(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.end()
            self._thread = None
