"""Calls of the client that dashscope has since release 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dashscope import MODEL, ORDERS, SAY, TOOLS

NEEDS = "dashscope.v2"
LOOK = [{"role": "user", "content": [{"type": "text", "text": "say three words"}]}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": SAY}


def _client(name: str) -> Callable[[str], Any]:
    def client(base_url: str) -> Any:
        import dashscope

        return getattr(dashscope, name)(api_key="sk-none-at-all", base_url=f"{base_url}/dashscope/api/v1", workspace="space", max_retries=0)

    return client


Row = tuple[str, str, str, bool, dict[str, Any]]
ROWS: list[Row] = [
    ("chat.completions", "Completions", "chat.completions", False, CHAT),
    ("chat.completions", "Completions", "chat.completions", True, {**CHAT, "stream": True}),
    ("chat.completions", "Completions", "chat.completions:tools", True, {**CHAT, "messages": ORDERS, "tools": TOOLS, "stream": True}),
    ("chat.completions", "Completions", "chat.completions:text", False, {"model": MODEL, "messages": "say three words"}),
    ("multimodal.chat", "MultimodalChat", "multimodal.chat", False, {"model": "qwen-vl-plus", "messages": LOOK}),
    ("multimodal.chat", "MultimodalChat", "multimodal.chat", True, {"model": "qwen-vl-plus", "messages": LOOK, "stream": True}),
    ("embeddings", "Embeddings", "embeddings", False, {"model": "text-embedding-v4", "input": ["a b", "c"], "dimension": 64}),
    ("multimodal.embeddings", "MultimodalEmbeddings", "multimodal.embeddings", False,
     {"model": "multimodal-embedding-v1", "input": [{"text": "a b"}]}),
    ("rerank", "Rerank", "rerank", False, {"model": "gte-rerank", "query": "a b", "documents": ["a", "b"]}),
]  # fmt: skip


def _sample(module: str, kind: str, resource: str, stream: bool, arguments: dict[str, Any]) -> dict[str, Any]:
    place, _, variant = resource.partition(":")

    def call(client: Any) -> Any:
        for name in place.split("."):
            client = getattr(client, name)
        return client.create(**arguments)

    return {
        "provider": "dashscope_client", "point": f"dashscope.v2.resources.{module}:{kind}.create", "stream": stream,
        "name": f"{place}.create" + (f":{variant}" if variant else ""),
        "client": CLIENT, "sync": call, "async_client": ASYNC_CLIENT, "async": call, "absent": ("gen_ai.response.model",),
    }  # fmt: skip


CLIENT, ASYNC_CLIENT = _client("Client"), _client("AsyncClient")
SAMPLES: list[dict[str, Any]] = [_sample(*row) for row in ROWS]
