"""Instrument azure-ai-inference: inference endpoints of Azure and GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..calls.streams.update_queue import observe
from ..dialects import Arguments, Dialect
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.embeddings import embeddings
from ..wrapper import Patch
from ._generated import identify_as
from ._hosts import deployment_in

_DEFAULTS = (
    "model", "temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "stop", "seed", "tools",
    "dimensions", "encoding_format",
)  # fmt: skip


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the body, or its parts: client defaults, arguments and extra fields."""
    body = args[0] if args else kwargs.get("body")
    if isinstance(body, Mapping):
        if body.get("model") is None and (deployment := deployment_in(str(instance._config.endpoint))) is not None:
            body = {**body, "model": deployment}
        return Arguments(body, path=str(instance._config.endpoint), streaming=body.get("stream") is True)
    named = {name: getattr(instance, f"_{name}", None) for name in _DEFAULTS}
    named |= {name: value for name, value in kwargs.items() if value is not None}
    form = kwargs.get("response_format") or getattr(instance, "_internal_response_format", None)
    if form is not None and not isinstance(form, Mapping):
        named["response_format"] = {"type": form if isinstance(form, str) else "json_schema"}
    added = kwargs.get("model_extras") or getattr(instance, "_model_extras", None)
    if isinstance(added, Mapping):
        named |= added
    if named.get("model") is None and (deployment := deployment_in(str(instance._config.endpoint))) is not None:
        named["model"] = deployment
    return Arguments(named, path=str(instance._config.endpoint), streaming=kwargs.get("stream") is True)


class _Settings:
    """Azure's settings as the SDK's tracing sees them: no implementation of spans."""

    def __init__(self, settings: object) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._settings, name)

    def tracing_implementation(self) -> None:
        """Name no implementation."""
        return


_OPERATIONS: Mapping[str, tuple[str, Dialect]] = {
    "ChatCompletionsClient.complete": ("chat", chat_completions),
    "EmbeddingsClient.embed": ("embeddings", embeddings),
    "ImageEmbeddingsClient.embed": ("embeddings", embeddings),
}
AZURE_INFERENCE = Sdk(
    name="azure_inference",
    requires="azure-ai-inference >= 1.0.0b4",
    points=tuple(
        PatchPoint(f"azure.ai.inference{place}._patch:{method}", operation, dialect, open=observe)
        for method, (operation, dialect) in _OPERATIONS.items()
        for place in ("", ".aio")
    ),
    read=read,
    identify=identify_as("azure.ai.inference"),
    native=(Patch("azure-ai-inference", "azure.ai.inference.tracing:settings", _Settings),),
)
