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

from calls import SampleCall
from contract.driving import opened, opened_async
from harness.measures.background_work import rest, rest_asynchronously
from harness.measures.open_streams import read, read_asynchronously
from harness.observation.responses import Responses, noticed

_LONG = "words:60"
_SOON = 0.05


def dropped(sample: SampleCall, mode: str, url: str) -> list[str]:
    """Take one chunk, drop the stream, and return the state of it and its responses."""
    base = f"{url}/scenario/{_LONG}"
    return asyncio.run(_dropped_asynchronously(sample, base)) if mode == "async" else _dropped(sample, base)


def _dropped(sample: SampleCall, base: str) -> list[str]:
    with opened(sample, base) as client, _uncollected() as responses:
        stream, iterator = read(sample, client, 1)
        is_there = _seen(stream)
        del stream, iterator
        rest()
        return [*responses.states(), is_there()]


async def _dropped_asynchronously(sample: SampleCall, base: str) -> list[str]:
    async with opened_async(sample, base) as client:
        with _uncollected() as responses:
            stream, iterator = await read_asynchronously(sample, client, 1)
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
