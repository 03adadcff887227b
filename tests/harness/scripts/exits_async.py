"""Scripts of ``exits`` for asynchronous applications.

Plain functions bring their own event loop, and open the call in it through ``opening``.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
import http.client
import inspect
import json
import pickle
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from harness.observation.descriptions import described, described_exception, named
from harness.observation.signatures import outcome
from harness.scripts.exits_sync import LONG_ENOUGH, ConsumerFault
from harness.scripts.styles import AsyncOpening, NotApplicable, parseable


def _closing_of(stream: Any) -> Any:
    close = getattr(stream, "aclose", None) or getattr(stream, "close", None)
    if close is None:
        raise NotApplicable(f"a {type(stream).__name__} has no aclose() or close()")
    return close


async def _awaited(outcome: Any) -> Any:
    return await outcome if inspect.isawaitable(outcome) else outcome


async def _next(opening: AsyncOpening, stream: Any) -> None:
    """Request one more chunk and record the outcome."""
    if not hasattr(stream, "__anext__"):
        raise NotApplicable(f"a {type(stream).__name__} has no __anext__")
    step = stream.__anext__()
    if not inspect.isawaitable(step):
        raise NotApplicable(f"the __anext__ of a {type(stream).__name__} gives nothing to await")
    try:
        opening.account.received(await step)
    except StopAsyncIteration as end:
        opening.account.note("stopped", described(end.args))
    except Exception as error:
        opening.account.note("asked on", described_exception(error))


async def exhausted(opening: AsyncOpening) -> None:
    async for chunk in await opening.stream():
        opening.account.received(chunk)


async def exhausted_in_with(opening: AsyncOpening) -> None:
    async with opening.block() as stream:
        async for chunk in stream:
            opening.account.received(chunk)


async def advanced(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    before = -1
    while opening.account.chunks > before:
        before = opening.account.chunks
        await _next(opening, stream)
    await _next(opening, stream)


async def _take_one(opening: AsyncOpening, stream: Any) -> None:
    async for chunk in stream:
        opening.account.received(chunk)
        break


async def broken_off(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    await _take_one(opening, stream)


async def broken_off_in_with(opening: AsyncOpening) -> None:
    async with opening.block() as stream:
        await _take_one(opening, stream)


async def closed(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    close = _closing_of(stream)
    iterator = aiter(stream)
    await _take_one(opening, iterator)
    opening.account.note("closed", described(await _awaited(close())))
    opening.account.note("closed again", described(await _awaited(close())))
    opening.account.look()
    # Kept until here: some streams are closed when their iterator is collected.
    del iterator


async def closed_unread(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    await _awaited(_closing_of(stream)())
    await _next(opening, stream)


async def closing(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    if not hasattr(stream, "aclose"):
        raise NotApplicable(f"a {type(stream).__name__} has no aclose()")
    async with contextlib.aclosing(stream):
        iterator = aiter(stream)
        await _take_one(opening, iterator)
    del iterator


async def consumer_raises(opening: AsyncOpening) -> None:
    async for chunk in await opening.stream():
        opening.account.received(chunk)
        raise ConsumerFault("the application's own")


async def consumer_raises_in_with(opening: AsyncOpening) -> None:
    async with opening.block() as stream:
        async for chunk in stream:
            opening.account.received(chunk)
            raise ConsumerFault("the application's own")


async def never_iterated(opening: AsyncOpening) -> None:
    await opening.stream()


async def dropped(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    await _take_one(opening, stream)
    del stream
    gc.collect()
    opening.account.look()


async def dropped_in_a_cycle(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    await _take_one(opening, stream)
    cycle: list[Any] = [stream]
    cycle.append(cycle)


async def in_another_task(opening: AsyncOpening) -> None:
    stream = await opening.stream()

    async def consume() -> None:
        async for chunk in stream:
            opening.account.received(chunk)

    await asyncio.create_task(consume())


async def cancelled(opening: AsyncOpening) -> None:
    waiting = asyncio.Event()

    async def consume() -> None:
        try:
            async for chunk in await opening.stream():
                opening.account.received(chunk)
                waiting.set()
        finally:
            waiting.set()

    await _cancel(asyncio.create_task(consume()), _awhile(waiting))


async def timed_out(opening: AsyncOpening) -> None:
    stream = await opening.stream()

    async def consume() -> None:
        async for chunk in stream:
            opening.account.received(chunk)

    await asyncio.wait_for(consume(), 0.05)


async def cancelled_unanswered(opening: AsyncOpening) -> None:
    async def ask() -> None:
        result = await opening.call()
        if opening.style == "streamed":
            # Nothing is asked before the block is entered.
            await result.__aenter__()

    task = asyncio.create_task(ask())
    await _cancel(task, _arrived(opening.account.url, task))


async def _arrived(url: str, task: asyncio.Task[None]) -> None:
    """Wait until the stand-in has a request, or nobody is left to send one."""
    while not task.done() and not await asyncio.to_thread(_journal, url):
        await asyncio.sleep(0.01)


def _journal(url: str) -> Any:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", "/_stand_in/journal")
        return json.load(connection.getresponse())
    finally:
        connection.close()


async def _awhile(event: asyncio.Event) -> None:
    """Wait for an event that may not occur: some SDKs delay the first chunk."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), LONG_ENOUGH)


async def _cancel(task: asyncio.Task[None], when: Any) -> None:
    """Cancel a task shortly after ``when``; any moment is a valid test."""
    await when
    await asyncio.sleep(0.03)
    task.cancel()
    await task


def loop_ended(opening: AsyncOpening) -> None:
    async def begin() -> Any:
        stream = await opening.stream()
        await _take_one(opening, stream)
        return stream

    asyncio.run(begin())


def loop_closed(opening: AsyncOpening) -> None:
    loop = asyncio.new_event_loop()

    async def begin() -> Any:
        stream = await opening.stream()
        await _take_one(opening, stream)
        return stream

    stream = loop.run_until_complete(begin())
    loop.close()
    del stream


async def answered(opening: AsyncOpening) -> None:
    result = await opening.call()
    if opening.style == "streamed":
        result = await result.__aenter__()
    opening.account.note("answer", described(result))


async def parsed(opening: AsyncOpening) -> None:
    async with _raw(opening) as response:
        opening.account.note("status", described(response.status_code))
        opening.account.note("headers", sorted(response.headers))
        answer = await _awaited(response.parse())
        opening.account.opened(answer, "by parse()")
        opening.account.note("parsed", described(answer))


async def parsed_twice(opening: AsyncOpening) -> None:
    async with _raw(opening) as response:
        answer = await _awaited(response.parse())
        opening.account.note("parsed", described(answer))
        opening.account.note("same again", await _awaited(response.parse()) is answer)


async def dropped_unparsed(opening: AsyncOpening) -> None:
    result = await opening.call()
    if opening.style == "streamed":
        result = await result.__aenter__()
    opening.account.note("status", described(parseable(result).status_code))


async def read_as_lines(opening: AsyncOpening) -> None:
    async with _raw(opening) as response:
        opening.account.note("lines", [line async for line in response.iter_lines()])


async def read_as_bytes(opening: AsyncOpening) -> None:
    async with _raw(opening) as response:
        opening.account.note("bytes", repr(b"".join([part async for part in response.iter_bytes()])))


async def read_whole(opening: AsyncOpening) -> None:
    async with _raw(opening) as response:
        opening.account.note("read", repr(await response.read()))
        opening.account.note("text", await response.text())
        opening.account.look()


async def left_unread(opening: AsyncOpening) -> None:
    async with _raw(opening) as response:
        opening.account.note("raw", named(type(response)))


@contextlib.asynccontextmanager
async def _raw(opening: AsyncOpening) -> AsyncIterator[Any]:
    result = await opening.call()
    if opening.style != "streamed":
        yield parseable(result)
        return
    async with result as response:
        opening.account.opened(response, "by entering")
        yield response


async def copied(opening: AsyncOpening) -> None:
    stream = await opening.stream()
    for step in (copy.copy, copy.deepcopy, pickle.dumps):
        opening.account.note(step.__name__, outcome(step, stream))
        response = getattr(stream, "response", None)
        opening.account.note(f"{step.__name__} of its response", outcome(step, response))
    async for chunk in stream:
        opening.account.received(chunk)
