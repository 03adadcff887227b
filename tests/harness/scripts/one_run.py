"""Run one script of one sample against the stand-in and return the account."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest

import calls
from calls import SampleCall
from contract.driving import opened, opened_async
from harness.measures.background_work import rest, rest_asynchronously
from harness.observation.account import Account, application_span
from harness.observation.responses import Responses, noticed
from harness.scripts.exits import Exit, exits
from harness.scripts.styles import STYLES, AsyncOpening, NotApplicable, Opening


class Case(NamedTuple):
    """One sample, called in one mode and style, and left in one way."""

    sample: SampleCall
    mode: str
    style: str
    exit: Exit

    @property
    def id(self) -> str:
        return f"{self.sample.id} / {self.mode} / {self.style} / {self.exit.name}"


_BRIEFLY = frozenset({"answered", "exhausted", "refused", "server cuts", "broken off in with", "dropped", "cut"})
_WITHIN = ("cut", "die", "hang", "stream-error")
"""Scenarios of events within a stream."""
_FULL = bool(os.environ.get("LLM_HARNESS_FULL"))


@cache
def _first_of_their_kind() -> frozenset[str]:
    """Return the ids of the first sample of each patch point and client.

    A second model or tool runs with fewer exits.
    """
    first: dict[tuple[Any, ...], str] = {}
    for sample in calls.read():
        first.setdefault((sample.provider, sample.point, sample.stream, sample.client), sample.id)
    return frozenset(first.values())


def cases(sample: SampleCall, mode: str, style: str | None = None) -> list[Case]:
    """List every case of a sample in a mode."""
    styles = [s for s in (STYLES if style is None else (style,)) if s == "plain" or not sample.only_plain]
    found = [Case(sample, mode, s, e) for s in styles for e in exits(sample.stream, mode, s)]
    if sample.of_answers:
        found = [case for case in found if not case.exit.scenario.startswith(_WITHIN)]
    if _FULL or sample.id in _first_of_their_kind():
        return found
    return [case for case in found if case.style == "plain" and case.exit.name in _BRIEFLY]


def run(case: Case, url: str, surfaces: bool = False, chunks: bool = False, kind: type[Account] = Account) -> Account:
    """Run a case and return its account, or raise ``NotApplicable``.

    ``chunks`` describes every chunk, ``surfaces`` every object completely, which is slow; both serve for comparisons.
    """
    account = kind(case.sample.module.partition(".")[0], url, surfaces, chunks)
    base = f"{url}/scenario/{case.exit.scenario}" if case.exit.scenario else url
    drive: Callable[..., Any] = _run_plain
    if case.mode == "async":
        drive = _run_asynchronous if inspect.iscoroutinefunction(case.exit.asynchronous) else _run_with_own_loop
    with application_span(), noticed() as responses:
        try:
            outcome: Any = drive(case, base, account, responses)
            if outcome is not None:
                asyncio.run(outcome)
        except pytest.skip.Exception as skipped:
            raise NotApplicable(str(skipped.msg)) from None
        account.look()
    return account


def _run_plain(case: Case, url: str, account: Account, responses: Responses) -> None:
    script: Any = case.exit.plain
    with opened(case.sample, url) as client:
        try:
            script(Opening(case.sample, case.style, client, account))
        except NotApplicable:
            raise
        except BaseException as error:
            account.raised(error)
        rest()
        gc.collect()
        account.note("responses", responses.states())


async def _run_asynchronous(case: Case, url: str, account: Account, responses: Responses) -> None:
    script: Any = case.exit.asynchronous
    async with opened_async(case.sample, url) as client:
        try:
            await script(AsyncOpening(case.sample, case.style, client, account))
        except NotApplicable:
            raise
        except BaseException as error:
            account.raised(error)
        await rest_asynchronously()
        # The loop holds a dropped stream while it closes it, so one collection is not enough.
        lasting: set[asyncio.Task[Any]] = set()
        for _ in range(5):
            gc.collect()
            await settled(lasting)
        account.note("responses", responses.states("perhaps gone"))


async def settled(lasting: set[asyncio.Task[Any]]) -> None:
    """Let the loop close dropped streams; ``lasting`` collects unfinished tasks."""
    for _ in range(3):
        await asyncio.sleep(0)
    done: object = True
    while done and (others := asyncio.all_tasks() - {asyncio.current_task(), *lasting}):
        # Some libraries keep tasks of their own, which end with the connection or not at all.
        done, left = await asyncio.wait(others, timeout=0.05)
        lasting |= left if not done else set()


def _run_with_own_loop(case: Case, url: str, account: Account, responses: Responses) -> None:
    script: Any = case.exit.asynchronous
    if case.sample.async_client is None or case.sample.async_call is None:
        raise NotApplicable("this SDK has no asynchronous form of it")
    try:
        script(AsyncOpening(case.sample, case.style, case.sample.async_client(url), account))
    except NotApplicable:
        raise
    except BaseException as error:
        account.raised(error)
    rest()
    gc.collect()
    account.note("responses", responses.states("perhaps gone"))
