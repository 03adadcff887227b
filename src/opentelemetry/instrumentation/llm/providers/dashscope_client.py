"""Instrument the client that release 2 of dashscope adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.call import Call
from ..calls.declaration import PatchPoint, Sdk
from ..calls.streams.reiterable import iterated, observe
from ..dialects import Arguments, Dialect
from ..dialects.dashscope import chat, embeddings, rerank
from ..wrapper import Patch, driven
from ._generated import identify_as


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the keyword arguments of a client method; chats may use another address."""
    config = instance._client.config
    where = config.protocol_base_url if "messages" in kwargs else config.base_url
    messages = kwargs.get("messages")
    named = {**kwargs, "prompt": messages, "messages": None} if isinstance(messages, str) else kwargs
    return Arguments(named, path=str(where), streaming=kwargs.get("stream") is True)


def _observe_stream(call: Call, result: object) -> bool:
    inner = getattr(result, "_inner", None)
    if inner is None:
        return False
    observe(inner, inner._response, call)
    return True


_OPERATIONS: Mapping[str, tuple[str, Dialect]] = {
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
        PatchPoint(f"{_V2}.resources.{module}:{kind}{name}.create", operation, dialect, open=_observe_stream)
        for resource, (operation, dialect) in _OPERATIONS.items()
        for module, _, name in (resource.partition(":"),)
        for kind in ("", "Async")
    ),
    read=read,
    identify=identify_as("dashscope"),
    patches=tuple(
        Patch("dashscope", f"{_V2}.transport.sse:{method}", driven(iterated)) for method in ("Stream.__iter__", "AsyncStream._iterate")
    ),
)
