"""Send metrics to a StatsD server: counters, timers and gauges, with the tags of DogStatsD or with none.

Events only put their values into a queue; a thread of the reporter's own adds them up, writes lines and sends them. The
wire is ours and not that of the PyPI library ``statsd``: that one has no tags, waits for the name server where it is
made, asks for it once, and keeps lost lines to itself.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from ... import bus
from ...metrics import Metric
from ..amounts import by_event, numbers
from ..inbox import register_at_fork
from ..tags import TagMapper
from .protocol import StatsdFormatter, Tagging
from .udp import UdpSender

INTERVAL_SECONDS = 0.5
_QUEUED_AT_MOST = 20_000


class StatsdReporter:
    """Send ``metrics`` to the StatsD server at ``host:port`` over UDP, until ``close()``.

    ``prefix`` stands before every name, with a dot between. ``tags`` is ``"dogstatsd"`` (``|#provider:openai``) or
    ``"none"`` for servers that refuse tags: all tags then count together. Nothing here blocks the caller or fails
    because the server is away: what cannot be sent is dropped, and ``reporter.dropped`` counts its lines. Raises
    ``ValueError`` for a setting that cannot be.
    """

    def __init__(
        self, metrics: Iterable[Metric], host: str = "localhost", port: int = 8125, prefix: str = "", tags: Tagging = "dogstatsd"
    ) -> None:
        metrics = list(metrics)
        self._lines = StatsdFormatter(metrics, prefix, tags)
        self._wire = UdpSender(host, port)
        self._by_event = by_event(metrics)
        self._taggers = {metric.name: TagMapper(metric) for metric in metrics}
        self._id = f"statsd-reporter-{bus.new_ref()}"
        self._lost = 0
        self.after_fork_in_child()
        register_at_fork(self)
        self.attach()

    @property
    def dropped(self) -> int:
        """Return how many lines could not be sent, as far as the system tells."""
        return self._lost + self._wire.dropped

    def after_fork_in_child(self) -> None:
        """Begin with an empty queue and without a thread: what the parent has queued, the parent sends."""
        self._lines.forget()
        self._queue: deque[tuple[Metric, tuple[Any, ...], float]] = deque()
        self._thread: threading.Thread | None = None
        self._starting, self._sending = threading.Lock(), threading.Lock()
        self._closed = threading.Event()

    def attach(self) -> None:
        """Begin to hear, again or for the first time."""
        self._closed = threading.Event()
        bus.attach_many(self._id, self._by_event, self._hear, keep=True)

    def close(self) -> None:
        """Hear no more, send what is left, and let go of the socket and the thread."""
        bus.detach(self._id)
        self._closed.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            thread.join(2)
        self.flush()
        self._wire.close()
        atexit.unregister(self.flush)

    def flush(self) -> None:
        """Send now what is queued."""
        with self._sending:
            waiting = [self._queue.popleft() for _ in range(len(self._queue))]
            self._wire.send(self._lines.of(waiting))

    def _hear(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
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
        # Whoever speaks never waits for a lock: it may be a finaliser in the very thread that holds it.
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(target=self._run, args=(self._closed,), name="ex_llm-statsd", daemon=True)
                atexit.unregister(self.flush)
                atexit.register(self.flush)
                # Near the interpreter's end no thread begins any more; flush() at exit sends the rest.
                with contextlib.suppress(RuntimeError):
                    self._thread.start()
        finally:
            self._starting.release()

    def _run(self, closed: threading.Event) -> None:
        while not closed.wait(INTERVAL_SECONDS):
            self.flush()
