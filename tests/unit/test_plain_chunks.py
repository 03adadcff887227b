"""Test that a chunk with only a piece of a message changes no other field."""

from __future__ import annotations

from typing import Any

import pytest

from opentelemetry.instrumentation.llm.dialects.openai import chat_completions
from opentelemetry.instrumentation.llm.schema.records import Response

pytest.importorskip("openai")
from openai.types.chat import ChatCompletionChunk


def _chunk(reason: str | None = None, extra: dict[str, Any] | None = None, **fields: Any) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": reason, **(extra or {})}
    return ChatCompletionChunk.construct(
        **{"id": "c", "model": "m", "created": 1, "object": "chat.completion.chunk", "choices": [choice], **fields}
    )


def _draft() -> Response:
    draft = Response()
    for _ in range(3):
        chat_completions.absorb(draft, _chunk())
    return draft


_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


@pytest.mark.parametrize(
    ("chunk", "field", "value"),
    [
        (_chunk(service_tier="flex"), "service_tier", "flex"),
        (_chunk(error={"code": "overloaded"}), "failure", "overloaded"),
        (_chunk(x_groq={"error": {"code": "overloaded"}}), "failure", "overloaded"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fields_beside_a_late_piece_are_read(chunk: Any, field: str, value: str) -> None:
    draft = _draft()
    assert getattr(draft, field) is None
    chat_completions.absorb(draft, chunk)
    assert getattr(draft, field) == value


@pytest.mark.parametrize("place", [{"usage": _USAGE}, {"x_groq": {"usage": _USAGE}}], ids=["usage", "x_groq"])
def test_usage_beside_a_late_piece_is_read(place: dict[str, Any]) -> None:
    draft = _draft()
    chat_completions.absorb(draft, _chunk(**place))
    assert (draft.usage.input_tokens, draft.usage.output_tokens) == (1, 2)


@pytest.mark.parametrize("name", ["finish_reason", "stop_reason"])
def test_late_finish_reasons_are_read(name: str) -> None:
    draft = _draft()
    chat_completions.absorb(draft, _chunk(**({"reason": "stop"} if name == "finish_reason" else {"extra": {name: "stop"}})))
    chat_completions.absorb(draft, _chunk(service_tier="flex"))
    chat_completions.absorb(draft, _chunk())
    chat_completions.finish(draft)
    assert draft.finish_reasons == ["stop"] and draft.service_tier == "flex"
