"""Instrument ibm-watsonx-ai: models and deployments at IBM.

A stream is observed in the function that requests it, which runs when the first chunk is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.streamed import streamed
from ..dialects.watsonx import counted, texts
from ..extraction.arguments import by_name
from ..extraction.paths import as_str
from ._generated import identify_as

_MODELS, _DEPLOYED = "inference.fm_model_inference:FMModelInference.", "inference.deployment_model_inference:DeploymentModelInference."
_ALL = "inference.base_model_inference:BaseModelInference."
_METHODS: Mapping[str, tuple[str, Dialect]] = {
    **{f"{kind}{mode}chat": ("chat", chat_completions) for kind in (_MODELS, _DEPLOYED) for mode in ("", "a")},
    **{f"{_MODELS}_{mode}generate_chat_stream_with_url": ("chat", streamed(chat_completions)) for mode in ("", "a")},
    **{f"{_DEPLOYED}_{mode}generate_deployment_chat_stream_with_url": ("chat", streamed(chat_completions)) for mode in ("", "a")},
    **{f"{kind}{name}": ("text_completion", texts) for kind in (_MODELS, _DEPLOYED) for name in ("generate", "_agenerate_single")},
    **{f"{_ALL}_{mode}generate_stream_with_url": ("text_completion", streamed(texts)) for mode in ("", "a")},
    **{f"embeddings.embeddings:Embeddings.{mode}generate": ("embeddings", counted) for mode in ("", "a")},
    "rerank.rerank:Rerank.generate": ("rerank", counted),
}


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments, with the parameters of the call or of the model."""
    named = by_name(("messages", "params"), args, kwargs)
    payload = named.get("payload")
    if isinstance(payload, Mapping):
        named = {"prompt": payload.get("input"), "params": payload.get("parameters") or {}}
    params: Any = named.get("params")
    params = getattr(instance, "params", None) if params is None else params
    params = params if isinstance(params, Mapping) else params.to_dict() if hasattr(params, "to_dict") else {}
    model = as_str(getattr(instance, "model_id", None)) or as_str(getattr(instance, "deployment_id", None))
    return Arguments({"prompt": named.get("messages"), **params, **named, "model": model}, path=instance._client.credentials.url)


WATSONX = Sdk(
    name="watsonx",
    requires="ibm-watsonx-ai >= 1.5",
    points=tuple(PatchPoint(f"ibm_watsonx_ai.foundation_models.{target}", *what) for target, what in _METHODS.items()),
    read=read,
    identify=identify_as("ibm.watsonx.ai"),
)
