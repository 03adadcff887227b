"""One call is one span of ours, even if the SDK's own telemetry is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import calls
from contract.driving import MODES
from harness.faults.planted import IN_WHAT_IS_TOLD
from harness.observation.instrumented import Watching
from harness.observation.native import inferences, telling_of_itself
from harness.scripts.exits import STREAM_EXITS, VALUE_EXITS
from harness.scripts.one_run import Case, run
from harness.scripts.styles import NotApplicable
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.schema.events import OPERATIONS
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
OURS = "opentelemetry.instrumentation.llm"
ENDS = {f"ex_llm.{operation.family}.stop" for operation in OPERATIONS.values()}
WHOLE = {False: VALUE_EXITS[0], True: STREAM_EXITS[0]}


SILENCED = sorted(provider.name for provider in providers.ALL if provider.native and provider.name != "bedrock")
"""SDKs whose spans are replaced.

``tests/integration/beside`` covers the one for botocore.
"""


@pytest.fixture
def reported(watching: Watching) -> Iterator[Any]:
    """Watch, with every SDK's own telemetry going where ours goes."""
    seen = watching.watched()
    with telling_of_itself(seen.tracer_provider):
        yield seen


def told_of(sample: calls.SampleCall, mode: str, seen: Any, stand_in: Any) -> tuple[int, list[str], int]:
    """Make one call; return our spans, scopes of other inference spans, and ends."""
    seen.clear()
    with capture_events() as recorded:
        try:
            run(Case(sample, mode, "plain", WHOLE[sample.stream]), stand_in.url)
        except NotApplicable as reason:
            pytest.skip(str(reason))
    ours = [span for span in seen.spans() if span.instrumentation_scope.name == OURS]
    theirs = [span for span in seen.spans() if span not in ours]
    return len(ours), inferences(theirs), sum(event.name in ENDS for event in recorded)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", list(calls.read()), ids=lambda p: p.id)
def test_one_call_is_one_span(sample: calls.SampleCall, mode: str, reported: Any, stand_in: Any) -> None:
    assert told_of(sample, mode, reported, stand_in) == (1, [], 1)


def test_a_doubled_span_of_ours_is_counted(watching: Watching, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (doubled,) = (planted for planted in IN_WHAT_IS_TOLD if planted.plant.__name__ == "_span_is_doubled")
    chat = next(p for p in calls.read() if p.provider == "openai" and not p.stream)
    watching.bare()
    doubled.plant(monkeypatch)
    seen = watching.watched()
    assert told_of(chat, "sync", seen, stand_in) == (2, [], 1)
    watching.bare()


@pytest.mark.parametrize("provider", SILENCED)
def test_a_second_span_is_counted(provider: str, watching: Watching, stand_in: Any) -> None:
    """The same measurement finds the SDK's own spans if they are allowed."""
    values = [p for p in calls.read() if p.provider == provider and not p.stream and p.call is not None]
    # The clients for third-party clouds create no spans.
    chat = min(values, key=lambda sample: sample.name.endswith((":azure", ":gcp")), default=None)
    if chat is None:
        pytest.skip(f"{provider} is not installed")
    if provider == "azure_inference":
        pytest.importorskip("azure.core.tracing.ext.opentelemetry_span", reason="azure-core-tracing-opentelemetry is not installed")
    seen = watching.watched(native_telemetry="keep")
    with telling_of_itself(seen.tracer_provider):
        ours, theirs, ends = told_of(chat, "sync", seen, stand_in)
    assert (ours, len(theirs), ends) == (1, 1, 1)
