"""What was said on the bus while a block ran: for our tests and for those of users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from . import bus


class CapturedEvent(NamedTuple):
    """One event as it was said."""

    name: str
    measurements: Mapping[str, Any]
    metadata: Mapping[str, Any]


@contextmanager
def capture_events(pattern: str = "*") -> Iterator[list[CapturedEvent]]:
    """Collect the events that match ``pattern`` (a name, or a prefix ending in ``*``) while the block runs.

    >>> with capture_events("ex_llm.cache.*") as said:
    ...     bus.execute("ex_llm.cache.hit", {}, {"key": "k"})
    >>> [event.name for event in said]
    ['ex_llm.cache.hit']
    """
    said: list[CapturedEvent] = []
    handler_id = f"capture-events-{bus.new_ref()}"
    bus.attach(handler_id, pattern, lambda name, measurements, metadata, config: said.append(CapturedEvent(name, measurements, metadata)))
    try:
        yield said
    finally:
        bus.detach(handler_id)
