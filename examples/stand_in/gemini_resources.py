"""Gemini's embeddings, images, counts of tokens and batches."""

from __future__ import annotations

import json
import zlib
from typing import Any

from .exchange import Answer, Json, Request, Route, Whole
from .openai_media import PNG
from .words import count, texts_in


def _embedding(content: Json, size: Any) -> dict[str, Any]:
    seed = zlib.crc32(json.dumps(content).encode())
    return {"values": [((seed >> (index % 24)) % 256 - 128) / 128 for index in range(int(size or 8))]}


def _counted(texts: list[str]) -> dict[str, Any]:
    tokens = count(texts)
    return {"promptTokenCount": tokens, "totalTokenCount": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]}


def _texts(content: Json) -> list[str]:
    return texts_in(content.get("parts")) if isinstance(content, dict) else texts_in(content)


def _size(one: dict[str, Any]) -> Any:
    return one.get("outputDimensionality") or (one.get("embedContentConfig") or {}).get("outputDimensionality")


def embed(request: Request) -> Answer:
    """Answer POST /models/{model}:embedContent."""
    content = request.fields.get("content")
    return Whole({"embedding": _embedding(content, _size(request.fields)), "usageMetadata": _counted(_texts(content))})


def embed_batch(request: Request) -> Answer:
    """Answer POST /models/{model}:batchEmbedContents."""
    requested = [one for one in request.fields.get("requests") or [] if isinstance(one, dict)]
    texts = [text for one in requested for text in _texts(one.get("content"))]
    return Whole({"embeddings": [_embedding(one.get("content"), _size(one)) for one in requested], "usageMetadata": _counted(texts)})


def predict(request: Request) -> Answer:
    """Answer POST /models/{model}:predict.

    Instances with a content get embeddings, all others get images.
    """
    instances = [one for one in request.fields.get("instances") or [] if isinstance(one, dict)]
    settings = request.fields.get("parameters") or {}
    if instances and "content" in instances[0]:
        rows = [_predicted(str(one.get("content")), settings.get("outputDimensionality")) for one in instances]
        letters = sum(len(str(one.get("content"))) for one in instances)
        return Whole({"predictions": rows, "metadata": {"billableCharacterCount": letters}})
    picture = {"bytesBase64Encoded": PNG, "mimeType": "image/png"}
    return Whole({"predictions": [picture] * int(settings.get("sampleCount") or 1)})


def _predicted(content: str, size: Any) -> Json:
    statistics = {"token_count": count([content]), "truncated": False}
    return {"embeddings": {**_embedding(content, size), "statistics": statistics}}


def count_tokens(request: Request) -> Answer:
    """Answer POST /models/{model}:countTokens."""
    requested = request.fields.get("generateContentRequest") or request.fields
    tokens = count(text for one in requested.get("contents") or [] for text in _texts(one))
    return Whole({"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]})


def batch(request: Request) -> Answer:
    """Answer POST /models/{model}:batchGenerateContent and other batches."""
    name = request.new_id("batches/")
    about = {"name": name, "model": f"models/{request.model}", "state": "BATCH_STATE_PENDING", "createTime": "2026-01-01T00:00:00Z"}
    kind = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
    return Whole({"name": name, "metadata": {"@type": kind, **about}})


ROUTES = (
    Route("POST", "/models/{model}:embedContent", embed),
    Route("POST", "/models/{model}:batchEmbedContents", embed_batch),
    Route("POST", "/models/{model}:predict", predict),
    Route("POST", "/models/{model}:countTokens", count_tokens),
    Route("POST", "/models/{model}:batchGenerateContent", batch),
    Route("POST", "/models/{model}:asyncBatchEmbedContent", batch),
)
