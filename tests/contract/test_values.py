"""The application gets the SDK's own object; one span has the usage."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

import calls
from contract.driving import MODES, run
from semconv.checker import Scenario, check_spans

# Log lines of some SDKs about their own operations.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
VALUES = [p for p in calls.read() if not p.stream]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", VALUES, ids=lambda p: p.id)
def test_one_request_one_span_and_the_same_object(sample: calls.SampleCall, mode: str, seen: Any, stand_in: Any) -> None:
    result = run(sample, mode, stand_in.url)
    assert len(stand_in.journal) == 1
    span = seen.span()
    assert span.status.status_code.name == "UNSET"
    assert span.attributes["gen_ai.operation.name"] and span.attributes["server.address"] in ("127.0.0.1", "localhost")
    assert type(result).__module__.partition(".")[0] not in ("wrapt", "opentelemetry")
    assert check_spans([span], scenario=Scenario(absent=sample.absent)) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", VALUES, ids=lambda p: p.id)
def test_a_refusal_is_the_sdks_own_and_the_span_says_so(sample: calls.SampleCall, mode: str, seen: Any, stand_in: Any) -> None:
    raised = pytest.raises(Exception) if sample.raises else contextlib.nullcontext()
    with raised as refusal:
        run(sample, mode, f"{stand_in.url}/scenario/error-429")
    span = seen.span()
    assert span.status.status_code.name == "ERROR" and span.attributes["error.type"]
    assert refusal is None or span.attributes["error.type"].rpartition(".")[2] == type(refusal.value).__name__
    assert span.attributes["ex_llm.error.kind"] == "rate_limited"
    assert [event.name for event in span.events] == ["ex_llm.provider.request.stop", "ex_llm.provider.rate_limit"]
