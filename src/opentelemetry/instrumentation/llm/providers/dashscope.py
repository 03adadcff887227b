"""Instrument dashscope: Qwen and other models at Alibaba.

Functions of classes return refusals as results.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.dashscope import chat, embeddings, rerank
from ..extraction.arguments import by_name
from ..extraction.paths import as_str, get_path
from ._generated import identify_as

_OPERATIONS: Mapping[str, tuple[str, Dialect]] = {
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
    """Read the arguments of a class function, and the address of the module."""
    named = by_name(_NAMES[instance.__name__.removeprefix("Aio")], args, kwargs)
    where = as_str(named.get("base_address")) or get_path(sys.modules.get("dashscope"), ("base_http_api_url",))
    return Arguments(named, path=str(where), streaming=named.get("stream") is True)


DASHSCOPE = Sdk(
    name="dashscope",
    requires="dashscope >= 1.20.14",
    points=tuple(PatchPoint(f"dashscope.{task}.call", operation, dialect) for task, (operation, dialect) in _OPERATIONS.items()),
    read=read,
    identify=identify_as("dashscope"),
    releases={
        "*:AioMultiModalConversation.*": "dashscope >= 1.24.3",
        "*:AioMultiModalEmbedding.*": "dashscope >= 1.24.5",
        "*:AioTextReRank.*": "dashscope >= 1.25.22",
    },
)
