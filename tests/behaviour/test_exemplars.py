"""Test that exemplars of a histogram lead to the span of the call.

Also for a stream that is read outside any span.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

MESSAGES: list[Any] = [{"role": "user", "content": "say three words"}]
HISTOGRAMS = ("ex_llm.chat.duration.milliseconds", "gen_ai.client.inference.duration")


@pytest.fixture
def client(stand_in: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test", max_retries=0) as made:
        yield made


@pytest.mark.parametrize("stream", [False, True])
def test_exemplars_show_the_span_of_the_call(stream: bool, seen: Any, client: openai.OpenAI) -> None:
    response = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=stream)
    if stream:
        list(response)
    span, metrics = seen.span(), seen.metrics()
    streamed = ("gen_ai.client.inference.time_per_output_chunk", "ex_llm.stream.duration.milliseconds") if stream else ()
    for name in (*HISTOGRAMS, *streamed):
        (point,) = metrics[name]
        assert point.exemplars, name
        assert {(e.trace_id, e.span_id) for e in point.exemplars} == {(span.context.trace_id, span.context.span_id)}, name
