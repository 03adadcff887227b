"""Instrument huggingface_hub: its inference client, for any server.

Models run at Hugging Face, at the providers to which it routes, or on servers of the user.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from ..calls.call import Call
from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.huggingface import feature_extraction, text_generation, text_to_image
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.media import speech, transcription
from ..extraction.paths import as_str
from ._generated import identify_as

_TASKS: Mapping[str, tuple[str, Dialect]] = {
    "chat_completion": ("chat", chat_completions),
    "text_generation": ("text_completion", text_generation),
    "feature_extraction": ("embeddings", feature_extraction),
    "text_to_image": ("image_generation", text_to_image),
    "image_to_image": ("image_generation", text_to_image),
    "text_to_speech": ("speech", speech),
    "automatic_speech_recognition": ("transcription", transcription),
}
_CLIENTS = ("_client:InferenceClient", "_generated._async_client:AsyncInferenceClient")


def _is_address(model: object) -> bool:
    return isinstance(model, str) and model.startswith(("http://", "https://"))


def _endpoint(instance: object) -> str:
    """Return the address for a model without one: the router, or a provider.

    The rule is that of the SDK: a user with a provider's own key talks to that provider.
    """
    hub: Any = sys.modules.get("huggingface_hub.constants")
    provider, token = getattr(instance, "provider", None), getattr(instance, "token", None)
    if not isinstance(token, str) or token.startswith("hf_") or provider in (None, "auto", "hf-inference"):
        return str(getattr(hub, "INFERENCE_PROXY_TEMPLATE", None) or getattr(hub, "INFERENCE_ENDPOINT", ""))
    tasks = getattr(sys.modules.get("huggingface_hub.inference._providers"), "PROVIDERS", {}).get(provider, {})
    return next((str(task.base_url) for task in tasks.values() if _is_address(getattr(task, "base_url", None))), "")


def _begun(call: Call, result: object) -> bool:
    """Start the stream at once: its response exists before the first chunk is read."""
    if isinstance(result, (GeneratorType, AsyncGeneratorType)):
        call.on_stream_start()
    return False


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments; the input comes first. A model that is a URL is an address."""
    named = dict(kwargs)
    if args:
        named["messages" if isinstance(args[0], (list, tuple)) else "prompt"] = args[0]
    extra = kwargs.get("extra_body")
    if isinstance(extra, Mapping):
        named |= extra
    models = [kwargs.get("model"), getattr(instance, "model", None)]
    named["model"] = next((as_str(model) for model in models if model and not _is_address(model)), None)
    address = next((model for model in reversed(models) if _is_address(model)), None)
    return Arguments(named, path=str(address or _endpoint(instance)), streaming=kwargs.get("stream") is True)


HUGGINGFACE = Sdk(
    name="huggingface",
    requires="huggingface_hub >= 0.25",
    points=tuple(
        PatchPoint(f"huggingface_hub.inference.{client}.{task}", operation, dialect, open=_begun)
        for task, (operation, dialect) in _TASKS.items()
        for client in _CLIENTS
    ),
    read=read,
    identify=identify_as("huggingface"),
)
