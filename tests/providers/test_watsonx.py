"""Test watsonx: prompt lists, cumulative stream counts, parameter sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("ibm_watsonx_ai")
from calls import read

SAMPLE = next(sample for sample in read() if sample.provider == "watsonx")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    made = SAMPLE.client(stand_in.url)
    yield made
    made.close()


def _tokens(span: Any) -> tuple[int | None, int | None]:
    return span.attributes.get("gen_ai.usage.input_tokens"), span.attributes.get("gen_ai.usage.output_tokens")


def test_a_list_of_prompts_is_one_call_with_summed_tokens(seen: Any, client: Any, stand_in: Any) -> None:
    answers = client.model.generate(["say one", "say two words"])
    assert len(answers) == len(stand_in.journal) == 2
    assert _tokens(seen.span()) == tuple(map(sum, zip(*(record.usage for record in stand_in.journal), strict=True)))
    assert len(seen.span().attributes["gen_ai.response.finish_reasons"]) == len(answers)


def test_cumulative_stream_counts_are_counted_once(seen: Any, client: Any) -> None:
    chunks = list(client.model.generate_text_stream("say three words", raw_response=True))
    last = chunks[-1]["results"][0]
    assert _tokens(seen.span()) == (chunks[0]["results"][0]["input_token_count"], last["generated_token_count"])


@pytest.mark.parametrize("raw", [False, True])
def test_contents_of_a_stream_are_its_texts(raw: bool, watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_only")
    chunks = list(client.model.generate_text_stream("say three words", raw_response=raw))
    recorded = "".join(chunk["results"][0]["generated_text"] if raw else chunk for chunk in chunks)
    requested, answered = (json.loads(seen.span().attributes[f"gen_ai.{side}.messages"]) for side in ("input", "output"))
    assert [part["content"] for message in requested for part in message["parts"]] == ["say three words"]
    assert [part["content"] for message in answered for part in message["parts"]] == [recorded]


def test_parameters_come_from_the_call_or_the_model(seen: Any, client: Any) -> None:
    from ibm_watsonx_ai.foundation_models.schema import TextChatParameters

    requested = [{"role": "user", "content": "say it"}]
    client.model._inference.params = {"temperature": 0.3}
    client.model.chat(requested)
    client.model.chat(requested, params=TextChatParameters(temperature=0.7, seed=7))
    first, second = (span.attributes for span in seen.spans())
    assert first["gen_ai.request.temperature"] == 0.3
    assert (second["gen_ai.request.temperature"], second["gen_ai.request.seed"]) == (0.7, 7)
