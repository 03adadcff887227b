"""Instrument dashscope: Qwen and other models at Alibaba.

Functions of classes return refusals as results; release 2 adds a client.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..calls.call import Call
from ..calls.declaration import PatchPoint, Sdk
from ..calls.streams.reiterable import iterated, observe
from ..dialects import Arguments, Dialect
from ..dialects.dashscope import chat, embeddings, rerank
from ..extraction.paths import as_str, get_path
from ..wrapper import Patch, driven
from ._generated import identify_as

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
    """Read the arguments of a class function, and the address of the module."""
    named = {**dict(zip(_NAMES[instance.__name__.removeprefix("Aio")], args, strict=False)), **kwargs}
    where = as_str(named.get("base_address")) or get_path(sys.modules.get("dashscope"), ("base_http_api_url",))
    return Arguments(named, path=str(where), streaming=named.get("stream") is True)


DASHSCOPE = Sdk(
    name="dashscope",
    requires="dashscope >= 1.20.14",
    points=tuple(PatchPoint(f"dashscope.{task}.call", operation, dialect) for task, (operation, dialect) in _TASKS.items()),
    read=read,
    identify=identify_as("dashscope"),
    releases={
        "*:AioMultiModalConversation.*": "dashscope >= 1.24.3",
        "*:AioMultiModalEmbedding.*": "dashscope >= 1.24.5",
        "*:AioTextReRank.*": "dashscope >= 1.25.22",
    },
)


def read_client(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the keyword arguments of a client method; chats may use another address."""
    config = instance._client.config
    where = config.protocol_base_url if "messages" in kwargs else config.base_url
    messages = kwargs.get("messages")
    named = {**kwargs, "prompt": messages, "messages": None} if isinstance(messages, str) else kwargs
    return Arguments(named, path=str(where), streaming=kwargs.get("stream") is True)


def _seen_through(call: Call, result: Any) -> bool:
    inner = getattr(result, "_inner", None)
    if inner is None:
        return False
    observe(inner, inner._response, call)
    return True


_RESOURCES: Mapping[str, tuple[str, Dialect]] = {
    "chat.completions:Completions": ("chat", chat),
    "multimodal.chat:MultimodalChat": ("chat", chat),
    "embeddings:Embeddings": ("embeddings", embeddings),
    "multimodal.embeddings:MultimodalEmbeddings": ("embeddings", embeddings),
    "rerank:Rerank": ("rerank", rerank),
}
_V2 = "dashscope.v2"

DASHSCOPE_CLIENT = Sdk(
    name="dashscope_client",
    requires="dashscope >= 2.0.1",
    points=tuple(
        PatchPoint(f"{_V2}.resources.{module}:{kind}{name}.create", operation, dialect, open=_seen_through)
        for resource, (operation, dialect) in _RESOURCES.items()
        for module, _, name in (resource.partition(":"),)
        for kind in ("", "Async")
    ),
    read=read_client,
    identify=identify_as("dashscope"),
    patches=tuple(
        Patch("dashscope", f"{_V2}.transport.sse:{method}", driven(iterated)) for method in ("Stream.__iter__", "AsyncStream._iterate")
    ),
)
