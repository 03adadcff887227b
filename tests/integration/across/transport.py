"""A provider inside this process that lets other tasks and threads run."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
_ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini", "usage": _USAGE,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
}  # fmt: skip
_CHUNK = {
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini",
    "choices": [{"index": 0, "delta": {"content": "x"}}],
}  # fmt: skip
_STREAM = "".join(f"data: {json.dumps(_CHUNK)}\n\n" for _ in range(2)) + "data: [DONE]\n\n"
_VECTOR = {
    "object": "list", "model": "text-embedding-3-small", "usage": _USAGE,
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
}  # fmt: skip


def _answer(httpx: Any, request: Any) -> Any:
    if request.url.path.endswith("/embeddings"):
        return httpx.Response(200, json=_VECTOR)
    if json.loads(request.content).get("stream"):
        return httpx.Response(200, text=_STREAM, headers={"content-type": "text/event-stream"})
    return httpx.Response(200, json=_ANSWER)


def clients() -> tuple[Any, Any]:
    """Return a plain and an asynchronous client of that provider."""
    import openai

    # The newest release of the SDK has another HTTP library than the older ones.
    httpx = __import__("sys").modules[openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]

    def plain(request: Any) -> Any:
        time.sleep(0)
        return _answer(httpx, request)

    async def interleaved(request: Any) -> Any:
        await asyncio.sleep(0)
        return _answer(httpx, request)

    known = {"api_key": "sk-test", "base_url": "http://provider.test/v1", "max_retries": 0}
    return (
        openai.OpenAI(**known, http_client=httpx.Client(transport=httpx.MockTransport(plain))),  # type: ignore[arg-type]
        openai.AsyncOpenAI(**known, http_client=httpx.AsyncClient(transport=httpx.MockTransport(interleaved))),  # type: ignore[arg-type]
    )
