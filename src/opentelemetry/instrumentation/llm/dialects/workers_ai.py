"""Read Cloudflare Workers AI: one route, whose body decides the operation."""

from __future__ import annotations

from typing import Any

from ..extraction.paths import as_float, as_sequence, as_str, get_path
from ..schema.records import Response
from . import Arguments, Dialect
from .openai import chat_completions

_EMBEDDINGS = ("bge-", "embedding")
_USAGE = (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"), ("total_tokens", "total_tokens"))


def operation(model: str, body: object) -> str:
    """Return the operation of a request, or an empty string for other tasks.

    >>> operation("@cf/meta/llama-3.1-8b-instruct", {"messages": []}), operation("@cf/baai/bge-m3", {"text": "a"})
    ('chat', 'embeddings')
    """
    if get_path(body, ("messages",)) is not None:
        return "chat"
    if get_path(body, ("text",)) is not None and any(part in model for part in _EMBEDDINGS):
        return "embeddings"
    return ""


def _response(answer: object) -> Response:
    result = Response()
    for name, field in _USAGE:
        # The SDK converts token counts to floats.
        count = as_float(get_path(answer, ("usage", field)))
        if count is not None and count >= 0 and count == int(count):
            setattr(result.usage, name, int(count))
    vectors = as_sequence(get_path(answer, ("data",)))
    result.dimensions = len(as_sequence(next(iter(vectors), None))) or None
    return result


def _output(answer: object) -> list[dict[str, Any]] | None:
    text = as_str(get_path(answer, ("response",)))
    return None if text is None else [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]


def _request(arguments: Arguments) -> Any:
    return chat_completions.request(arguments)


chat = Dialect("workers_ai", _request, _response, content=chat_completions.chat_completions.content, output=_output)
vectors = Dialect("workers_ai_embeddings", _request, _response)
