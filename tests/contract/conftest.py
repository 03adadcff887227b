"""Make small runs fast: one instrumentation, one TLS context, less GC."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

import calls
from conftest import Seen
from harness.measures.fast_clients import forget_the_past, one_tls_context
from harness.observation.instrumented import Watching
from harness.observation.new_telemetry import Reported
from opentelemetry.instrumentation.llm import LLMInstrumentor


@pytest.fixture(scope="session", autouse=True)
def _quick(request: pytest.FixtureRequest) -> Iterator[None]:
    """Load every SDK that is asked before anything is measured or collected."""
    requested = {value for item in request.session.items for value in _parameters(item) if isinstance(value, (str, calls.SampleCall))}
    providers = {sample.provider for sample in calls.read() if sample in requested or sample.provider in requested}
    with one_tls_context():
        for client in {sample.client for sample in calls.read() if sample.provider in providers}:
            client("http://127.0.0.1:1")
        forget_the_past()
        yield
        gc.unfreeze()


def _parameters(item: pytest.Item) -> Iterable[Any]:
    return item.callspec.params.values() if hasattr(item, "callspec") else ()


@pytest.fixture(scope="module")
def watching() -> Iterator[Watching]:
    """Return a process that a test instruments, with shared OTel providers."""
    made = Watching(Seen())
    yield made
    made.close()


@pytest.fixture
def apart(watching: Watching) -> Iterator[Watching]:
    """Return one like it for this test alone, whose figures are to be spoiled."""
    watching.bare()
    made = Watching(Seen())
    yield made
    made.close()


@pytest.fixture(scope="module")
def _reported() -> Iterator[Reported]:
    seen = Seen()
    seen.instrument()
    yield Reported(seen)
    LLMInstrumentor().uninstrument()
    seen.close()


@pytest.fixture
def reported(_reported: Reported) -> Reported:
    """Instrument the module with default settings; return the telemetry of one test."""
    _reported.begin()
    return _reported
