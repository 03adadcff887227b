"""Compare the kinds of items that each SDK knows with those that dialects read.

Each SDK lists its items in unions or in the fields of a class. Every kind must leave a part with a text of its own, or
the digest of its file. A kind that a new release adds is part of the test without a change here.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.dialects import Arguments
from opentelemetry.instrumentation.llm.dialects.anthropic.messages import messages
from opentelemetry.instrumentation.llm.dialects.bedrock.converse import converse
from opentelemetry.instrumentation.llm.dialects.cohere import content as cohere_content
from opentelemetry.instrumentation.llm.dialects.google import content as google_content
from opentelemetry.instrumentation.llm.dialects.mistral import entries
from opentelemetry.instrumentation.llm.dialects.openai.chat_completions import chat_completions
from opentelemetry.instrumentation.llm.dialects.openai.responses import responses
from semconv.content import examine

CANARY = "canary"
Kinds = Iterator[tuple[str, dict[str, Any]]]
SEALED = {
    "reasoning_encrypted", "compaction", "compaction_trigger", "redacted_thinking", "redacted_reasoning", "item_reference",
    "program", "apply_patch_call_output", "program_output",
}  # fmt: skip
"""Kinds without a text that may be shown: ids, and data that is encrypted."""
NO_MESSAGE = {"cachePoint"}
AROUND = {"thought", "thought_signature", "video_metadata", "media_resolution", "part_metadata"}


def members(union: Any) -> Iterator[Any]:
    """Yield the classes of a union, nested and annotated unions included."""
    if typing.get_origin(union) is typing.Annotated:
        union = typing.get_args(union)[0]
    for member in typing.get_args(union) or (union,):
        if typing.get_args(member) and not isinstance(member, type):
            yield from members(member)
        else:
            yield member


def _names(kind: Any) -> list[str]:
    fields = getattr(kind, "model_fields", None)
    return list(typing.get_type_hints(kind) if fields is None else fields)


def _words(annotation: Any) -> Iterator[str]:
    for argument in typing.get_args(annotation):
        if isinstance(argument, str):
            yield argument
        else:
            yield from _words(argument)


def _type_of(kind: Any) -> str:
    fields = getattr(kind, "model_fields", None)
    annotation = typing.get_type_hints(kind).get("type") if fields is None else fields["type"].annotation if "type" in fields else None
    return next(_words(annotation), "")


def of_a_union(union: Any) -> Kinds:
    """Yield each kind with an item that has a text in every field."""
    for kind in members(union):
        word = _type_of(kind)
        if word:
            yield word, {name: f"{CANARY} {name}" for name in _names(kind) if name != "type"} | {"type": word}


def _openai_items() -> Kinds:
    from openai.types.responses.response_input_item import ResponseInputItem
    from openai.types.responses.response_output_item import ResponseOutputItem

    yield from of_a_union(ResponseOutputItem)
    yield from of_a_union(ResponseInputItem)


def _openai_parts() -> Kinds:
    from openai.types.chat.chat_completion_content_part_param import ChatCompletionContentPartParam
    from openai.types.responses.response_input_content import ResponseInputContent

    yield from of_a_union(ChatCompletionContentPartParam)
    yield from of_a_union(ResponseInputContent)


def _anthropic() -> Kinds:
    from anthropic.types import ContentBlock, ContentBlockParam

    yield from of_a_union(ContentBlock)
    yield from of_a_union(ContentBlockParam)


def _mistral() -> Kinds:
    from mistralai.client.models import ContentChunk

    yield from ((kind, item) for kind, item in of_a_union(ContentChunk) if kind != "UNKNOWN")


def _mistral_entries() -> Kinds:
    from mistralai.client import models

    for name in (
        "MessageInputEntry",
        "MessageOutputEntry",
        "FunctionCallEntry",
        "FunctionResultEntry",
        "ToolExecutionEntry",
        "AgentHandoffEntry",
    ):
        yield from of_a_union(getattr(models, name))


def _cohere() -> Kinds:
    from cohere import types

    yield from of_a_union(types.AssistantMessageResponseContentItem)
    yield from of_a_union(types.Content)


_OF_GOOGLE = ("name", "data", "code", "args", "value", "output", "response", "file_uri")


def _google() -> Kinds:
    from google.genai.types import Part

    for name in Part.model_fields:
        if name not in AROUND:
            yield (
                name,
                {name: f"{CANARY} text" if name == "text" else {inner: f"{CANARY} {inner}" for inner in _OF_GOOGLE}},
            )


def _bedrock() -> Kinds:
    import botocore.session

    shapes = botocore.session.get_session().get_service_model("bedrock-runtime")
    for name, shape in shapes.shape_for("ContentBlock").members.items():
        if name not in NO_MESSAGE:
            yield name, {name: _sample(shape, name)}


def _sample(shape: Any, name: str, depth: int = 0) -> Any:
    """Return a value of a shape of botocore; a union has its first member."""
    inner = getattr(shape, "members", None)
    if inner and depth < 6:
        chosen = dict(list(inner.items())[:1]) if getattr(shape, "is_tagged_union", False) else inner
        return {member: _sample(of_member, member, depth + 1) for member, of_member in chosen.items()}
    if shape.type_name == "list" and depth < 6:
        return [_sample(shape.member, name, depth + 1)]
    return f"{CANARY} {name}"


def _chat(content: Any) -> Any:
    return chat_completions.content(Arguments({"messages": [{"role": "user", "content": [content]}]})).input_messages


def _mistral_said(content: Any) -> Any:
    return entries.output({"outputs": [{"type": "message.output", "content": [content]}]})


SDKS: Mapping[str, tuple[str, Callable[[], Kinds], Callable[[Any], Any]]] = {
    "responses items": ("openai", _openai_items, lambda item: responses.output({"output": [item]})),
    "responses input": ("openai", _openai_items, lambda item: responses.content(Arguments({"input": [item]})).input_messages),
    "chat parts": ("openai", _openai_parts, _chat),
    "messages": ("anthropic", _anthropic, lambda item: messages.output({"content": [item]})),
    "mistral chunks": ("mistralai", _mistral, _mistral_said),
    "mistral entries": ("mistralai", _mistral_entries, lambda item: entries.output({"outputs": [item]})),
    "cohere": ("cohere", _cohere, lambda item: cohere_content.output({"message": {"role": "assistant", "content": [item]}})),
    "gemini": ("google.genai", _google, lambda item: google_content.candidates([{"content": {"parts": [item]}}])),
    "converse": ("botocore", _bedrock, lambda item: converse.output({"output": {"message": {"role": "assistant", "content": [item]}}})),
}


@pytest.mark.parametrize("name", SDKS)
def test_every_kind_of_an_sdk_leaves_a_part(name: str) -> None:
    module, kinds, read = SDKS[name]
    pytest.importorskip(module)
    lost, seen = [], 0
    for kind, item in kinds():
        seen += 1
        made = read(item)
        parts = [part for message in made or () for part in message["parts"]]
        shown = json.dumps(made)
        read_well = CANARY in shown or "sha256" in shown or kind in SEALED
        if not parts or not read_well or list(examine("here", "gen-ai-output-messages", "gen-ai-output-messages", made, on_event=True)):
            lost.append((kind, shown[:200]))
    assert lost == [] and seen >= 2


def test_a_planted_loss_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openai")
    read = SDKS["responses items"][2]
    planted = ("openai", _openai_items, lambda item: None if item["type"] == "mcp_call" else read(item))
    monkeypatch.setitem(SDKS, "responses items", planted)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="mcp_call"):
        test_every_kind_of_an_sdk_leaves_a_part("responses items")
