"""The wire formats of the server; a new format is a module and one line here.

The first format that has a route for a request answers it. Therefore narrow mounts are listed before wide mounts. The last format
also answers unknown requests.
"""

from __future__ import annotations

from . import (
    aleph_wire,
    anthropic_wire,
    azure_inference_wire,
    bedrock_wire,
    cloudflare_wire,
    cohere_wire,
    dashscope_wire,
    gemini_wire,
    huggingface_wire,
    lookalikes_wire,
    mistral_wire,
    ollama_wire,
    openai_wire,
    replicate_wire,
    voyage_wire,
    watsonx_wire,
)
from .exchange import Format, Request, Route

FORMATS: tuple[Format, ...] = (
    anthropic_wire.FORMAT,
    aleph_wire.FORMAT,
    lookalikes_wire.FORMAT,
    dashscope_wire.FORMAT,
    voyage_wire.FORMAT,
    watsonx_wire.FORMAT,
    replicate_wire.FORMAT,
    bedrock_wire.FORMAT,
    cloudflare_wire.FORMAT,
    gemini_wire.FORMAT,
    azure_inference_wire.FORMAT,
    cohere_wire.FORMAT,
    huggingface_wire.FORMAT,
    mistral_wire.FORMAT,
    ollama_wire.FORMAT,
    openai_wire.FORMAT,
)


def find(request: Request) -> tuple[Format, Route | None]:
    """Return the format and the route for a request; the route may be None."""
    for format in FORMATS:
        route = format.find(request)
        if route is not None:
            return format, route
    return FORMATS[-1], None
