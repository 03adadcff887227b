"""Serve the metrics of several worker processes on one port.

This uses the multi-process mode of prometheus-client. Each process writes its numbers to its own files at once, so that
they remain after its end. The process that holds a lock serves the sum of all files. The files have the library's format,
so an application can show them on its own page.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ... import bus
from ...fork import register_at_fork
from ...metrics import Metric
from ..amounts import by_event, numbers
from ..inbox import DeferredQueue
from ..tags import TagMapper, Tags
from .server import DIRECTORY, prometheus_name

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

_counted_here: set[str] = set()
_families: dict[str, Any] = {}

Add = Callable[[Tags, float], None]


class Workers:
    """Count in this process, and hold the lock for serving the page."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._directory = _checked_directory()
        self._metrics = list(metrics)
        self._by_event = by_event(self._metrics)
        self._taggers = {metric.name: TagMapper(metric) for metric in self._metrics}
        self._adders: dict[str, Add] = {}
        self._queue = DeferredQueue(lambda metric, tags, value: self._adders[metric.name](tags, value))
        self._id = f"prometheus-reporter-{bus.new_ref()}"
        self._lock: int | None = None
        register_at_fork(self)

    def collector(self) -> Collector:
        """Return the collector that reads the files of all processes."""
        from prometheus_client.multiprocess import MultiProcessCollector

        return MultiProcessCollector(None, path=self._directory)  # type: ignore[no-untyped-call]

    def acquire(self, port: int) -> bool:
        """Acquire the lock, which only one process can hold."""
        if port == 0:
            raise ValueError(f"port=0 is not allowed with {DIRECTORY}: the processes could not agree on one; name a port")
        try:
            import fcntl
        except ImportError:  # Windows has no fork, so only one process uses the port.
            return True
        lock = os.open(os.path.join(self._directory, f"ex_llm-{port}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._lock = lock
        return True

    def release(self) -> None:
        """Release the lock."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def after_fork_in_child(self) -> None:
        """Continue counting in a forked child, without the lock.

        The lock belongs to the parent, and a copy in the child would exist longer than the parent.
        """
        self.release()

    def attach(self) -> None:
        """Start counting."""
        names = {metric.name for metric in self._metrics}
        if twice := sorted(names & _counted_here):
            raise ValueError(f"this process has a PrometheusReporter with {', '.join(twice)} already; close that one first")
        if not self._adders:
            self._adders = {metric.name: _adder(metric) for metric in self._metrics}
        bus.attach_many(self._id, self._by_event, self._handle, keep=True)
        _counted_here.update(names)
        atexit.unregister(_end_of_process)
        atexit.register(_end_of_process)

    def close(self) -> None:
        """Stop counting and serving. Counted values stay in the files."""
        if bus.detach(self._id):
            _counted_here.difference_update(metric.name for metric in self._metrics)
        self.release()

    def _handle(self, event: str, measurements: Mapping[str, Any], metadata: Mapping[str, Any], config: Any) -> None:
        for metric in self._by_event[event]:
            for value, extra in numbers(metric, measurements, metadata):
                tags = self._taggers[metric.name].tags(metadata, extra)
                self._queue.put(metric, tags, value * metric.events[event])


def _checked_directory() -> str:
    from prometheus_client.values import ValueClass

    directory = os.environ[DIRECTORY]
    if not os.path.isdir(directory):
        raise ValueError(f"{DIRECTORY}={directory!r} is not a directory; make an empty one before the first process starts")
    if not getattr(ValueClass, "_multiprocess", True):
        raise ValueError(f"{DIRECTORY} was set after prometheus_client was imported; set it before the program starts")
    return directory


def _adder(metric: Metric) -> Add:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

    # For each kind: the class of the library, the method that adds a value, and how processes are combined.
    kinds: Mapping[str, tuple[Any, str, dict[str, Any]]] = {
        "counter": (Counter, "inc", {}),
        "total": (Counter, "inc", {}),
        "level": (Gauge, "inc", {"multiprocess_mode": "livesum"}),
        "last_value": (Gauge, "set", {"multiprocess_mode": "mostrecent"}),
        "distribution": (Histogram, "observe", {"buckets": metric.buckets}),
        "summary": (Summary, "observe", {}),
    }
    kind, put, more = kinds[metric.kind]
    labels = [prometheus_name(tag) for tag in metric.tags]
    if metric.name not in _families:
        # One object for each name in a process, because a second object would not know the values in the file.
        _families[metric.name] = kind(
            prometheus_name(metric.name), metric.description, labels, registry=CollectorRegistry(auto_describe=False), **more
        )
    family = _families[metric.name]

    def add(tags: Tags, value: float) -> None:
        labelled = family.labels(*("" if tag is None else str(tag) for tag in tags)) if labels else family
        getattr(labelled, put)(value)

    return add


def _end_of_process() -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]
