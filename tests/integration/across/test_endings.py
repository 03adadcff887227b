"""All telemetry arrives at an OTLP receiver, whichever way a process ends.

It is compared with the journal of the provider.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opentelemetry.proto", reason="needs the package opentelemetry-proto")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="needs the package opentelemetry-exporter-otlp-proto-http")
pytest.importorskip("opentelemetry.distro", reason="needs the package opentelemetry-distro")

from integration.across.sink import Sink
from opentelemetry import _logs, metrics, trace
from opentelemetry.instrumentation.llm import workers

_CRASHES = (-signal.SIGSEGV,) if sys.version_info[:3] == (3, 13, 0) else ()
"""Ending whose Python collects a generator of httpx2 at the very end."""
HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as receiver:
        yield receiver


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / part) for part in ("src", "examples", "tests"))
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": paths, **environment}
    )


@pytest.mark.parametrize(
    ("how", "status", "requested", "ends"),
    [
        ("script", 0, 3, {None: 1, "complete": 1, "abandoned": 1}),
        ("failing", 1, 3, {None: 1, "complete": 1, "abandoned": 1}),
        ("frozen", -signal.SIGKILL, 4, {None: 2, "complete": 2}),
        ("fork", 0, 6, {None: 2, "complete": 2, "abandoned": 2}),
        ("spawn", 0, 6, {None: 2, "complete": 2, "abandoned": 2}),
    ],
)
def test_spans_and_metrics_arrive(how: str, status: int, requested: int, ends: dict[str | None, int], stand_in: Any, sink: Sink) -> None:
    ran = program(str(HERE / "endings.py"), how, stand_in.url, **sink.environment())
    assert ran.returncode in (status, *_CRASHES), ran.stderr
    assert "Traceback" not in ran.stderr or how == "failing"
    calls = sink.calls()
    assert len(stand_in.journal) == len(calls) == len({call.id for call in calls}) == requested
    assert Counter(call.attributes.get("ex_llm.stream.end") for call in calls) == ends
    assert sink.total("ex_llm.chat.requests.total") == requested
    assert sink.total("ex_llm.stream.started.total") == sum(number for end, number in ends.items() if end is not None)
    if how in ("fork", "spawn"):
        (parent,) = (span for span in sink.spans() if span.name == "parent")
        assert {(call.trace, call.parent, call.attributes["session.id"]) for call in calls} == {(parent.trace, parent.id, "s")}


def test_nothing_is_opened_and_started_by_importing_and_watching() -> None:
    ran = program(
        "-c",
        textwrap.dedent(
            """
            import socket, sys, threading

            told = []
            sys.addaudithook(lambda event, _: told.append(event) if event.startswith(("socket.", "os.fork", "subprocess.")) else None)
            import opentelemetry.instrumentation.llm as llm
            import opentelemetry.instrumentation.llm.workers
            llm.LLMInstrumentor().instrument()
            assert told == [] and threading.active_count() == 1, told
            socket.socket().close()
            assert told, "the hook hears nothing"
            """
        ),
    )
    assert ran.returncode == 0, ran.stderr


class Flushed:
    """Stand for a provider."""

    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome
        self.requested: list[int] = []

    def force_flush(self, timeout_millis: int) -> Any:
        self.requested.append(timeout_millis)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(("outcome", "sent"), [(True, True), (None, True), (False, False), (RuntimeError("no"), False)])
def test_flush_says_whether_all_was_sent_and_raises_nothing(outcome: Any, sent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    providers = {name: Flushed(outcome if name == "meter" else True) for name in ("tracer", "meter", "logger")}
    for module, name in ((trace, "tracer"), (metrics, "meter"), (_logs, "logger")):
        monkeypatch.setattr(module, f"get_{name}_provider", lambda name=name: providers[name])
    assert workers.flush(2.0) is sent
    assert all(0 < provider.requested[0] <= 2000 for provider in providers.values())


def test_in_worker_gives_and_raises_what_its_function_does(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr(workers, "watch_worker", lambda setup: reported.append("watch"))
    monkeypatch.setattr(workers, "flush", lambda: reported.append("flush"))

    async def coroutine(number: int) -> int:
        reported.append("run")
        return number

    def generator(number: int) -> Iterator[int]:
        reported.append("run")
        yield number

    async def async_generator(number: int) -> Any:
        reported.append("run")
        yield number

    async def read() -> list[int]:
        return [step async for step in workers.in_worker(async_generator)(4)]

    assert workers.in_worker(int)("1") == 1
    assert reported == ["watch", "flush"]
    for expected, work in (
        (2, lambda: asyncio.run(workers.in_worker(coroutine)(2))),
        ([3], lambda: list(workers.in_worker(generator)(3))),
        ([4], lambda: asyncio.run(read())),
    ):
        reported.clear()
        assert work() == expected
        assert reported == ["watch", "run", "flush"]
    reported.clear()
    with pytest.raises(ValueError, match="invalid literal"):
        workers.in_worker(int)("x")
    assert reported == ["watch", "flush"]
    assert pickle.loads(pickle.dumps(workers.in_worker(int)))("5") == 5
    with pytest.raises(TypeError, match="in_worker takes a function"):
        workers.in_worker(3)  # type: ignore[arg-type]


def test_a_worker_is_set_up_once_and_a_fork_of_it_not_again() -> None:
    ran = program(
        "-c",
        textwrap.dedent(
            """
            import os
            from opentelemetry import trace
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.instrumentation.llm import LLMInstrumentor
            from opentelemetry.instrumentation.llm.workers import in_worker, watch_worker

            called = []

            def set_up():
                called.append(os.getpid())
                trace.set_tracer_provider(TracerProvider())

            watch_worker(set_up, disabled_providers=["groq"])
            watch_worker(set_up)
            in_worker(print, set_up)()
            assert called == [os.getpid()] and LLMInstrumentor().settings.disabled_providers == ("groq",)
            child = os.fork()
            if not child:
                watch_worker(set_up)
                os._exit(len(called))
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
            """
        ),
    )
    assert ran.returncode == 0, ran.stderr
