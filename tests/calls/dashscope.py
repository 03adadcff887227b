"""Calls of dashscope, with class methods as functions and no client object.

It returns refused requests as responses.
"""

from __future__ import annotations

import importlib
from typing import Any

MODEL = "qwen-max"
SAY = [{"role": "user", "content": "say three words"}]
ORDERS = [{"role": "user", "content": "call the tool"}]
LOOK = [{"role": "user", "content": [{"text": "say three words"}]}]
TOOLS = [{
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}},
}]  # fmt: skip
CHAT: dict[str, Any] = {"model": MODEL, "messages": SAY, "result_format": "message"}
PIECES: dict[str, Any] = {"stream": True, "incremental_output": True}


class _Sdk:
    """Stand for the module, as a client that is closed."""

    def __init__(self, base_url: str) -> None:
        import dashscope
        from dashscope.rerank import text_rerank

        dashscope.api_key = "sk-none-at-all"
        dashscope.base_http_api_url = f"{base_url}/dashscope/api/v1"
        self._module = dashscope
        # The one class that the module does not export, in releases that have it.
        self.AioTextReRank = getattr(text_rerank, "AioTextReRank", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _closing(module: str, name: str) -> Any:
    """Return the function that closes shared connections; older releases share none."""
    try:
        return getattr(importlib.import_module(f"dashscope.api_entities.{module}"), name)
    except (ImportError, AttributeError):
        return None


class _Plain(_Sdk):
    def close(self) -> None:
        """Close the connections of plain requests."""
        close = _closing("http_request", "close_shared_sync_session")
        if close is not None:
            close()


class _Async(_Sdk):
    def __getattr__(self, name: str) -> Any:
        """Have no class whose asynchronous form the release does not have."""
        if not name.startswith("Aio") and getattr(self, f"Aio{name}", None) is None:
            raise AttributeError(name)
        return super().__getattr__(name)

    async def aclose(self) -> None:
        """Close the connections of asynchronous requests."""
        close = _closing("aio_session", "close_shared_aio_session")
        if close is not None:
            await close()


Row = tuple[str, str, bool, dict[str, Any]]
ROWS: list[Row] = [
    ("aigc.generation", "Generation", False, CHAT),
    ("aigc.generation", "Generation:text", False, {"model": MODEL, "prompt": "say three words"}),
    ("aigc.generation", "Generation", True, {**CHAT, **PIECES}),
    ("aigc.generation", "Generation:tools", True, {**CHAT, "messages": ORDERS, "tools": TOOLS, **PIECES}),
    ("aigc.multimodal_conversation", "MultiModalConversation", False, {"model": "qwen-vl-plus", "messages": LOOK}),
    ("aigc.multimodal_conversation", "MultiModalConversation", True, {"model": "qwen-vl-plus", "messages": LOOK, **PIECES}),
    ("embeddings.text_embedding", "TextEmbedding", False, {"model": "text-embedding-v4", "input": ["a b", "c"], "dimension": 64}),
    ("embeddings.multimodal_embedding", "MultiModalEmbedding", False, {"model": "multimodal-embedding-v1", "input": [{"text": "a b"}]}),
    ("rerank.text_rerank", "TextReRank", False, {"model": "gte-rerank", "query": "a b", "documents": ["a", "b"]}),
]
_NOT_ASYNC = ("TextEmbedding",)


def _sample(module: str, name: str, stream: bool, arguments: dict[str, Any]) -> dict[str, Any]:
    kind, _, variant = name.partition(":")
    return {
        "provider": "dashscope", "point": f"dashscope.{module}:{kind}.call", "stream": stream,
        "name": f"{kind}.call" + (f":{variant}" if variant else ""),
        "client": _Plain, "sync": lambda c: getattr(c, kind).call(**arguments),
        "async_client": None if kind in _NOT_ASYNC else _Async,
        "async": None if kind in _NOT_ASYNC else lambda c: getattr(c, f"Aio{kind}").call(**arguments),
        "absent": ("gen_ai.response.model",), "raises": False,
    }  # fmt: skip


SAMPLES: list[dict[str, Any]] = [_sample(*row) for row in ROWS]
