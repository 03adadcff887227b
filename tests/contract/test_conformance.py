"""Apply the checker of the conventions to every call of every SDK.

Whole responses, streams, refusals, streams that are left early, unsampled spans, and each place of contents. The exported
data are also encoded as OTLP. Contents are compared with the bodies that the server received and sent.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

import calls
from contract.driving import MODES, run
from harness.observation.instrumented import Watching
from semconv.checker import LeftOut, SamplingRecorder, Scenario, Violation, check_all, check_logs

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
SAMPLES = list(calls.read())
PLACES = ("no_content", "span_only", "event_only", "span_and_event")
ALLOWED = {
    # Its stream on Bedrock has no id of the response.
    "bedrock-invoke_model_with_response_stream:cohere.command-text-v14-stream": ("attribute.recommended", "gen_ai.response.id"),
}  # fmt: skip
"""Rule and attribute of a finding that is right, for the reason given here."""


@pytest.fixture(scope="module")
def recorder(watching: Watching) -> SamplingRecorder:
    made = SamplingRecorder()
    watching.seen.tracer_provider.add_span_processor(made)
    return made


def _left(sample: calls.SampleCall, found: list[Violation]) -> list[Violation]:
    rule, name = ALLOWED.get(sample.id, ("", ""))
    return [one for one in found if not (one.rule == rule and name in one.detail)]


def _encoded(seen: Any) -> None:
    from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    assert encode_spans(seen.spans()).SerializeToString() is not None
    assert encode_logs(seen.logs()).SerializeToString() is not None


def _use(sample: calls.SampleCall, leave: bool) -> Any:
    def read(result: Any) -> None:
        if sample.stream and hasattr(result, "__iter__"):
            for _ in result:
                if leave:
                    break
        close = getattr(result, "close", None)
        if leave and close is not None:
            close()

    return read


def _run(sample: calls.SampleCall, url: str, leave: bool = False) -> None:
    try:
        run(sample, "sync", url, _use(sample, leave))
    except ImportError as missing:
        pytest.skip(str(missing))


def _check(sample: calls.SampleCall, seen: Any, recorder: SamplingRecorder, failed: bool = False) -> list[Violation]:
    # A refused or a cut call has no values of a response, and many streams report usage only on request.
    from semconv.registry import ATTRIBUTES

    kinds = (".response.", ".usage.") if failed else (".usage.",) if sample.stream else ()
    lacking = frozenset(name for name in ATTRIBUTES if any(kind in name for kind in kinds))
    scenario = Scenario(absent=sample.absent | lacking, tolerance=0.0)
    return _left(sample, check_all(seen.spans(), LeftOut.SIGNAL, seen.logs(), recorder.started, scenario=scenario))


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("sample", [p for p in SAMPLES if p.call is not None], ids=lambda p: p.id)
def test_every_call_is_conformant(
    sample: calls.SampleCall, where: str, watching: Watching, recorder: SamplingRecorder, stand_in: Any
) -> None:
    seen = watching.watched(capture_message_content=where, tool_definitions="full", max_content_bytes=4000)
    _run(sample, stand_in.url)
    assert seen.spans() and _check(sample, seen, recorder) == []
    _encoded(seen)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sample", [p for p in SAMPLES if not p.stream], ids=lambda p: p.id)
def test_every_refusal_is_conformant(
    sample: calls.SampleCall, mode: str, watching: Watching, recorder: SamplingRecorder, stand_in: Any
) -> None:
    seen = watching.watched(capture_message_content="span_and_event")
    with contextlib.suppress(Exception):
        run(sample, mode, f"{stand_in.url}/scenario/error-429", _use(sample, leave=False))
    assert seen.spans() and _check(sample, seen, recorder, failed=True) == []
    _encoded(seen)


@pytest.mark.parametrize("sample", [p for p in SAMPLES if p.stream and p.call is not None], ids=lambda p: p.id)
def test_every_stream_that_is_left_is_conformant(
    sample: calls.SampleCall, watching: Watching, recorder: SamplingRecorder, stand_in: Any
) -> None:
    seen = watching.watched(capture_message_content="span_and_event")
    _run(sample, stand_in.url, leave=True)
    assert _check(sample, seen, recorder, failed=True) == []
    _encoded(seen)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


@pytest.mark.parametrize("sample", [p for p in SAMPLES if p.call is not None], ids=lambda p: p.id)
def test_no_text_of_the_request_is_doubled(sample: calls.SampleCall, watching: Watching, stand_in: Any) -> None:
    """Compare the texts of the recorded input with the body that was sent."""
    seen = watching.watched(capture_message_content="span_only")
    _run(sample, stand_in.url)
    body = next((entry.body for entry in stand_in.journal if entry.body), b"")
    for name in ("gen_ai.input.messages", "gen_ai.system_instructions"):
        recorded = seen.spans()[-1].attributes.get(name)
        for message in json.loads(recorded) if recorded else ():
            for part in message.get("parts", [message]) if isinstance(message, dict) else ():
                text = part.get("content")
                if part.get("type") == "text" and isinstance(text, str) and len(text) > 3 and b"{" in body[:1]:
                    words = json.dumps(text)[1:-1].encode()
                    assert words in body or text.encode() in body, (text, body[:300])
                    assert recorded.count(json.dumps(text, ensure_ascii=False)[1:-1]) <= max(
                        1, body.count(words), body.count(text.encode())
                    )


def test_planted_violations_are_found(
    watching: Watching, recorder: SamplingRecorder, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry.instrumentation.llm.schema import semconv

    sample = next(p for p in SAMPLES if p.id == "openai-chat.completions.create")
    seen = watching.watched(capture_message_content="span_and_event")
    monkeypatch.setattr(semconv, "span_name", lambda metadata: "wrong")
    run(sample, "sync", stand_in.url)
    assert "span.name" in {one.rule for one in _check(sample, seen, recorder)}
    assert check_logs(seen.logs(), scenario=Scenario()) == []
