"""Make one real call and return which patch points began it, and how often."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

from calls import SampleCall
from calls import installed as package_installed
from census.releases import required
from contract.driving import opened, opened_async
from harness.observation.account import Account
from harness.observation.new_telemetry import Reported
from harness.report.matrix import Observer, Row
from harness.scripts.exits import STREAM_EXITS, VALUE_EXITS
from harness.scripts.styles import AsyncOpening, Opening
from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint, Sdk
from opentelemetry.instrumentation.llm.calls.patches import installed
from opentelemetry.instrumentation.llm.calls.running import ActiveCall
from opentelemetry.instrumentation.llm.schema.events import OPERATIONS
from opentelemetry.instrumentation.llm.testing import capture_events

WHOLE = {False: VALUE_EXITS[0], True: STREAM_EXITS[0]}
"""The way out of an answer that is read whole, by whether it is a stream."""
_TOLD = {f"ex_llm.{operation.family}.{phase}" for operation in OPERATIONS.values() for phase in ("start", "stop", "exception")}


class Fired(NamedTuple):
    """One call: its patch points, and counts of starts, stops, errors and spans."""

    points: frozenset[Row]
    starts: int
    stops: int
    failures: int
    spans: int

    def complaints(self, provider: str) -> list[str]:
        """Return the errors of this call, as the only call of a provider."""
        reported = {"start": (self.starts, 1), "stop": (self.stops, 1), "failure": (self.failures, 0), "span": (self.spans, 1)}
        found = [f"{what}: {count}, not {due}" for what, (count, due) in reported.items() if count != due]
        if not any(row.provider == provider for row in self.points):
            found.append(f"no Point of {provider} began")
        return found


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Let ``observer`` see every call that begins."""
    with mock.patch.object(ActiveCall, "enter", observer.around(ActiveCall.enter)):
        yield


def fire(sample: SampleCall, mode: str, observer: Observer, reported: Reported, url: str) -> Fired:
    """Make one call and read its response; skip if the release lacks it."""
    observer.begun.clear()
    reported.clear()
    with observed(observer), capture_events() as recorded:
        if mode == "sync":
            _call(sample, url)
        else:
            asyncio.run(_call_async(sample, url))
    counts = Counter(event.name.rpartition(".")[2] for event in recorded if event.name in _TOLD)
    return Fired(frozenset(observer.begun), counts["start"], counts["stop"], counts["exception"], len(reported.spans()))


def _call(sample: SampleCall, url: str) -> None:
    with opened(sample, url) as client:
        WHOLE[sample.stream].plain(Opening(sample, "plain", client, Account(sample.module, url)))  # type: ignore[misc]


async def _call_async(sample: SampleCall, url: str) -> None:
    async with opened_async(sample, url) as client:
        await WHOLE[sample.stream].asynchronous(AsyncOpening(sample, "plain", client, Account(sample.module, url)))  # type: ignore[misc]


def amiss(provider: Sdk, there: Callable[[PatchPoint], bool], fired: Collection[Row]) -> Iterator[str]:
    """Return patch points that are missing, unused, or outside the claim.

    The claim is the range of releases in the table of the SDK.
    """
    for point in provider.points:
        row, requirement = Row(provider.name, point), required(provider, point)
        if not package_installed(point.target.partition(":")[0].partition(".")[0]):
            continue
        release, claimed = installed(requirement)
        exists, fires = there(point), row in fired
        if claimed and not exists:
            yield f"{row.title} does not exist in {release}, and {requirement} is claimed"
        elif claimed and not fires and point.recorded_if_batch is None:
            yield f"{row.title} never fires in {release}"
        elif not claimed and (fires if point.route else exists):
            yield f"{row.title} is there in {release}, and only {requirement} is claimed"
