"""Test models in the process: no server and no attempts.

Spans have a kind of their own, and token counts exclude padding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from semconv.checker import Scenario, check_spans

pytest.importorskip("transformers")
pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")
PROMPT, CHAT = "say three words", [{"role": "user", "content": "say three words"}]
TEMPLATE = "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} {% endfor %}"
ASKED: dict[str, Any] = {"do_sample": False, "min_new_tokens": 5, "max_new_tokens": 5}
ABSENT = frozenset({"gen_ai.response.id", "gen_ai.response.model", "gen_ai.response.finish_reasons", "server.address"})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an untrained model of one layer and a tokenizer of a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<unk>", "<s>", "</s>", *PROMPT.split(), "user", *(f"w{number}" for number in range(57))]
    tokens = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    named = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, **named)
    tokenizer.chat_template = TEMPLATE
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )  # fmt: skip
    place = tmp_path_factory.mktemp("models") / "tiny"
    LlamaForCausalLM(config).save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


@pytest.fixture
def pipe(model: Path) -> Any:
    from transformers import pipeline

    return pipeline("text-generation", model=str(model), device="cpu")


def _tokens(span: Any) -> tuple[int | None, int | None]:
    return span.attributes.get("gen_ai.usage.input_tokens"), span.attributes.get("gen_ai.usage.output_tokens")


@pytest.mark.parametrize(("prompt", "operation"), [(PROMPT, "text_completion"), (CHAT, "chat")])
def test_a_call_is_one_internal_span(prompt: Any, operation: str, seen: Any, pipe: Any) -> None:
    response = pipe(prompt, **ASKED)
    assert type(response) is list
    span = seen.span()
    words = len(PROMPT.split()) + (prompt is CHAT)
    assert span.kind is SpanKind.INTERNAL and span.name == f"{operation} tiny"
    assert (
        _tokens(span) == (words, ASKED["max_new_tokens"])
        and "server.address" not in span.attributes
        and not span.attributes.get("in_process")
    )
    assert span.attributes["gen_ai.request.max_tokens"] == ASKED["max_new_tokens"]
    assert check_spans([span], scenario=Scenario(absent=ABSENT)) == []


def test_a_list_of_prompts_is_one_call_with_summed_tokens(seen: Any, pipe: Any) -> None:
    pipe([PROMPT, f"{PROMPT} say"], **ASKED)
    assert _tokens(seen.span()) == (len(PROMPT.split()) * 2 + 1, ASKED["max_new_tokens"] * 2)


def test_each_batch_is_a_call_and_padding_is_not_counted(seen: Any, pipe: Any) -> None:
    pipe([PROMPT, f"{PROMPT} say", PROMPT], **ASKED, batch_size=2)
    assert [_tokens(span) for span in seen.spans()] == [(None, None), (len(PROMPT.split()), ASKED["max_new_tokens"])]


def test_prompts_of_a_generator_are_read_one_at_a_time(seen: Any, pipe: Any) -> None:
    taken = []

    def prompts() -> Any:
        for prompt in (PROMPT, PROMPT):
            taken.append(prompt)
            yield prompt

    answers = pipe(prompts(), **ASKED)
    assert len(seen.spans()) < 2
    assert len(list(answers)) == len(taken) == 2
    assert [_tokens(span) for span in seen.spans()] == [(len(PROMPT.split()), ASKED["max_new_tokens"])] * 2


@pytest.mark.parametrize("prompt", [PROMPT, CHAT])
def test_contents_are_the_prompt_and_the_response(prompt: Any, watch: Any, pipe: Any) -> None:
    seen = watch(capture_message_content="span_only")
    (record,) = pipe(prompt, **ASKED, return_full_text=prompt is CHAT)
    recorded = record["generated_text"][-1]["content"] if prompt is CHAT else record["generated_text"]
    requested, answered = (json.loads(seen.span().attributes[f"gen_ai.{side}.messages"]) for side in ("input", "output"))
    assert [(m["role"], [part["content"] for part in m["parts"]]) for m in requested] == [("user", [PROMPT])]
    assert [(m["role"], [part["content"] for part in m["parts"]]) for m in answered] == [("assistant", [recorded])]


def test_an_error_of_the_pipeline_is_unchanged(seen: Any, pipe: Any) -> None:
    with pytest.raises(ValueError, match="nonsense") as raised:
        pipe(PROMPT, nonsense=1)
    span = seen.span()
    assert span.status.status_code.name == "ERROR" and span.attributes["error.type"] == type(raised.value).__name__
