"""Requests of Bedrock InvokeModel, read by the shape of the body.

``invoke_model`` reads the responses. The table of the SDK uses ``operation`` to classify a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...extraction.paths import copy_fields, fields, get_path
from ...schema.records import Request
from .. import Arguments

_LARGEST = 4 * 1024 * 1024
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature", "textGenerationConfig.temperature", "inferenceConfig.temperature"),
    "top_p": ("top_p", "p", "topP", "textGenerationConfig.topP", "inferenceConfig.topP", "inferenceConfig.top_p"),
    "top_k": ("top_k", "k", "inferenceConfig.topK", "inferenceConfig.top_k"),
    "max_tokens": (
        "max_completion_tokens", "max_tokens", "max_tokens_to_sample", "maxTokens", "max_gen_len", "maxOutputTokens",
        "textGenerationConfig.maxTokenCount", "inferenceConfig.maxTokens", "inferenceConfig.max_new_tokens",
    ),
    "stop_sequences": (
        "stop_sequences", "stop", "stopSequences", "textGenerationConfig.stopSequences", "inferenceConfig.stopSequences",
    ),
    "frequency_penalty": ("frequency_penalty", "frequencyPenalty.scale"),
    "presence_penalty": ("presence_penalty", "presencePenalty.scale"),
    "seed": ("seed", "imageGenerationConfig.seed"),
    "choice_count": ("n", "num_generations", "numResults", "imageGenerationConfig.numberOfImages"),
    "reasoning_level": ("reasoning_effort", "output_config.effort", "reasoningConfig.maxReasoningEffort"),
    "dimensions": (
        "dimensions", "output_dimension", "embeddingConfig.outputEmbeddingLength", "singleEmbeddingParams.embeddingDimension",
    ),
    "encoding_formats": ("embedding_types", "embeddingTypes"),
}  # fmt: skip
_REQUEST = fields(
    Request,
    {
        "model": "modelId",
        "guardrail_id": "guardrailIdentifier",
        "requested_service_tier": "serviceTier",
        **{name: tuple(f"body.{way}" for way in ways) for name, ways in _PARAMETERS.items()},
    },
)
_FORMATS = (("body", "response_format", "type"), ("body", "output_config", "format", "type"))

_BY_MODEL = (
    ("embed", "embeddings"), ("rerank", "rerank"),
    ("stability.", "image_generation"), ("titan-image", "image_generation"), ("nova-canvas", "image_generation"),
)  # fmt: skip
_BY_BODY = (
    ("embeddings", ("texts", "embedding_types", "embeddingTypes", "singleEmbeddingParams", "embeddingConfig", "normalize")),
    ("rerank", ("query",)),
    ("chat", ("messages", "message", "inputPrompt")),
    ("image_generation", ("text_prompts", "imageGenerationConfig", "textToImageParams", "aspect_ratio", "output_format")),
    ("text_completion", ("prompt", "inputText")),
)


def parsed(body: object) -> Any:
    """Parse a JSON body; ``None`` for streams, long or invalid bodies."""
    if not isinstance(body, (str, bytes, bytearray)) or len(body) > _LARGEST:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def operation(model: object, body: object) -> str:
    """Return the operation: from the model name if not text, else from the body.

    >>> operation("amazon.titan-embed-text-v2:0", {"inputText": "a"}), operation("arn:aws:bedrock:...", {"prompt": "a"})
    ('embeddings', 'text_completion')
    """
    named = str(model)
    for word, what in _BY_MODEL:
        if word in named:
            return what
    keys = body if isinstance(body, Mapping) else ()
    return next((what for what, marks in _BY_BODY if any(mark in keys for mark in marks)), "chat")


def request(arguments: Arguments) -> Request:
    """Read the parameters of a request under all their known names."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    if any(str(get_path(arguments.named, path)).startswith("json") for path in _FORMATS):
        record.output_type = "json"
    return record


def image_request(arguments: Arguments) -> Request:
    """Read the parameters of an image request."""
    record = request(arguments)
    record.output_type = "image"
    return record
