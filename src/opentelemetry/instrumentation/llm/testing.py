"""Capture the events of the bus while a block runs, for tests of any package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from . import bus


class CapturedEvent(NamedTuple):
    """One captured event."""

    name: str
    measurements: Mapping[str, Any]
    metadata: Mapping[str, Any]


@contextmanager
def capture_events(pattern: str = "*") -> Iterator[list[CapturedEvent]]:
    """Collect the events that match ``pattern`` while the block runs.

    ``pattern`` is a name, or a prefix that ends with ``*``.

    >>> with capture_events("ex_llm.cache.*") as events:
    ...     bus.execute("ex_llm.cache.hit", {}, {"key": "k"})
    >>> [event.name for event in events]
    ['ex_llm.cache.hit']
    """
    events: list[CapturedEvent] = []
    handler_id = f"capture-events-{bus.new_ref()}"
    bus.attach(handler_id, pattern, lambda name, measurements, metadata, config: events.append(CapturedEvent(name, measurements, metadata)))
    try:
        yield events
    finally:
        bus.detach(handler_id)
