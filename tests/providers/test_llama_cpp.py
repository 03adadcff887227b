"""Test llama-cpp-python with an untrained model of one layer, made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from semconv.checker import Scenario, check_spans

pytest.importorskip("llama_cpp")
gguf = pytest.importorskip("gguf")
np = pytest.importorskip("numpy")
pytestmark = pytest.mark.filterwarnings("ignore")
PROMPT, CHAT = "say three words", [{"role": "user", "content": "say three words"}]
MOST = 3
SIZE, HIDDEN, HEADS = 32, 64, 2
TEMPLATE = "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} {% endfor %}"
_UNKNOWN, _CONTROL, _BYTE, _NORMAL = 2, 3, 6, 1


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the model."""
    words = [(f"▁{word}", _NORMAL) for word in ("", *PROMPT.split())]
    tokens = [("<unk>", _UNKNOWN), ("<s>", _CONTROL), ("</s>", _CONTROL), *((f"<0x{n:02X}>", _BYTE) for n in range(256)), *words]
    place = tmp_path_factory.mktemp("models") / "tiny.gguf"
    file = gguf.GGUFWriter(str(place), "llama")
    file.add_context_length(256)
    file.add_embedding_length(SIZE)
    file.add_feed_forward_length(HIDDEN)
    file.add_block_count(1)
    file.add_head_count(HEADS)
    file.add_head_count_kv(HEADS)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_dimension_count(SIZE // HEADS)
    file.add_vocab_size(len(tokens))
    file.add_tokenizer_model("llama")
    file.add_token_list([piece for piece, _ in tokens])
    file.add_token_scores([0.0] * len(tokens))
    file.add_token_types([kind for _, kind in tokens])
    file.add_bos_token_id(1)
    file.add_eos_token_id(2)
    file.add_chat_template(TEMPLATE)
    random = np.random.default_rng(1)
    squares = {f"blk.0.attn_{name}": (SIZE, SIZE) for name in ("q", "k", "v", "output")}
    wide = {"token_embd": (len(tokens), SIZE), "output": (len(tokens), SIZE)}
    for name, shape in {
        **squares,
        **wide,
        "blk.0.ffn_gate": (HIDDEN, SIZE),
        "blk.0.ffn_up": (HIDDEN, SIZE),
        "blk.0.ffn_down": (SIZE, HIDDEN),
    }.items():
        file.add_tensor(f"{name}.weight", random.normal(size=shape).astype(np.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        file.add_tensor(f"{name}.weight", np.ones(SIZE, np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return place


@pytest.fixture
def llama(model: Path) -> Any:
    from llama_cpp import Llama

    return Llama(str(model), n_ctx=128, verbose=False)


CALLS: dict[str, tuple[str, Any]] = {
    "create_chat_completion": ("chat", lambda llama, **more: llama.create_chat_completion(CHAT, max_tokens=MOST, **more)),
    "create_completion": ("text_completion", lambda llama, **more: llama.create_completion(PROMPT, max_tokens=MOST, **more)),
    "__call__": ("text_completion", lambda llama, **more: llama(PROMPT, max_tokens=MOST, **more)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_one_span_with_its_token_counts(name: str, seen: Any, llama: Any, model: Path) -> None:
    operation, call = CALLS[name]
    response = call(llama)
    assert type(response) is dict and response["model"] == str(model)
    span = seen.span()
    counted = response["usage"]
    assert span.kind is SpanKind.INTERNAL and span.name == f"{operation} {model.name}"
    assert span.attributes["gen_ai.usage.input_tokens"] == counted["prompt_tokens"]
    assert span.attributes["gen_ai.usage.output_tokens"] == counted["completion_tokens"] > 0
    assert span.attributes["gen_ai.response.model"] == model.name and span.attributes["gen_ai.request.max_tokens"] == MOST
    assert str(model.parent) not in span.to_json() and "server.address" not in span.attributes
    assert check_spans([span], scenario=Scenario(absent=frozenset({"server.address"}))) == []


@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_a_stream_is_one_span_for_every_exit(name: str, leaves: bool, seen: Any, llama: Any, model: Path) -> None:
    operation, call = CALLS[name]
    stream = call(llama, stream=True)
    first = next(stream)
    stream.close() if leaves else list(stream)
    span = seen.span()
    assert span.name == f"{operation} {model.name}" and span.attributes["gen_ai.request.stream"]
    assert span.attributes["ex_llm.stream.end"] == ("closed_early" if leaves else "complete")
    assert span.attributes["gen_ai.response.id"] == first["id"] and span.attributes["gen_ai.response.model"] == model.name


def test_embeddings_report_their_size(seen: Any, model: Path) -> None:
    from llama_cpp import Llama

    response = Llama(str(model), n_ctx=128, verbose=False, embedding=True).create_embedding([PROMPT])
    attributes = seen.span().attributes
    assert attributes["gen_ai.operation.name"] == "embeddings"
    assert attributes["gen_ai.usage.input_tokens"] == response["usage"]["prompt_tokens"]


def test_contents_are_the_prompt_and_the_response(watch: Any, llama: Any) -> None:
    seen = watch(capture_message_content="span_only")
    response = llama.create_chat_completion(CHAT, max_tokens=MOST, temperature=0)
    requested, answered = (json.loads(seen.span().attributes[f"gen_ai.{side}.messages"]) for side in ("input", "output"))
    assert [part["content"] for message in requested for part in message["parts"]] == [PROMPT]
    assert [part["content"] for message in answered for part in message["parts"]] == [response["choices"][0]["message"]["content"]]


def test_an_error_of_the_sdk_is_recorded_and_raised(seen: Any, llama: Any) -> None:
    with pytest.raises(ValueError, match="exceed") as raised:
        llama.create_completion(PROMPT * 100)
    span = seen.span()
    assert span.status.status_code.name == "ERROR" and span.attributes["error.type"] == type(raised.value).__name__
