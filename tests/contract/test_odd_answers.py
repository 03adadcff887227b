"""Malformed responses reach the application; the span has readable values."""

from __future__ import annotations

import re
from typing import Any

import pytest

import calls
from contract.driving import MODES, run
from opentelemetry.instrumentation.llm import LLMInstrumentor

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
SCENARIOS = ("odd-choices", "odd-usage", "odd-everything", "odd-stream", "empty", "no-usage", "truncated", "not-json", "failed-response")
CHATS = [p for p in calls.read() if "chat" in p.name or p.name.startswith(("completion", "responses", "embeddings", "messages", "models"))]


_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|resp_[A-Za-z0-9]{32,}=*")
"""Ids that an SDK makes up, or makes of one that the server counts."""


def _outcome(sample: calls.SampleCall, mode: str, url: str) -> tuple[Any, ...]:
    def read(result: Any) -> Any:
        return list(result) if sample.stream and mode == "sync" else result

    try:
        result = run(sample, mode, url, read)
    except Exception as error:
        return "raised", type(error), _without_numbers(str(error))
    chunks = result if isinstance(result, list) else [result]
    return "returned", [type(chunk) for chunk in chunks], [_dump(chunk) for chunk in chunks]


def _dump(value: Any) -> str:
    """Return the content of a response without ids and counters."""
    held = getattr(value, "__dict__", None)
    return _without_numbers(repr(held if held is not None else value))


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+|0x[0-9a-f]+", "#", _RANDOM.sub("#", text))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("sample", CHATS, ids=lambda p: p.id)
def test_the_application_sees_what_it_would_see_unwatched(sample: Any, scenario: str, mode: str, watch: Any, stand_in: Any) -> None:
    if sample.stream and mode == "async":
        pytest.skip("streams are read in test_exits; here their plain form stands for both")
    url = f"{stand_in.url}/scenario/{scenario}"
    assert not LLMInstrumentor().is_instrumented_by_opentelemetry
    bare = _outcome(sample, mode, url)
    seen = watch()
    assert _outcome(sample, mode, url) == bare
    span = seen.span()
    assert span.end_time is not None
    if bare[0] == "raised" and not sample.on_the_wire:
        assert span.status.status_code.name == "ERROR"


def test_what_was_readable_is_told(seen: Any, stand_in: Any) -> None:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/scenario/odd-choices/v1", api_key="sk-x", max_retries=0) as client:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "a b"}])
    attributes = seen.span().attributes
    assert attributes["gen_ai.response.id"] and attributes["gen_ai.usage.input_tokens"] == 2
    assert "gen_ai.response.finish_reasons" not in attributes
