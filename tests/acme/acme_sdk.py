"""A small sample SDK of an invented provider, which needs no network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any


class QuotaExceeded(Exception):
    status_code = 429


def _answer(model: str, prompt: str) -> dict[str, Any]:
    if model == "acme-busy":
        raise QuotaExceeded(f"no more of {prompt!r} today")
    return {
        "model": f"{model}-2",
        "id": "a-1",
        "words": ["hello", "there"],
        "why": "finished",
        "tokens": {"in": len(prompt.split()), "out": 2},
    }


class Client:
    """Talk to Acme."""

    host = "api.acme.example"

    def ask(self, model: str, prompt: str, *, warmth: float | None = None) -> dict[str, Any]:
        return _answer(model, prompt)

    def ask_streaming(self, model: str, prompt: str) -> Iterator[dict[str, Any]]:
        answer = _answer(model, prompt)
        for word in answer["words"]:
            yield {"model": answer["model"], "word": word}
        yield {"why": answer["why"], "tokens": answer["tokens"]}


class AsyncClient:
    """Talk to Acme from coroutines."""

    host = "api.acme.example"

    async def ask(self, model: str, prompt: str, *, warmth: float | None = None) -> dict[str, Any]:
        return _answer(model, prompt)

    async def ask_streaming(self, model: str, prompt: str) -> AsyncIterator[dict[str, Any]]:
        answer = _answer(model, prompt)
        for word in answer["words"]:
            yield {"model": answer["model"], "word": word}
        yield {"why": answer["why"], "tokens": answer["tokens"]}
