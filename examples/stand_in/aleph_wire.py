"""Aleph Alpha's wire format.

Completions and vectors have their own structures; chats and embeddings are similar to OpenAI's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import openai_chat, openai_wire
from .exchange import Answer, Event, Format, Json, Request, Route, Stream, Usage, Whole
from .lookalikes_wire import rerank
from .openai_chat import vector
from .words import answer_text, count, pieces, response_model


def _texts(prompt: Json) -> list[str]:
    return [str(item.get("data")) for item in prompt or [] if isinstance(item, dict) and item.get("type") == "text"]


def complete(request: Request) -> Answer:
    """Answer POST /complete; a stream ends with summaries of each text and of all."""
    requested = _texts(request.fields.get("prompt"))
    limit, output = request.fields.get("maximum_tokens"), pieces(answer_text(request, " ".join(requested)))
    cut = isinstance(limit, int) and limit < len(output)
    output = output[:limit] if cut else output
    reason, model = "maximum_tokens" if cut else "end_of_text", response_model(request)
    counted = {"num_tokens_prompt_total": count(requested), "num_tokens_generated": len(output)}
    if not request.fields.get("stream"):
        return Whole({"model_version": model, "completions": [{"completion": "".join(output), "finish_reason": reason}], **counted})
    chunks = [Event({"type": "stream_chunk", "index": 0, "completion": piece}) for piece in output]
    end = {"type": "stream_summary", "index": 0, "model_version": model, "finish_reason": reason}
    return Stream([*chunks, Event(end), Event({"type": "completion_summary", **counted}), openai_chat.DONE])


def chat(request: Request) -> Answer:
    """Answer POST /chat/completions like OpenAI; each chunk has a content."""
    answer = openai_chat.chat(request)
    return Stream([replace(event, data=_with_content(event.data)) for event in answer.events]) if isinstance(answer, Stream) else answer


def _with_content(data: Json) -> Json:
    if not isinstance(data, dict):
        return data
    choices = [{**choice, "delta": {"content": "", **choice["delta"]}} for choice in data["choices"]]
    return {**data, "choices": choices}


def _embedded(request: Request, texts: list[str], **found: Any) -> Whole:
    return Whole({"model_version": response_model(request), "num_tokens_prompt_total": count(texts), **found})


def _vector(request: Request, text: str) -> list[float]:
    numbers: list[float] = vector(text, request.fields.get("compress_to_size") or 8)
    return numbers


def semantic(request: Request) -> Answer:
    """Answer POST /semantic_embed and /instructable_embed."""
    texts = _texts(request.fields.get("prompt") or request.fields.get("input"))
    return _embedded(request, texts, embedding=_vector(request, " ".join(texts)))


def batch(request: Request) -> Answer:
    """Answer POST /batch_semantic_embed."""
    texts = [" ".join(_texts(prompt)) for prompt in request.fields.get("prompts") or []]
    return _embedded(request, texts, embeddings=[_vector(request, text) for text in texts])


def layers(request: Request) -> Answer:
    """Answer POST /embed: a vector for each layer and pooling."""
    texts = _texts(request.fields.get("prompt"))
    vectors = {pooling: _vector(request, " ".join(texts)) for pooling in request.fields.get("pooling") or []}
    return _embedded(request, texts, embeddings={f"layer_{layer}": vectors for layer in request.fields.get("layers") or []}, tokens=None)


def usage(body: Json) -> Usage | None:
    """Read the tokens of a body or an event, at either place."""
    if isinstance(body, dict) and "num_tokens_prompt_total" in body:
        return body["num_tokens_prompt_total"], body.get("num_tokens_generated", 0)
    found: Usage | None = openai_wire.usage(body)
    return found


FORMAT: Format = replace(
    openai_wire.FORMAT,
    name="aleph",
    mount="/aleph",
    routes=(
        Route("POST", "/complete", complete),
        Route("POST", "/chat/completions", chat),
        Route("POST", "/embeddings", openai_chat.embeddings),
        Route("POST", "/semantic_embed", semantic),
        Route("POST", "/instructable_embed", semantic),
        Route("POST", "/batch_semantic_embed", batch),
        Route("POST", "/embed", layers),
        Route("POST", "/rerank", rerank),
    ),
    usage=usage,
    usages=("usage", "num_tokens_prompt_total", "num_tokens_generated"),
)
