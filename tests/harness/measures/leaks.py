"""Make many calls of each exit path and report the growth of the process.

``python -m harness.measures.leaks watched openai sync 20000`` prints a line of JSON for each exit path; ``bare`` does the same
without instrumentation, and more arguments select exit paths. An exit path is one exit of responses or of streams, in
one mode; its calls rotate through all styles and all samples of the provider that have it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import inspect
import itertools
import json
import logging
import sys
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest

import calls
from contract.driving import opened, opened_async
from harness.measures.fast_clients import forget_the_past, one_tls_context
from harness.measures.growth import measured
from harness.observation.account import Account, application_span
from harness.processes import served
from harness.scripts.exits import Exit
from harness.scripts.one_run import Case, cases, settled
from harness.scripts.styles import AsyncOpening, NotApplicable, Opening

SETTINGS: dict[str, Any] = {"capture_message_content": "span_and_event", "emit_event": True, "cost_threshold_cents": 0.0}
"""The settings with the most work and the most telemetry."""
_A_CLIENT = 100
"""Calls for each client, whose pool keeps unclosed connections."""
_AT_ONCE = 20


class Path(NamedTuple):
    """One way out, and the cases that take it."""

    name: str
    exit: Exit
    cases: list[Case]


class Unwritten(Account):
    """Account that records nothing, so that only kept objects of others are measured."""

    def note(self, what: str, value: Any) -> None:
        """Forget it."""


def paths(provider: str, mode: str) -> list[Path]:
    """List the exit paths that a provider has in a mode."""
    found: dict[str, Path] = {}
    for sample in calls.read():
        for case in cases(sample, mode) if sample.provider == provider else ():
            name = f"{mode} {'stream' if sample.stream else 'answer'}, {case.exit.name}"
            found.setdefault(name, Path(name, case.exit, [])).cases.append(case)
    return list(found.values())


class Caller:
    """Make the calls of an exit path, around those of its cases that are applicable."""

    def __init__(self, path: Path, url: str, done: Callable[[], object] = lambda: None) -> None:
        self.name, self._exit = path.name, path.exit
        self._url, self._done = url, done
        self._base = f"{url}/scenario/{path.exit.scenario}" if path.exit.scenario else url
        forget_the_past()
        self.cases = [case for case in path.cases if self._is_applicable(case)]

    def _is_applicable(self, case: Case) -> bool:
        try:
            self._of_one_client([case])
        except (NotApplicable, pytest.skip.Exception):
            return False
        return True

    def run(self, calls: int) -> None:
        """Make this many calls and keep no object of the harness."""
        around = sorted(itertools.islice(itertools.cycle(self.cases), calls), key=_client_of)
        for _, alike in itertools.groupby(around, _client_of):
            for some in _cut(list(alike), _A_CLIENT):
                self._of_one_client(some)

    def _of_one_client(self, some: list[Case]) -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self._url}/_stand_in/clear", method="POST")).close()
        with application_span():
            if some[0].mode == "sync":
                self._plainly(some)
            elif inspect.iscoroutinefunction(self._exit.asynchronous):
                asyncio.run(self._asynchronously(some))
            else:
                self._with_loops_of_their_own(some)
        gc.collect()
        self._done()

    def _plainly(self, some: list[Case]) -> None:
        script: Any = self._exit.plain
        with opened(some[0].sample, self._base) as client:
            for case in some:
                with _left():
                    script(Opening(case.sample, case.style, client, self._account()))

    async def _asynchronously(self, some: list[Case]) -> None:
        async with opened_async(some[0].sample, self._base) as client:
            for together in _cut(some, _AT_ONCE):
                await asyncio.gather(*(self._one(case, client) for case in together))
                gc.collect()
                await settled(set())

    async def _one(self, case: Case, client: Any) -> None:
        script: Any = self._exit.asynchronous
        with _left():
            await script(AsyncOpening(case.sample, case.style, client, self._account()))

    def _with_loops_of_their_own(self, some: list[Case]) -> None:
        script: Any = self._exit.asynchronous
        for case in some:
            if case.sample.async_client is None or case.sample.async_call is None:
                raise NotApplicable("this SDK has no asynchronous form of it")
            with _left():
                script(AsyncOpening(case.sample, case.style, case.sample.async_client(self._base), self._account()))

    def _account(self) -> Account:
        return Unwritten("", self._base)


@contextlib.contextmanager
def _left() -> Iterator[None]:
    """Run an exit and ignore its exception, which an account would record."""
    try:
        yield
    except NotApplicable:
        raise
    except BaseException:
        return


def _client_of(case: Case) -> int:
    return id(case.sample.client)


def _cut(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def growths(
    provider: str, mode: str, count: int, url: str, done: Callable[[], object], only: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Measure the exit paths of a provider in turn, after one run of every case."""
    for sample in (sample for sample in calls.read() if sample.provider == provider):
        sample.client("http://127.0.0.1:1")
    requested = [path for path in paths(provider, mode) if not only or path.name in only]
    for caller in [caller for path in requested if (caller := Caller(path, url, done)).cases]:
        began = time.perf_counter()
        found = measured(caller.run, count)
        yield {"path": caller.name, "growths": found, "cases": len(caller.cases), "seconds": time.perf_counter() - began}


def main(side: str, provider: str, mode: str, count: str, *only: str) -> None:
    """Print a line for each exit path."""
    # Logs and warnings are stored by their collectors; unraisable exceptions are printed.
    warnings.simplefilter("ignore")
    logging.disable()
    # Streams that are garbage are collected between calls: httpcore waits for itself for ever where one is while it opens another.
    gc.disable()
    sys.unraisablehook = lambda args: None
    with one_tls_context(), served() as url:
        done = _watch() if side == "watched" else lambda: None
        for reported in growths(provider, mode, int(count), url, done, only):
            print(json.dumps(reported), flush=True)


def _watch() -> Callable[[], object]:
    from conftest import Seen

    seen = Seen()
    seen.instrument(**SETTINGS)
    return functools.partial(seen.clear)


if __name__ == "__main__":
    main(*sys.argv[1:])
