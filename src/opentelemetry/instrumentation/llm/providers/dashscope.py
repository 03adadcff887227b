"""dashscope: Qwen and others at Alibaba. What it watches are functions of classes; refusals come back as answers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..calls.point import Point, Provider
from ..dialects import Arguments, Dialect
from ..dialects.dashscope import chat, embeddings, rerank
from ..dialects.reading import dig, text
from .generated import identify_as

_TASKS: Mapping[str, tuple[str, Dialect]] = {
    "aigc.generation:Generation": ("chat", chat),
    "aigc.generation:AioGeneration": ("chat", chat),
    "aigc.multimodal_conversation:MultiModalConversation": ("chat", chat),
    "aigc.multimodal_conversation:AioMultiModalConversation": ("chat", chat),
    "embeddings.text_embedding:TextEmbedding": ("embeddings", embeddings),
    "embeddings.multimodal_embedding:MultiModalEmbedding": ("embeddings", embeddings),
    "embeddings.multimodal_embedding:AioMultiModalEmbedding": ("embeddings", embeddings),
    "rerank.text_rerank:TextReRank": ("rerank", rerank),
    "rerank.text_rerank:AioTextReRank": ("rerank", rerank),
}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "Generation": ("model", "prompt", "history", "api_key", "messages"),
    "MultiModalConversation": ("model", "messages"),
    "TextEmbedding": ("model", "input"),
    "MultiModalEmbedding": ("model", "input"),
    "TextReRank": ("model", "query", "documents", "return_documents", "top_n"),
}


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the arguments of a class's function, and where its requests go, which is a setting of the module."""
    named = {**dict(zip(_NAMES[instance.__name__.removeprefix("Aio")], args, strict=False)), **kwargs}
    where = text(named.get("base_address")) or dig(sys.modules.get("dashscope"), ("base_http_api_url",))
    return Arguments(named, path=str(where), streaming=named.get("stream") is True)


DASHSCOPE = Provider(
    name="dashscope",
    requires="dashscope >= 1.20.14",
    points=tuple(Point(f"dashscope.{task}.call", operation, dialect) for task, (operation, dialect) in _TASKS.items()),
    read=read,
    identify=identify_as("dashscope"),
)
