"""Capture the events of the bus while a block runs, for tests of any package."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, Protocol

from . import bus
from .dialects import Arguments, Dialect
from .schema.events import OPERATIONS
from .schema.records import Response

_UNEXPECTED: tuple[Any, ...] = (None, object(), 7, "text", [], [None], {}, {"choices": 7, "usage": "none", "model": []})


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


class _Point(Protocol):
    @property
    def operation(self) -> str: ...

    @property
    def dialect(self) -> Dialect: ...


class _Sdk(Protocol):
    @property
    def points(self) -> tuple[_Point, ...]: ...


def contract(sdk: _Sdk, calls: Iterable[tuple[str, Callable[[], Any]]]) -> list[str]:
    """Check an SDK table while it is instrumented; return the problems found.

    ``calls`` holds an operation and a function for each call of the SDK. The function returns a result, a generator (it
    is read to its end) or a coroutine (it is run). A call that raises is a valid test of an error. An empty list means:

    - every operation of the table has a call;
    - each call emits one start event, and one stop or exception event with the same ``ref``;
    - no step failed, and the result has no type of this package;
    - the dialects accept values of unexpected types.
    """
    problems = [problem for dialect in {p.dialect.name: p.dialect for p in sdk.points}.values() for problem in _fragile(dialect)]
    operations = {point.operation for point in sdk.points}
    for operation, call in calls:
        operations.discard(operation)
        problems += [f"{operation}: {problem}" for problem in _run(operation, call)]
    return problems + [f"{operation}: no call" for operation in sorted(operations)]


def _fragile(dialect: Dialect) -> Iterator[str]:
    for value in _UNEXPECTED:
        named = value if isinstance(value, dict) else {"model": value, "messages": value}
        steps: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("request", lambda: dialect.request(Arguments(named))),  # noqa: B023 - each step runs in its iteration
            ("response", lambda: dialect.response(value)),  # noqa: B023
            ("absorb", lambda: dialect.absorb(Response(), value)),  # noqa: B023
        )
        for name, step in steps:
            try:
                step()
            except Exception as error:  # noqa: BLE001 - any error is a finding
                yield f"{dialect.name}.{name} raised {type(error).__name__} for {type(value).__name__}"


def _run(operation: str, call: Callable[[], Any]) -> Iterator[str]:
    family = OPERATIONS[operation].family
    result = None
    with capture_events() as events, suppress(Exception):
        result = call()
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        elif inspect.isgenerator(result):
            for _ in result:
                pass
    own = [event for event in events if event.metadata.get("operation") == operation]
    starts = [event.metadata["ref"] for event in own if event.name == f"ex_llm.{family}.start"]
    ends = [event.metadata["ref"] for event in own if event.name in (f"ex_llm.{family}.stop", f"ex_llm.{family}.exception")]
    if len(starts) != 1:
        yield f"{len(starts)} start events; is the SDK instrumented, and does the call reach a patch point?"
    if ends != starts:
        yield f"{len(ends)} stop or exception events for {len(starts)} start events"
    for event in events:
        if event.name == "ex_llm.telemetry.extraction_error":
            yield f"the step {event.metadata['step']} failed with {event.metadata['kind']}"
    if type(result).__module__.startswith(f"{__package__}."):
        yield f"the result has the type {type(result).__name__} of the instrumentation"
