"""Measure the memory of open streams, with and without instrumentation."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from contextlib import ExitStack
from typing import Any, NamedTuple

from calls import SampleCall
from contract.driving import answer, opened, opened_async
from harness.measures.background_work import rest, rest_asynchronously
from harness.scripts.styles import NotApplicable

OBJECTS_PER_OPEN_STREAM = 96
BYTES_PER_OPEN_STREAM = 24576
"""Limit for the objects of the package in an open stream, its span included.

docs/rationale.md states it for streams whose content is not captured.
"""
_LONG = "words:60"
"""The stand-in's scenario of a long answer."""
_STANDING = f"{_LONG}+hang:40"
"""The same, where it stands still before its end: nothing more is on its way."""


class Held(NamedTuple):
    """Average objects and bytes of one stream."""

    objects: float
    memory: float

    def more_than(self, other: Held) -> Held:
        """Return by how much this is more."""
        return Held(self.objects - other.objects, self.memory - other.memory)


def held(sample: SampleCall, mode: str, url: str, streams: int, chunks: int) -> Held:
    """Open streams, read some chunks, and return the growth of objects and bytes.

    Whether the stream has so many chunks is tested where the response is complete: on a paused stream the test would wait.
    """
    long, standing = (f"{url}/scenario/{scenario}" for scenario in (_LONG, _STANDING))
    if mode == "async":
        asyncio.run(_held_asynchronously(sample, long, 0, chunks))
        return asyncio.run(_held_asynchronously(sample, standing, streams, chunks))
    _held(sample, long, 0, chunks)
    return _held(sample, standing, streams, chunks)


def _held(sample: SampleCall, base: str, streams: int, chunks: int) -> Held:
    with opened(sample, base) as client:
        first = read(sample, client, chunks)
        rest()
        before = _now()
        kept = [read(sample, client, chunks) for _ in range(streams)]
        rest()
        after = _now()
        with ExitStack() as stack:
            for closing in (getattr(each, "close", None) for pair in (first, *kept) for each in pair):
                if closing is not None:
                    stack.callback(closing)
    return _each(after.more_than(before), streams)


async def _held_asynchronously(sample: SampleCall, base: str, streams: int, chunks: int) -> Held:
    async with opened_async(sample, base) as client:
        first = await read_asynchronously(sample, client, chunks)
        await rest_asynchronously()
        before = _now()
        kept = [await read_asynchronously(sample, client, chunks) for _ in range(streams)]
        await rest_asynchronously()
        after = _now()
        del first, kept
        gc.collect()
        await asyncio.sleep(0)
    return _each(after.more_than(before), streams)


def read(sample: SampleCall, client: Any, chunks: int) -> tuple[Any, Any]:
    """Open a stream and take this many chunks; return the stream and its iterator."""
    stream = sample.call(client)  # type: ignore[misc]
    stream = stream if hasattr(stream, "__iter__") else stream.__enter__()
    iterator = iter(stream)
    for _ in range(chunks):
        if next(iterator, None) is None:
            raise NotApplicable(f"it has fewer than {chunks} chunks")
    return stream, iterator


async def read_asynchronously(sample: SampleCall, client: Any, chunks: int) -> tuple[Any, Any]:
    """Do the same with an asynchronous one."""
    stream = await answer(sample, client)
    stream = stream if hasattr(stream, "__aiter__") else await stream.__aenter__()
    iterator = stream.__aiter__()
    for _ in range(chunks):
        if await anext(iterator, None) is None:
            raise NotApplicable(f"it has fewer than {chunks} chunks")
    return stream, iterator


def _now() -> Held:
    """Return how much there is."""
    gc.collect()
    return Held(len(gc.get_objects()), tracemalloc.get_traced_memory()[0])


def _each(all: Held, streams: int) -> Held:
    return Held(all.objects / max(streams, 1), all.memory / max(streams, 1))
