"""Instrument anthropic: Anthropic, clouds that serve its models, and other hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ..calls.declaration import Destination, Sdk
from ..dialects import Arguments
from ..dialects.anthropic.messages import messages
from ..dialects.batches import message_results
from ..dialects.openai.media import plain
from ..dialects.openai.prompt_completions import prompt_completions
from ..wrapper import Patch
from ._generated import generated, identify_as
from ._native import tracer_property

_BY_CLASS: Mapping[str, str] = {
    "BaseBedrockClient": "aws.bedrock",
    "BaseMantleClient": "aws.bedrock",
    "BaseVertexClient": "gcp.vertex_ai",
    "BaseFoundryClient": "anthropic",
    "BaseGoogleCloudClient": "anthropic",
    "AnthropicAWS": "anthropic",
    "AsyncAnthropicAWS": "anthropic",
}
_by_host = identify_as("anthropic")


@lru_cache(maxsize=256)
def _by_class(kind: Any) -> str | None:
    # Every client since 1.17 names "anthropic" as its provider unless it belongs to another; only another name is evidence.
    name = getattr(kind, "_gen_ai_provider_name", None)
    if isinstance(name, str) and name != "anthropic":
        return name
    return next((_BY_CLASS[c.__name__] for c in kind.__mro__ if c.__name__ in _BY_CLASS), None)


def _identify(instance: Any, arguments: Arguments) -> Destination:
    identity = _by_host(instance, arguments)
    kind: Any = type(instance)
    name = _by_class(kind)
    return identity if name is None else identity._replace(provider=name)


def _provider_of(client: Any) -> Any:
    return client._open_telemetry.get("tracer_provider")


_TRACER = "anthropic._base_client:BaseClient._tracer"
ANTHROPIC: Sdk = replace(
    generated(
        "anthropic",
        "anthropic >= 0.43",
        "anthropic",
        {
            "POST /v1/messages": ("chat", messages),
            "POST /v1/complete": ("text_completion", prompt_completions),
            "POST /v1/messages/count_tokens": ("count_tokens", plain),
            "POST /v1/messages/batches": ("create_batch", plain),
            "GET /v1/messages/batches/*/results": ("fetch_batch", message_results),
        },
    ),
    identify=_identify,
    # The SDK still sends ``traceparent``, with our span. Its spans of tools and of calls that are not instrumented stay.
    native=(Patch("anthropic", _TRACER, tracer_property(_provider_of, silent=True)),),
    native_kept=(Patch("anthropic", _TRACER, tracer_property(_provider_of, silent=False)),),
)
