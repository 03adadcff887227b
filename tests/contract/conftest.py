"""What makes some thousand small runs quick: instrument once, load no certificates, collect new garbage only."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

import payloads
from conftest import Seen
from harness.quick import forget_the_past, one_tls_context
from harness.telling import Told
from opentelemetry.instrumentation.llm import LLMInstrumentor


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    """Load every SDK before anything is measured or collected."""
    with one_tls_context():
        for client in {payload.client for payload in payloads.read()}:
            client("http://127.0.0.1:1")
        forget_the_past()
        yield
        gc.unfreeze()


@pytest.fixture(scope="module")
def _told() -> Iterator[Told]:
    seen = Seen()
    seen.instrument()
    yield Told(seen)
    LLMInstrumentor().uninstrument()
    seen.close()


@pytest.fixture
def told(_told: Told) -> Told:
    """Watch the whole module with the default settings; return what this one test's run told."""
    _told.begin()
    return _told
