"""Table of all mechanisms that run a function in another place of a program.

Each is a context manager that yields ``run(function)``, which calls the function in another place and returns its
result. A mechanism that is not installed raises ``ImportError``, and its cells are skipped.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, NamedTuple

from opentelemetry.instrumentation.llm import carry, with_span

Function = Callable[..., Any]
Run = Callable[[Function], Any]


@contextmanager
def thread() -> Iterator[Run]:
    """Start a thread."""

    def run(function: Function) -> Any:
        found: list[Any] = []
        started = threading.Thread(target=lambda: found.append(function()))
        started.start()
        started.join()
        return found[0]

    yield run


@contextmanager
def timer() -> Iterator[Run]:
    """Start a timer."""

    def run(function: Function) -> Any:
        found: list[Any] = []
        started = threading.Timer(0.0, lambda: found.append(function()))
        started.start()
        started.join()
        return found[0]

    yield run


@contextmanager
def pool_submit() -> Iterator[Run]:
    """Submit to the one thread of a pool."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield lambda function: pool.submit(function).result()


@contextmanager
def pool_map() -> Iterator[Run]:
    """Map over the one thread of a pool."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield lambda function: next(pool.map(lambda _: function(), range(1)))


@contextmanager
def thread_from_thread() -> Iterator[Run]:
    """Submit to a pool from a thread of another pool."""
    with concurrent.futures.ThreadPoolExecutor(1) as outer, concurrent.futures.ThreadPoolExecutor(1) as inner:
        yield lambda function: outer.submit(lambda: inner.submit(function).result()).result()


@contextmanager
def looping(make: Callable[[], asyncio.AbstractEventLoop], way: Callable[[Function], Awaitable[Any]]) -> Iterator[Run]:
    """Run coroutines of ``way`` in one event loop."""
    loop = make()
    try:
        yield lambda function: loop.run_until_complete(way(function))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def awaited(function: Function) -> Any:
    return await function()


async def task(function: Function) -> Any:
    return await asyncio.create_task(function())


async def gather(function: Function) -> Any:
    return (await asyncio.gather(function(), asyncio.sleep(0)))[0]


async def task_group(function: Function) -> Any:
    async with asyncio.TaskGroup() as group:
        found = group.create_task(function())
    return found.result()


async def as_completed(function: Function) -> Any:
    for done in asyncio.as_completed([function()]):
        return await done


async def wait_for(function: Function) -> Any:
    return await asyncio.wait_for(function(), 60)


async def async_generator(function: Function) -> Any:
    async def producing() -> AsyncIterator[Any]:
        yield await function()

    (found,) = [found async for found in producing()]
    return found


async def callback(function: Function) -> Any:
    loop = asyncio.get_running_loop()
    found = loop.create_future()

    def start() -> None:
        loop.create_task(function()).add_done_callback(lambda done: found.set_result(done.result()))

    loop.call_soon(start)
    return await found


async def queued(function: Function) -> Any:
    """Hand a carried function to a task that was there before."""
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def worker() -> None:
        while (job := await queue.get()) is not None:
            carried, found = job
            found.set_result(await carried())

    working = asyncio.create_task(worker())
    found = asyncio.get_running_loop().create_future()
    queue.put_nowait((carry(function), found))
    queue.put_nowait(None)
    await working
    return await found


async def outliving(function: Function) -> Any:
    """Run after the span that the task was started in has ended."""
    ended = asyncio.Event()

    async def later() -> Any:
        await ended.wait()
        return await function()

    async with with_span("short"):
        started = asyncio.create_task(later())
    ended.set()
    return await started


async def to_thread(function: Function) -> Any:
    return await asyncio.to_thread(function)


async def run_in_executor(function: Function) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function)


@contextmanager
def anyio_tasks(backend: str) -> Iterator[Run]:
    """Start a task in a group of anyio."""
    import anyio

    __import__(backend)

    async def way(function: Function) -> Any:
        found: list[Any] = []

        async def keep() -> None:
            found.append(await function())

        async with anyio.create_task_group() as group:
            group.start_soon(keep)
        return found[0]

    yield lambda function: anyio.run(way, function, backend=backend)


@contextmanager
def anyio_threads(backend: str) -> Iterator[Run]:
    """Go to a thread of anyio."""
    import anyio
    import anyio.to_thread

    __import__(backend)
    yield lambda function: anyio.run(anyio.to_thread.run_sync, function, backend=backend)


@contextmanager
def trio_nursery() -> Iterator[Run]:
    """Start a task in a nursery."""
    import trio

    async def way(function: Function) -> Any:
        found: list[Any] = []

        async def keep() -> None:
            found.append(await function())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep)
        return found[0]

    yield lambda function: trio.run(way, function)


@contextmanager
def trio_thread() -> Iterator[Run]:
    """Go to a thread of trio."""
    import trio

    yield lambda function: trio.run(trio.to_thread.run_sync, function)


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


@contextmanager
def process_pool(method: str) -> Iterator[Run]:
    """Submit a carried function to the one process of a pool."""
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        yield lambda function: pool.submit(carry(function)).result()


def _serve(jobs: Any, answers: Any) -> None:
    while (job := jobs.get()) is not None:
        answers.put(job())


@contextmanager
def process(method: str) -> Iterator[Run]:
    """Queue a carried function to a process."""
    started = multiprocessing.get_context(method)
    jobs, answers = started.SimpleQueue(), started.SimpleQueue()
    child = started.Process(target=_serve, args=(jobs, answers))
    child.start()

    def run(function: Function) -> Any:
        jobs.put(carry(function))
        return answers.get()

    yield run
    jobs.put(None)
    child.join()
    assert child.exitcode == 0


@contextmanager
def multiprocessing_pool() -> Iterator[Run]:
    """Apply a carried function in the one process of a pool."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        yield lambda function: pool.apply(carry(function))


@contextmanager
def joblib_processes() -> Iterator[Run]:
    """Run a carried function in the processes of joblib."""
    import joblib
    from joblib.externals.loky import get_reusable_executor

    with joblib.Parallel(n_jobs=2) as parallel:
        # Of two jobs, because joblib does a single one itself.
        yield lambda function: parallel(joblib.delayed(carry(function))() for _ in range(2))[0]
    get_reusable_executor().shutdown()


@contextmanager
def joblib_threads() -> Iterator[Run]:
    """Run a carried function in threads of joblib, whose pool is not instrumented."""
    import joblib

    with joblib.Parallel(n_jobs=2, prefer="threads") as parallel:
        yield lambda function: parallel(joblib.delayed(carry(function))() for _ in range(2))[0]


class Mechanism(NamedTuple):
    """Context manager, form of the call, and whether the mechanism adds a parent."""

    open: Callable[[], AbstractContextManager[Run]]
    form: str = "sync"
    own_parent: bool = False


def _loop(way: Callable[[Function], Awaitable[Any]], form: str = "async", make: Any = asyncio.new_event_loop, **more: Any) -> Mechanism:
    return Mechanism(partial(looping, make, way), form, **more)


MECHANISMS: dict[str, Mechanism] = {
    "Thread": Mechanism(thread),
    "Timer": Mechanism(timer),
    "ThreadPoolExecutor.submit": Mechanism(pool_submit),
    "ThreadPoolExecutor.map": Mechanism(pool_map),
    "pool from pool": Mechanism(thread_from_thread),
    "run_in_executor": _loop(run_in_executor, "sync"),
    "to_thread": _loop(to_thread, "sync"),
    "await": _loop(awaited),
    "create_task": _loop(task),
    "gather": _loop(gather),
    **({"TaskGroup": _loop(task_group)} if sys.version_info >= (3, 11) else {}),
    "as_completed": _loop(as_completed),
    "wait_for": _loop(wait_for),
    "async generator": _loop(async_generator),
    "call_soon": _loop(callback),
    "queue and carry": _loop(queued),
    "task that outlives": _loop(outliving, own_parent=True),
    "uvloop task": _loop(task, make=_uvloop),
    "uvloop to_thread": _loop(to_thread, "sync", make=_uvloop),
    "anyio on asyncio": Mechanism(partial(anyio_tasks, "asyncio"), "async"),
    "anyio on trio": Mechanism(partial(anyio_tasks, "trio"), "async"),
    "anyio.to_thread on asyncio": Mechanism(partial(anyio_threads, "asyncio")),
    "anyio.to_thread on trio": Mechanism(partial(anyio_threads, "trio")),
    "trio nursery": Mechanism(trio_nursery, "async"),
    "trio.to_thread": Mechanism(trio_thread),
    "ProcessPoolExecutor fork": Mechanism(partial(process_pool, "fork"), "elsewhere"),
    "ProcessPoolExecutor spawn": Mechanism(partial(process_pool, "spawn"), "elsewhere"),
    "Process fork": Mechanism(partial(process, "fork"), "elsewhere"),
    "Process spawn": Mechanism(partial(process, "spawn"), "elsewhere"),
    "multiprocessing.Pool": Mechanism(multiprocessing_pool, "elsewhere"),
    "joblib processes": Mechanism(joblib_processes, "elsewhere"),
    "joblib threads": Mechanism(joblib_threads),
}
