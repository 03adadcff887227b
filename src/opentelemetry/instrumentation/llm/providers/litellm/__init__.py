"""Instrument litellm: one function for a hundred providers.

The patch is below LiteLLM's decorator, which reads caches and retries. The function inside the decorator is used by
all references to it, including older references.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...calls.declaration import PatchPoint, Sdk
from ...calls.streams import class_iterator
from ...dialects import Dialect
from ...dialects.litellm.operations import (
    lite_chat,
    lite_embeddings,
    lite_images,
    lite_messages,
    lite_moderation,
    lite_rerank,
    lite_responses,
    lite_speech,
    lite_text,
    lite_transcription,
)
from ...wrapper import Patch, driven
from .destination import ROUTE, identify, read
from .late_price import observe, price_stored
from .native import NATIVE

_MODEL_FIRST, _PROMPT_FIRST = ("model",), ("prompt", "model")
_Row = tuple[str, Dialect, tuple[str, ...]]
_IMAGES: _Row = ("image_generation", lite_images, _PROMPT_FIRST)
_FUNCTIONS: Mapping[str, Mapping[str, _Row]] = {
    "litellm.main": {
        "completion": ("chat", lite_chat, ("model", "messages", "timeout", "temperature", "top_p", "n", "stream")),
        "text_completion": ("text_completion", lite_text, _PROMPT_FIRST),
        "embedding": ("embeddings", lite_embeddings, ("model", "input", "dimensions", "encoding_format")),
        "transcription": ("transcription", lite_transcription, ("model", "file")),
        "speech": ("speech", lite_speech, ("model", "input", "voice")),
        "moderation": ("moderation", lite_moderation, ("input", "model")),
        "image_generation": _IMAGES,
    },
    "litellm.images.main": {
        "image_generation": _IMAGES,
        "image_edit": ("image_generation", lite_images, ("image", "prompt", "model")),
    },
    "litellm.rerank_api.main": {"rerank": ("rerank", lite_rerank, ("model", "query", "documents"))},
    "litellm.responses.main": {"responses": ("chat", lite_responses, ("input", "model"))},
}
_MESSAGES: _Row = ("chat", lite_messages, ("max_tokens", "messages", "model"))
_UNDECORATED = (("", "moderation"),)
"""A function without a decorator to look into; it uses the openai SDK."""
_OPERATIONS: Mapping[str, _Row] = {
    **{
        f"{module}:{a}{name}": row
        for module, rows in _FUNCTIONS.items()
        for name, row in rows.items()
        for a in ("", "a")
        if (a, name) not in _UNDECORATED
    },
    "litellm.llms.anthropic.messages.native.handler:anthropic_messages": _MESSAGES,
    "litellm.llms.anthropic.experimental_pass_through.messages.handler:anthropic_messages": _MESSAGES,
}
_STREAMS = (
    "litellm.litellm_core_utils.streaming_handler:CustomStreamWrapper",
    "litellm.utils:TextCompletionStreamWrapper",
    "litellm.text_completions.streaming_iterator:TextCompletionStreamWrapper",
    "litellm.responses.streaming_iterator:ResponsesAPIStreamingIterator",
    "litellm.responses.streaming_iterator:SyncResponsesAPIStreamingIterator",
    "litellm.responses.streaming_iterator:MockResponsesAPIStreamingIterator",
    "litellm.responses.litellm_completion_transformation.streaming_iterator:LiteLLMCompletionStreamingIterator",
    "litellm.llms.anthropic.messages.native.streaming_iterator:AnthropicMessagesStreamingResponse",
    "litellm.llms.anthropic.messages.native.fake_stream_iterator:FakeAnthropicMessagesStreamIterator",
    "litellm.llms.anthropic.messages.adapters.streaming_iterator:AnthropicSSEStream",
    "litellm.llms.anthropic.messages.responses_adapters.streaming_iterator:AnthropicResponsesSSEByteStream",
)
_METHODS = dict.fromkeys(class_iterator.STEPS, class_iterator.step) | dict.fromkeys(class_iterator.CLOSES, class_iterator.close)

_METADATA = "litellm.litellm_core_utils.llm_response_utils.response_metadata"

LITELLM = Sdk(
    name="litellm",
    requires="litellm >= 1.61",
    points=tuple(
        PatchPoint(f"{target}@original_function", operation, dialect, f"POST {ROUTE}", open=observe, names=names)
        for target, (operation, dialect, names) in _OPERATIONS.items()
    ),
    read=read,
    identify=identify,
    releases={
        "litellm.main:*image*": "litellm >= 1.61, < 1.70.4",
        "litellm.images.main:*": "litellm >= 1.70.4",
        "litellm.responses.main:*": "litellm >= 1.63.8",
        "litellm.llms.anthropic.messages.*": "litellm >= 1.109",
        "litellm.llms.anthropic.experimental_pass_through.*": "litellm >= 1.63.2, < 1.109",
    },
    patches=(
        *(Patch("litellm", f"{kind}.{name}", driven(driver)) for kind in _STREAMS for name, driver in _METHODS.items()),
        Patch("litellm", f"{_METADATA}:ResponseMetadata.set_hidden_params", driven(price_stored)),
    ),
    native=NATIVE,
)
