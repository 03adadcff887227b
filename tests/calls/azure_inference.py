"""Calls of azure-ai-inference."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NEEDS = "azure.ai.inference"
MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]
PICTURES = [{"image": "data:,", "text": "a b"}]
CHAT: dict[str, Any] = {"messages": MESSAGES, "model": "Phi-4"}
# Usage at the end of a stream has to be asked for.
STREAMED: dict[str, Any] = {**CHAT, "stream": True, "model_extras": {"stream_options": {"include_usage": True}}}


@contextmanager
def native() -> Iterator[None]:
    """Switch on the spans of azure-core and of the SDK, if they are installed."""
    if importlib.util.find_spec("azure.core.tracing.ext") is None:
        yield
        return
    from azure.ai.inference.tracing import AIInferenceInstrumentor
    from azure.core.settings import settings

    before = settings.tracing_implementation()
    settings.tracing_implementation = "opentelemetry"
    AIInferenceInstrumentor().instrument()
    try:
        yield
    finally:
        AIInferenceInstrumentor().uninstrument()
        settings.tracing_implementation = before


def _client(module: str, name: str) -> Any:
    def client(base_url: str) -> Any:
        from importlib import import_module

        from azure.core.credentials import AzureKeyCredential

        kind = getattr(import_module(module), name)
        return kind(f"{base_url}/azure-inference/models", AzureKeyCredential("canary-key-5ecret"), retry_total=0)

    return client


CALLS: list[tuple[str, str, str, bool, Any]] = [
    ("ChatCompletionsClient", "complete", "complete", False, lambda c: c.complete(**CHAT)),
    ("ChatCompletionsClient", "complete", "complete:body", False, lambda c: c.complete(CHAT)),
    ("ChatCompletionsClient", "complete", "complete", True, lambda c: c.complete(**STREAMED)),
    ("ChatCompletionsClient", "complete", "complete:tools", True, lambda c: c.complete(**STREAMED, tools=TOOLS, tool_choice="required")),
    ("EmbeddingsClient", "embed", "embed", False, lambda c: c.embed(input=["a b", "c"], model="cohere-embed")),
    ("ImageEmbeddingsClient", "embed", "embed:images", False, lambda c: c.embed(input=PICTURES, model="cohere-embed")),
]  # fmt: skip
"""Client, method, name, whether it streams, and the call (sync and async)."""

SAMPLES: list[dict[str, Any]] = [
    {
        "provider": "azure_inference", "point": f"azure.ai.inference._patch:{kind}.{method}", "name": name, "stream": stream,
        "client": _client("azure.ai.inference", kind), "async_client": _client("azure.ai.inference.aio", kind),
        "sync": call, "async": call, "absent": ("azure.resource_provider.namespace",),
    }
    for kind, method, name, stream, call in CALLS
]  # fmt: skip
