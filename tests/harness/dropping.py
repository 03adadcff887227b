"""Drop a stream and record which objects are freed without the garbage collector.

The same streams are dropped with and without instrumentation.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contract.driving import opened, opened_async
from payloads import Payload

from .held import read, read_asynchronously
from .responses import Responses, noticed
from .resting import rest, rest_asynchronously

_LONG = "words:60"
_SOON = 0.05


def dropped(payload: Payload, mode: str, url: str) -> list[str]:
    """Take one chunk, drop the stream, and return the state of it and its responses."""
    base = f"{url}/scenario/{_LONG}"
    return asyncio.run(_dropped_asynchronously(payload, base)) if mode == "async" else _dropped(payload, base)


def _dropped(payload: Payload, base: str) -> list[str]:
    with opened(payload, base) as client, _uncollected() as responses:
        stream, iterator = read(payload, client, 1)
        is_there = _seen(stream)
        del stream, iterator
        rest()
        return [*responses.states(), is_there()]


async def _dropped_asynchronously(payload: Payload, base: str) -> list[str]:
    async with opened_async(payload, base) as client:
        with _uncollected() as responses:
            stream, iterator = await read_asynchronously(payload, client, 1)
            is_there = _seen(stream)
            del stream, iterator
            await rest_asynchronously()
            await asyncio.sleep(_SOON)
            return [*responses.states(), is_there()]


def _seen(stream: Any) -> Any:
    try:
        ref = weakref.ref(stream)
    except TypeError:
        return lambda: "a stream that cannot be seen"
    return lambda: "no stream" if ref() is None else "a stream"


@contextmanager
def _uncollected() -> Iterator[Responses]:
    """Notice responses while the collector rests."""
    gc.collect()
    gc.disable()
    try:
        with noticed() as responses:
            yield responses
    finally:
        gc.enable()
