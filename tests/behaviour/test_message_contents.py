"""Test that contents hold requests and responses, nothing lost or doubled."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm import attach, detach
from opentelemetry.instrumentation.llm.calls.contents import together
from opentelemetry.instrumentation.llm.dialects import Arguments
from opentelemetry.instrumentation.llm.dialects.bedrock.converse import converse
from opentelemetry.instrumentation.llm.dialects.openai.chat_completions import chat_completions
from opentelemetry.instrumentation.llm.dialects.openai.media import images
from opentelemetry.instrumentation.llm.dialects.openai.responses import request, responses
from opentelemetry.instrumentation.llm.schema.records import Content, Request, Response
from semconv.content import examine

PNG = base64.b64encode(b"\x89PNG" * 20).decode()
DIGEST = {"size": 80, "sha256": hashlib.sha256(b"\x89PNG" * 20).hexdigest()}


@pytest.fixture
def client(stand_in: Any) -> Iterator[Any]:
    import openai

    with openai.OpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-test-0123456789", max_retries=0) as made:
        yield made


def _output(*items: Any, **body: Any) -> Any:
    made = responses.output({"output": list(items), **body})
    assert list(examine("here", "gen-ai-output-messages", "gen-ai-output-messages", made, on_event=True)) == []
    return made


def _streamed(dialect: Any, chunks: list[Any]) -> Any:
    draft = Response(content=Content())
    for chunk in chunks:
        dialect.absorb(draft, chunk)
    dialect.finish(draft)
    assert draft.content is not None
    return draft.content.output_messages


def test_server_tools_of_responses_are_parts_with_results() -> None:
    ((message),) = _output(
        {"type": "web_search_call", "id": "ws1", "status": "completed", "action": {"type": "search", "query": "weather"}},
        {"type": "code_interpreter_call", "id": "ci1", "code": "1+1", "outputs": [{"type": "logs", "logs": "2"}]},
        {"type": "mcp_call", "id": "m1", "name": "roll", "server_label": "dice", "arguments": "{}", "output": "4"},
        {"type": "compaction", "id": "cmp1", "encrypted_content": "sealed"},
        {"type": "hologram", "depth": 3},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "done", "annotations": [{"type": "url_citation"}]}],
        },
    )
    kinds = [part["type"] for part in message["parts"]]
    call = "server_tool_call"
    assert kinds == [call, call, f"{call}_response", call, f"{call}_response", "compaction", "hologram", "text"]
    assert message["parts"][3]["name"] == "roll" and "sealed" not in json.dumps(message)
    assert message["parts"][-1] == {"type": "text", "content": "done", "citations": [{"type": "url_citation"}]}


def test_an_image_that_a_response_makes_is_a_digest() -> None:
    ((message),) = _output({"type": "image_generation_call", "id": "ig1", "status": "completed", "result": PNG, "output_format": "webp"})
    assert message["parts"][1] == {"type": "blob_digest", "modality": "image", "mime_type": "image/webp", **DIGEST}
    assert PNG not in json.dumps(message)
    ((picture),) = images.output({"data": [{"b64_json": PNG, "revised_prompt": "a red cat"}]}) or ()
    assert picture["parts"] == [
        {"type": "text", "content": "a red cat"},
        {"type": "blob_digest", "modality": "image", "mime_type": "image/png", **DIGEST},
    ]


def test_a_screenshot_is_a_part_of_the_tool_response() -> None:
    item = {
        "type": "computer_call_output",
        "call_id": "c1",
        "output": {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{PNG}"},
    }
    (message,) = responses.content(Arguments({"input": [item]})).input_messages or ()
    assert message["parts"][0]["response"] == [{"type": "blob_digest", "modality": "image", "mime_type": "image/png", **DIGEST}]


def test_a_compacted_conversation_keeps_the_role_of_each_item() -> None:
    body = {
        "object": "response.compaction", "id": "r1",
        "output": [{"type": "message", "role": "user", "content": "the question"}, {"type": "compaction", "id": "cmp1", "encrypted_content": "x"}],
    }  # fmt: skip
    assert [message["role"] for message in responses.output(body) or ()] == ["user", "assistant"]
    assert responses.response(body).finish_reasons == ["compaction"]


def test_a_prompt_template_and_spoken_output_are_attributes() -> None:
    requested = request(Arguments({"prompt": {"id": "pmpt_1", "version": "3", "variables": {"city": "Osaka"}}}))
    assert (requested.prompt_name, requested.prompt_version) == ("pmpt_1", "3")
    assert chat_completions.request(Arguments({"modalities": ["text", "audio"]})).output_type == "speech"


def test_text_beside_a_delta_is_not_doubled() -> None:
    chunks = [{"choices": [{"index": 0, "text": word, "delta": {"content": word}}]} for word in ("Sure", ", here", "'s")]
    assert _streamed(chat_completions, chunks) == [{"role": "assistant", "parts": [{"type": "text", "content": "Sure, here's"}]}]
    legacy = [{"choices": [{"index": 0, "text": word}]} for word in ("a", "b")]
    assert _streamed(chat_completions, legacy)[0]["parts"][0]["content"] == "ab"


def test_an_audio_answer_has_its_transcript_and_a_digest() -> None:
    whole = {"choices": [{"message": {"role": "assistant", "content": None, "audio": {"id": "a1", "data": PNG, "transcript": "hello"}}}]}
    parts = [{"type": "text", "content": "hello"}, {"type": "blob_digest", "modality": "audio", **DIGEST}]
    assert chat_completions.output(whole) == [{"role": "assistant", "parts": parts}]
    pieces = [
        {"audio": {"id": "a1"}},
        {"audio": {"transcript": "hel"}},
        {"audio": {"transcript": "lo"}},
        {"audio": {"data": PNG[:40]}},
        {"audio": {"data": PNG[40:]}},
    ]
    assert _streamed(chat_completions, [{"choices": [{"index": 0, "delta": piece}]} for piece in pieces])[0]["parts"] == parts


def test_a_pdf_in_a_data_url_is_read_with_its_type() -> None:
    file = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PNG}"}}
    bare = {"type": "file", "file": {"filename": "b.pdf", "file_data": PNG}}
    content = chat_completions.content(Arguments({"messages": [{"role": "user", "content": [file, bare]}]}))
    assert content.input_messages is not None
    digest = {"type": "blob_digest", "modality": "document", "mime_type": "application/pdf", **DIGEST}
    assert content.input_messages[0]["parts"] == [{**digest, "name": "a.pdf"}, {**digest, "name": "b.pdf"}]


def test_an_empty_function_call_is_no_part_and_an_unknown_part_is() -> None:
    content = chat_completions.content(
        Arguments({"messages": [
            {"role": "assistant", "content": "hi", "function_call": {"name": "", "arguments": ""}},
            {"role": "user", "content": [{"type": "hologram", "depth": 3}]},
        ]})
    )  # fmt: skip
    assert [message["parts"] for message in content.input_messages or ()] == [
        [{"type": "text", "content": "hi"}],
        [{"type": "hologram", "depth": 3}],
    ]


def test_one_kind_of_digest_describes_the_bytes() -> None:
    block = {"image": {"format": "png", "source": {"bytes": b"\x89PNG" * 20}}}
    content = converse.content(Arguments({"messages": [{"role": "user", "content": [block]}]}))
    assert (content.input_messages or [])[0]["parts"] == [{"type": "blob_digest", "modality": "image", "mime_type": "image/png", **DIGEST}]


def test_a_cut_responses_stream_keeps_what_came() -> None:
    events = [
        {"type": "response.created", "response": {"id": "r1", "status": "in_progress", "output": []}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hel"},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "lo"},
        {"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "name": "look_up", "call_id": "c1"}},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"q": 1}'},
    ]
    (message,) = _streamed(responses, events)
    assert message["parts"] == [
        {"type": "text", "content": "Hello"},
        {"type": "tool_call", "name": "look_up", "id": "c1", "arguments": {"q": 1}},
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_each_output_message_has_its_finish_reason(stream: bool, watch: Any, client: Any) -> None:
    seen = watch(capture_message_content="span_and_event")
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}], stream=stream)
    if stream:
        list(answer)
    (message,) = json.loads(seen.span().attributes["gen_ai.output.messages"])
    assert message["finish_reason"] == "stop"
    choices = [{"role": "assistant", "parts": []} for _ in range(2)]
    whole = together(Request(), Response(content=Content(output_messages=choices), finish_reasons=["stop", "length"]))
    assert [message["finish_reason"] for message in whole.output_messages or ()] == ["stop", "length"]


def test_an_answer_with_tokens_and_no_part_is_an_extraction_error(watch: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watch(capture_message_content="span_only")
    found: list[Any] = []
    attach("errors", "ex_llm.telemetry.extraction_error", lambda event, measurements, metadata, config: found.append(metadata))
    try:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
        assert found == []
        monkeypatch.setattr("opentelemetry.instrumentation.llm.calls.call.Content", lambda output_messages=None: Content())
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
    finally:
        detach("errors")
    assert [metadata["kind"] for metadata in found] == ["NoOutput"]


def test_a_failed_call_has_the_finish_reason_error(watch: Any, stand_in: Any) -> None:
    import openai

    seen = watch()
    with (
        openai.OpenAI(base_url=f"{stand_in.url}/scenario/error-429/v1", api_key="k", max_retries=0) as client,
        pytest.raises(openai.RateLimitError),
    ):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
    assert seen.span().attributes["gen_ai.response.finish_reasons"] == ("error",)
