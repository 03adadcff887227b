"""An error in any step of the instrumentation of a socket stays inside it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from harness.servers.sockets import SURFACES, serving_sockets
from opentelemetry import trace
from opentelemetry.instrumentation.llm.calls.streams import finalize
from opentelemetry.instrumentation.llm.transports.sockets.drivers import Sockets
from opentelemetry.instrumentation.llm.transports.sockets.generation import Generation, Start
from opentelemetry.instrumentation.llm.transports.sockets.protocols.realtime import Realtime
from opentelemetry.instrumentation.llm.transports.sockets.session import Session

STEPS = [
    *(
        (Session, name)
        for name in ("__init__", "sent", "received", "ask", "started", "end", "_read", "_is_chunk", "_take", "_add", "closed")
    ),
    *((Start, name) for name in ("begin", "_new")),
    *((Generation, name) for name in ("start", "on_stream_start", "on_stream_end", "on_chunk")),
    *((Sockets, name) for name in ("_open", "_made")),
    *((Realtime, name) for name in ("sent", "received")),
]
WITHOUT_A_SPAN = {"start"}
"""If the start event cannot be emitted, there is no span, as for calls over HTTP."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving_sockets() as url:
        yield url


def _talk(base: str) -> list[Any]:
    from websockets.sync.client import connect

    surface = SURFACES["realtime"]
    with connect(base + surface.path) as socket:
        for frame in (*surface.first, surface.ask):
            socket.send(json.dumps(frame))
        return [socket.recv() for _ in range(len(surface.greeting) + len(surface.part) + 1)]


@pytest.mark.parametrize("number", (1, 2, 3))
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=lambda value: getattr(value, "__name__", value))
def test_a_step_that_raises_leaves_nothing_open(owner: Any, name: str, number: int, base: str, seen: Any) -> None:
    expected = _talk(base)
    seen.clear()
    original, runs = getattr(owner, name), itertools.count(1)

    def failing(*args: Any, **kwargs: Any) -> Any:
        if next(runs) == number:
            raise ValueError("planted")
        return original(*args, **kwargs)

    with mock.patch.object(owner, name, failing):
        assert _talk(base) == expected
    if next(runs) <= number:
        pytest.skip("the step runs fewer times")
    assert not trace.get_current_span().get_span_context().is_valid
    assert [call for call in finalize._open if type(call) is Generation] == []
    assert len(seen.spans()) == (0 if name in WITHOUT_A_SPAN else 1)
