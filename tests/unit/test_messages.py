"""Test the messages dialect: requests, responses, streams and contents.

Contents must be valid by the schemas of the conventions.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.dialects import Arguments
from opentelemetry.instrumentation.llm.dialects.anthropic.messages import messages
from opentelemetry.instrumentation.llm.dialects.openai.prompt_completions import prompt_completions
from opentelemetry.instrumentation.llm.schema.records import Content, Response, Usage
from semconv.content import examine

PNG = base64.b64encode(b"\x89PNG\r\n" * 50).decode()
DIGEST = {"size": 300, "sha256": hashlib.sha256(base64.b64decode(PNG)).hexdigest()}
SEALED = "c2VhbGVk" * 4


def _valid(schema: str, value: Any) -> Any:
    assert list(examine("here", schema, schema, value, on_event=True)) == []
    assert PNG not in json.dumps(value) and SEALED not in json.dumps(value)
    return value


def _input(*blocks: Any, role: str = "user") -> list[dict[str, Any]]:
    content = messages.content(Arguments({"messages": [{"role": role, "content": list(blocks)}]}))
    (message,) = _valid("gen-ai-input-messages", content.input_messages)
    assert message["role"] == role
    parts: list[dict[str, Any]] = message["parts"]
    return parts


def _source(kind: str, **source: Any) -> dict[str, Any]:
    return {"type": kind, "source": source}


BLOCKS: list[tuple[Any, dict[str, Any]]] = [
    ({"type": "text", "text": "¿qué? 何", "citations": None}, {"type": "text", "content": "¿qué? 何"}),
    ({"type": "thinking", "thinking": "hm", "signature": SEALED}, {"type": "reasoning", "content": "hm"}),
    ({"type": "redacted_thinking", "data": SEALED}, {"type": "redacted_thinking"}),
    (
        {"type": "tool_use", "id": "t1", "name": "look_up", "input": {"q": [1]}},
        {"type": "tool_call", "id": "t1", "name": "look_up", "arguments": {"q": [1]}},
    ),
    ({"type": "tool_result", "tool_use_id": "t1", "content": "found"}, {"type": "tool_call_response", "id": "t1", "response": "found"}),
    (
        {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [{"type": "text", "text": "no"}]},
        {"type": "tool_call_response", "id": "t1", "response": [{"type": "text", "content": "no"}], "is_error": True},
    ),
    (
        _source("image", type="base64", media_type="image/png", data=PNG),
        {"type": "blob_digest", "modality": "image", "mime_type": "image/png", **DIGEST},
    ),
    (
        _source("document", type="base64", media_type="application/pdf", data=PNG),
        {"type": "blob_digest", "modality": "document", "mime_type": "application/pdf", **DIGEST},
    ),
    (
        _source("image", type="url", url="https://example.com/a.png?signature=" + SEALED),
        {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
    ),
    (_source("image", type="file", file_id="file_1"), {"type": "file", "modality": "image", "file_id": "file_1"}),
    (_source("document", type="text", media_type="text/plain", data="a page"), {"type": "text", "content": "a page"}),
    (
        _source("document", type="content", content=[{"type": "text", "text": "a page"}]),
        {"type": "document", "content": [{"type": "text", "content": "a page"}]},
    ),
    (
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
        {"type": "server_tool_call", "id": "s1", "name": "web_search", "server_tool_call": {"type": "web_search", "input": {"query": "q"}}},
    ),
    (
        {"type": "mcp_tool_use", "id": "m1", "name": "read", "server_name": "files", "input": {}},
        {"type": "server_tool_call", "id": "m1", "name": "read",
         "server_tool_call": {"type": "mcp_tool_use", "input": {}, "server_name": "files"}},
    ),
    (
        {"type": "web_search_tool_result", "tool_use_id": "s1",
         "content": [{"type": "web_search_result", "title": "T", "url": "https://e.example", "encrypted_content": SEALED}]},
        {"type": "server_tool_call_response", "id": "s1", "server_tool_call_response": {
            "type": "web_search_tool_result", "content": [{"type": "web_search_result", "title": "T", "url": "https://e.example"}]}},
    ),
    (
        {"type": "web_fetch_tool_result", "tool_use_id": "s2", "content": {
            "type": "web_fetch_result", "content": _source("document", type="base64", media_type="application/pdf", data=PNG)}},
        {"type": "server_tool_call_response", "id": "s2", "server_tool_call_response": {
            "type": "web_fetch_tool_result", "content": {"type": "web_fetch_result", "content": {
                "type": "blob_digest", "modality": "document", "mime_type": "application/pdf", **DIGEST}}}},
    ),
    ({"type": "compaction", "content": "in short", "encrypted_content": SEALED}, {"type": "compaction", "content": "in short"}),
    ({"type": "container_upload", "file_id": "file_2"}, {"type": "container_upload", "file_id": "file_2"}),
    ({"no": "type"}, {"type": "unknown", "no": "type"}),
    ("only text", {"type": "text", "content": "only text"}),
]  # fmt: skip


@pytest.mark.parametrize(("block", "part"), BLOCKS, ids=lambda value: value.get("type", "") if isinstance(value, dict) else "text")
def test_each_block_is_a_valid_part_of_the_schema(block: Any, part: dict[str, Any]) -> None:
    assert _input(block) == [part]


class _Block:
    """A block as an SDK stores it: declared fields, and additional fields."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


@pytest.mark.parametrize(("block", "part"), [row for row in BLOCKS if isinstance(row[0], dict)], ids=lambda value: value.get("type", ""))
def test_objects_of_an_sdk_are_read_like_json(block: dict[str, Any], part: dict[str, Any]) -> None:
    def made(value: Any) -> Any:
        if isinstance(value, list):
            return [made(item) for item in value]
        return _Block(**{key: made(item) for key, item in value.items()}) if isinstance(value, dict) else value

    assert _input(made(block)) == [part]


def test_system_and_tools_are_separate_from_messages() -> None:
    tools = [
        {"name": "look_up", "description": "Look it up.", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "mcp_toolset", "mcp_server_name": "files"},
        "no tool",
    ]
    read = messages.content(Arguments({"system": [{"type": "text", "text": "be brief"}], "messages": "odd", "tools": tools}))
    assert _valid("gen-ai-system-instructions", read.system_instructions) == [{"type": "text", "content": "be brief"}]
    assert _valid("gen-ai-tool-definitions", read.tool_definitions) == [
        {"type": "function", "name": "look_up", "description": "Look it up.", "parameters": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search"},
        {"type": "mcp_toolset", "name": "files"},
    ]
    assert read.input_messages is None


def test_one_shot_iterables_are_not_consumed() -> None:
    def once() -> Iterator[Any]:
        raise AssertionError("it was read")
        yield

    read = messages.content(Arguments({"system": once(), "messages": once(), "tools": once()}))
    assert read == Content()
    inner = messages.content(Arguments({"messages": [{"role": "user", "content": once()}]}))
    assert inner.input_messages == [{"role": "user", "parts": []}]


def _event(type_: str, **fields: Any) -> dict[str, Any]:
    return {"type": type_, **fields}


def _delta(index: int, **delta: Any) -> dict[str, Any]:
    return _event("content_block_delta", index=index, delta=delta)


BEGUN = {"input_tokens": 10, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 6, "output_tokens": 2,
         "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 5}, "service_tier": "standard"}  # fmt: skip
STREAM: list[dict[str, Any]] = [
    _event("message_start", message={"id": "msg_1", "model": "claude-1", "content": [], "stop_reason": None, "usage": BEGUN}),
    _event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
    _delta(0, type="thinking_delta", thinking="let me "),
    _event("ping"),
    _delta(0, type="thinking_delta", thinking="see"),
    _delta(0, type="signature_delta", signature=SEALED),
    _event("content_block_stop", index=0),
    _event("content_block_start", index=1, content_block={"type": "text", "text": "W"}),
    _delta(1, type="text_delta", text="ell"),
    _delta(1, type="citations_delta", citation={"cited_text": "x"}),
    _event("content_block_stop", index=1),
    _event("content_block_start", index=2, content_block={"type": "tool_use", "id": "t1", "name": "look_up", "input": {}}),
    _delta(2, type="input_json_delta", partial_json='{"q": '),
    _delta(2, type="input_json_delta", partial_json="[1]}"),
    _event("content_block_stop", index=2),
    _event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None},
           usage={"output_tokens": 30, "input_tokens": None, "output_tokens_details": {"thinking_tokens": 12}}),
    _event("message_stop"),
]  # fmt: skip
SPOKEN = [
    {"type": "reasoning", "content": "let me see"},
    {"type": "text", "content": "Well", "citations": [{"cited_text": "x"}]},
    {"type": "tool_call", "id": "t1", "name": "look_up", "arguments": {"q": [1]}},
]


def _read(events: list[dict[str, Any]], content: bool = True) -> Response:
    draft = Response(content=Content() if content else None)
    for event in events:
        messages.absorb(draft, event)
    messages.finish(draft)
    return draft


def test_a_stream_is_counted_and_joined() -> None:
    read = _read(STREAM)
    assert read.content is not None
    (recorded,) = _valid("gen-ai-output-messages", read.content.output_messages)
    assert recorded == {"role": "assistant", "parts": SPOKEN}
    assert (read.response_id, read.response_model, read.service_tier) == ("msg_1", "claude-1", "standard")
    assert read.finish_reasons == ["tool_call"]
    assert read.usage == Usage(
        input_tokens=20, output_tokens=30, cache_read_tokens=4, cache_write_tokens=6, cache_write_1h_tokens=5, reasoning_tokens=12
    )


def test_final_counts_win_if_present() -> None:
    counted = {"input_tokens": 100, "cache_read_input_tokens": 0, "output_tokens": 7, "server_tool_use": {"web_search_requests": 3}}
    read = _read([STREAM[0], _event("message_delta", delta={"stop_reason": "pause_turn"}, usage=counted)])
    assert (read.usage.input_tokens, read.usage.output_tokens, read.usage.cache_read_tokens, read.usage.web_searches) == (106, 7, 0, 3)
    assert read.finish_reasons == ["pause_turn"]


def test_nothing_is_joined_if_contents_are_off() -> None:
    read = _read(STREAM, content=False)
    assert read.content is None and "Well" not in repr(read.scratch and read.scratch["blocks"].message())


def test_a_truncated_stream_keeps_the_received_part() -> None:
    read = _read(STREAM[:13])
    assert read.content is not None and read.content.output_messages is not None
    assert read.content.output_messages[0]["parts"][2]["arguments"] == '{"q": '
    assert (read.usage.output_tokens, read.finish_reasons) == (2, ["error"])


def test_a_block_that_the_sdk_mutates_is_recorded_once() -> None:
    block = _Block(type="text", text="")
    draft = Response(content=Content())
    messages.absorb(draft, _event("content_block_start", index=0, content_block=block))
    messages.absorb(draft, _delta(0, type="text_delta", text="once"))
    block.text += "once"
    messages.finish(draft)
    assert draft.content is not None
    assert draft.content.output_messages == [{"role": "assistant", "parts": [{"type": "text", "content": "once"}]}]


def test_the_fallback_model_is_the_response_model() -> None:
    block = {"type": "fallback", "from": {"model": "claude-1"}, "to": {"model": "claude-2"}}
    assert _read([STREAM[0], _event("content_block_start", index=0, content_block=block)]).response_model == "claude-2"


@pytest.mark.parametrize("odd", [None, "text", 7, [], {"type": "message_start"}, {"type": "content_block_delta", "index": 9}])
def test_unknown_events_are_ignored(odd: Any) -> None:
    assert _read([odd]).usage == Usage()
    assert messages.response(odd).usage == Usage()


def test_a_whole_message_is_read_like_its_stream() -> None:
    blocks = [
        {"type": "thinking", "thinking": "let me see", "signature": SEALED},
        {"type": "text", "text": "Well", "citations": [{"cited_text": "x"}]},
        {"type": "tool_use", "id": "t1", "name": "look_up", "input": {"q": [1]}},
    ]
    response = {"id": "msg_1", "role": "assistant", "model": "claude-1", "stop_reason": "refusal", "content": blocks,
              "usage": {**BEGUN, "output_tokens": 30, "output_tokens_details": {"thinking_tokens": 12}}}  # fmt: skip
    assert _valid("gen-ai-output-messages", messages.output(response)) == [{"role": "assistant", "parts": SPOKEN}]
    read = messages.response(response)
    assert (read.usage, read.finish_reasons) == (_read(STREAM).usage, ["content_filter"])


def test_request_parameters_are_read() -> None:
    body = {
        "model": "claude-1", "max_tokens": 5, "temperature": 1, "top_k": 3, "stop_sequences": ["x"], "service_tier": "auto",
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    }  # fmt: skip
    read = messages.request(Arguments(body, streaming=True))
    assert (read.model, read.max_tokens, read.temperature, read.top_k, read.stop_sequences) == ("claude-1", 5, 1.0, 3, ["x"])
    assert (read.reasoning_level, read.output_type, read.requested_service_tier, read.stream) == ("low", "json", "auto", True)
    assert messages.request(Arguments({"output_format": {"type": "json_schema"}})).output_type == "json"
    assert messages.request(Arguments({"output_config": {"effort": "low"}})).output_type is None


def test_text_completions_are_read() -> None:
    requested = Arguments({"model": "claude-2.1", "prompt": "\n\nHuman: hi", "max_tokens_to_sample": 9})
    assert prompt_completions.request(requested).max_tokens == 9
    prompt = prompt_completions.content(requested).input_messages
    assert _valid("gen-ai-input-messages", prompt) == [{"role": "user", "parts": [{"type": "text", "content": "\n\nHuman: hi"}]}]
    draft = Response(content=Content())
    for piece, stop in (("Hel", None), ("lo", None), ("", "stop_sequence")):
        prompt_completions.absorb(draft, {"id": "c1", "model": "claude-2.1", "completion": piece, "stop_reason": stop})
    prompt_completions.finish(draft)
    assert draft.content is not None
    assert draft.content.output_messages == [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}]
    assert (draft.response_id, draft.finish_reasons) == ("c1", ["stop"])
    assert prompt_completions.output({"completion": "Hello"}) == draft.content.output_messages
