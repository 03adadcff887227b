"""LiteLLM's provider names and their names in the semantic conventions.

Used by the LiteLLM calls and caches.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ...extraction.paths import as_str, get_path

_NAMES: Mapping[str, str] = {
    "azure": "azure.ai.openai", "azure_text": "azure.ai.openai", "azure_ai": "azure.ai.inference", "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock", "bedrock_mantle": "aws.bedrock", "cohere_chat": "cohere", "custom_openai": "openai",
    "fireworks_ai": "fireworks", "gemini": "gcp.gemini", "mistral": "mistral_ai", "codestral": "mistral_ai", "moonshot": "moonshot_ai",
    "nvidia_nim": "nvidia", "ollama_chat": "ollama", "anthropic_text": "anthropic", "sagemaker": "aws.sagemaker", "sagemaker_chat": "aws.sagemaker",
    "text-completion-codestral": "mistral_ai", "text-completion-openai": "openai", "together_ai": "together", "vertex_ai": "gcp.vertex_ai",
    "vertex_ai_beta": "gcp.vertex_ai", "watsonx": "ibm.watsonx.ai", "watsonx_text": "ibm.watsonx.ai", "xai": "x_ai",
}  # fmt: skip
"""Names in the semantic conventions of providers that LiteLLM names differently."""


def provider_name(name: object) -> str | None:
    """Return the conventions' name of the provider that LiteLLM calls ``name``."""
    value = as_str(name)
    if value is None:
        return None
    return _NAMES.get(value) or ("gcp.vertex_ai" if value.startswith("vertex_ai") else value)


def selected_provider(named: Mapping[str, object]) -> str | None:
    """Return the provider by argument, prefix or model, from LiteLLM's own tables.

    LiteLLM itself resolves the provider later.
    """
    model, lite = as_str(named.get("model")) or "", sys.modules.get("litellm")
    prefix = model.partition("/")[0]
    if (value := as_str(named.get("custom_llm_provider"))) is not None:
        return value
    if "/" in model and prefix in getattr(lite, "provider_list", ()):
        return prefix
    return as_str(get_path(getattr(lite, "model_cost", None), (model, "litellm_provider")))
