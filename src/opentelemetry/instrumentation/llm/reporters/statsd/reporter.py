"""Send metrics to a StatsD server: counters, timers and gauges.

Tags have the DogStatsD format or are left out. Event handlers only put values into a queue. A thread of the reporter adds
them up, formats lines and sends them. The PyPI library ``statsd`` is not used: it has no tags, resolves the host name once
in its constructor, blocks while doing so, and does not report lost lines.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ... import bus
from ...fork import register_at_fork
from ...metrics import Metric
from ..amounts import by_event, numbers
from ..tags import TagMapper
from .protocol import StatsdFormatter, Tagging
from .udp import UdpSender

INTERVAL_SECONDS = 0.5
_QUEUED_AT_MOST = 20_000


class StatsdReporter:
    """Send ``metrics`` over UDP to a StatsD server until ``close()``.

    ``prefix`` is added before every name, with a dot between. ``tags`` is ``"dogstatsd"`` (``|#provider:openai``), or
    ``"none"`` for servers without tags; values of all tags are then added up. The reporter never blocks the caller or raises if
    the server is not available. Lines that cannot be sent are dropped and counted in ``reporter.dropped``. Invalid settings
    raise ``ValueError``.
    """

    def __init__(
        self, metrics: Iterable[Metric], host: str = "localhost", port: int = 8125, prefix: str = "", tags: Tagging = "dogstatsd"
    ) -> None:
        metrics = list(metrics)
        self._lines = StatsdFormatter(metrics, prefix, tags)
        self._sender = UdpSender(host, port)
        self._by_event = by_event(metrics)
        self._taggers = {metric.name: TagMapper(metric) for metric in metrics}
        self._id = f"statsd-reporter-{bus.new_ref()}"
        self._lost = 0
        self.after_fork_in_child()
        register_at_fork(self)
        self.attach()

    @property
    def dropped(self) -> int:
        """Return the number of lines that could not be sent, if the system reported it."""
        return self._lost + self._sender.dropped

    def after_fork_in_child(self) -> None:
        """Start with an empty queue and no thread: the parent sends its own values."""
        self._lines.forget()
        self._queue: deque[tuple[Metric, tuple[Any, ...], float]] = deque()
        self._thread: threading.Thread | None = None
        self._starting, self._sending = threading.Lock(), threading.Lock()
        self._closed = threading.Event()

    def attach(self) -> None:
        """Start or resume reporting."""
        self._closed = threading.Event()
        bus.attach_many(self._id, self._by_event, self._handle, keep=True)

    def close(self) -> None:
        """Stop counting, send the remaining values, and release socket and thread."""
        bus.detach(self._id)
        self._closed.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            thread.join(2)
        self.flush()
        self._sender.close()
        atexit.unregister(self.flush)

    def flush(self) -> None:
        """Send all queued values now."""
        with self._sending:
            waiting = [self._queue.popleft() for _ in range(len(self._queue))]
            self._sender.send(self._lines.of(waiting))

    def _handle(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        queue = self._queue
        for metric in self._by_event[event]:
            for value, extra in numbers(metric, measurements, metadata):
                if len(queue) < _QUEUED_AT_MOST:
                    queue.append((metric, self._taggers[metric.name].tags(metadata, extra), value * metric.events[event]))
                else:
                    self._lost += 1
        if self._thread is None:
            self._begin()

    def _begin(self) -> None:
        # Event producers never wait for a lock, because a finalizer may emit an event in the thread that holds the lock.
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, args=(self._closed,), name="ex_llm-statsd", daemon=True)
                atexit.unregister(self.flush)
                atexit.register(self.flush)
                # Near interpreter exit no thread can be started. The exit handler flush() then sends the rest.
                with contextlib.suppress(RuntimeError):
                    self._thread.start()
        finally:
            self._starting.release()

    def _run(self, closed: threading.Event) -> None:
        while not closed.wait(INTERVAL_SECONDS):
            self.flush()
