"""Test that contents are cut to a limit in bytes, with their structure."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opentelemetry.instrumentation.llm.handlers.content import as_json, shown
from opentelemetry.instrumentation.llm.handlers.cutting import Cutter, size_of
from opentelemetry.instrumentation.llm.schema.records import Content
from opentelemetry.instrumentation.llm.settings import Settings
from semconv.content import examine

TEXTS = st.one_of(
    st.text(max_size=40), st.text(min_size=1, max_size=4).map(lambda text: text * 400), st.text(st.characters(exclude_categories=()))
)
SCALARS = st.one_of(TEXTS, st.integers(), st.integers(-(2**80), 2**80), st.floats(), st.booleans(), st.none(), st.binary(max_size=9))
JSON = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=30), st.dictionaries(st.text(max_size=9), inner, max_size=20)), max_leaves=25
)
PARTS = st.one_of(
    TEXTS.map(lambda text: {"type": "text", "content": text}),
    JSON.map(lambda value: {"type": "tool_call", "name": "look_up", "id": "c1", "arguments": value}),
    JSON.map(lambda value: {"type": "tool_call_response", "id": "c1", "response": value}),
    JSON.map(lambda value: {"type": "unknown", "value": value}),
)
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
MESSAGES = st.lists(
    st.builds(lambda role, parts: {"role": role, "parts": parts, "finish_reason": "stop"}, ROLES, st.lists(PARTS, max_size=12)),
    min_size=1,
    max_size=20,
)
LIMITS = st.integers(0, 6000)
KINDS = ["messages", "choices", "parts", "tools", "documents", "json"]


def _bytes(value: Any) -> int:
    return len(as_json(value).encode("utf-8", "strict"))


@given(JSON, st.integers(1, 5000))
@settings(deadline=None, max_examples=60)
def test_the_size_is_that_of_the_json_text(value: Any, most: int) -> None:
    size, true = size_of(value, most), _bytes(Cutter().cut(value, 10**9))
    assert size == true or (size >= most and true >= most)


@given(st.one_of(MESSAGES, JSON), LIMITS, st.sampled_from(KINDS))
@settings(deadline=None, max_examples=120)
def test_a_cut_value_never_exceeds_the_limit(value: Any, limit: int, kind: str) -> None:
    cut = Cutter().cut(value, limit, kind)
    if cut is not None:
        assert _bytes(cut) <= limit
        json.loads(as_json(cut), parse_constant=pytest.fail)


@given(MESSAGES, st.integers(300, 6000))
@settings(deadline=None, max_examples=80)
def test_cut_messages_keep_the_last_and_the_schema(value: Any, limit: int) -> None:
    cut = Cutter().cut(value, limit, "messages")
    assert cut[-1]["role"] == value[-1]["role"]
    left_out = sum(part.get("messages", 0) for message in cut for part in message["parts"] if part["type"] == "omitted")
    assert len(cut) + left_out == len(value)
    assert list(examine("here", "gen-ai-input-messages", "gen-ai-input-messages", json.loads(as_json(cut)), on_event=True)) == []


@given(st.lists(st.text(max_size=9), min_size=1, max_size=12), JSON, st.integers(2500, 6000))
@settings(deadline=None, max_examples=60)
def test_one_large_structure_leaves_the_rest(texts: list[str], large: Any, limit: int) -> None:
    """Check a tool result of any shape, many times the limit, between texts."""
    value = [{"role": "user", "parts": [{"type": "text", "content": text}]} for text in texts]
    value.insert(
        len(value) // 2, {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": [large, *range(9000)]}]}
    )
    cut = Cutter().cut(value, limit, "messages")
    whole = [message for message in value if message["role"] == "user"]
    assert [message for message in json.loads(as_json(cut)) if message["role"] == "user"] == json.loads(as_json(Cutter().cut(whole, 10**9)))
    assert any(message["role"] == "tool" and message["parts"] for message in cut)


def _recorded(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def test_instructions_and_the_last_message_are_kept_first() -> None:
    value = [
        _recorded("system", "be brief"),
        *(_recorded("user", f"{number} " * 200) for number in range(50)),
        _recorded("user", "the question"),
    ]
    cut = Cutter().cut(value, 2000, "messages")
    assert cut[0] == value[0] and cut[-1] == value[-1]
    assert cut[1]["parts"][0] == {"type": "omitted", "messages": len(value) - len(cut)}
    assert cut[-2]["parts"][0]["content"].startswith("49 ")


def test_no_choice_of_a_response_is_left_out() -> None:
    value = [{**_recorded("assistant", "word " * 5000), "finish_reason": "stop"} for _ in range(12)]
    cut = Cutter().cut(value, 4000, "choices")
    assert len(cut) == 12 and all(message["finish_reason"] == "stop" and message["parts"] for message in cut)


def test_the_limit_counts_bytes_of_utf_8() -> None:
    content = Content(input_messages=[_recorded("user", "何" * 1000), _recorded("user", '\x00"\\' * 500)])
    made = shown(content, Settings(capture_message_content=("span",), max_content_bytes=2000))
    assert 1700 < _bytes(made["gen_ai.input.messages"]) <= 2000


def test_the_time_depends_on_the_limit_only() -> None:
    value = [_recorded("user", "x" * 100_000) for _ in range(20_000)] + [
        {"role": "user", "parts": [{"type": "odd", "deep": list(range(2_000_000))}]}
    ]
    began = time.perf_counter()
    Cutter().cut(value, 65_536, "messages")
    assert time.perf_counter() - began < 0.5


def test_a_secret_across_the_cut_is_removed_completely() -> None:
    secret = "sk-proj-" + "a1B2c3D4" * 6
    for before in range(0, 700, 7):
        content = Content(input_messages=[_recorded("user", "x " * before + secret + " y" * 2000)])
        made = shown(content, Settings(capture_message_content=("span",), max_content_bytes=1000))
        assert "a1B2c3" not in as_json(made), before
