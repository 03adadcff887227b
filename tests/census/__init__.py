"""What each SDK asks the network for and is not watched, with the reason: a module a provider, with a table ``NOT_WATCHED``.

``SDKS`` says which package belongs to which providers. ``tests/contract/test_census.py`` reads every SDK's source and holds
what it finds against the providers' tables and these lists.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from harness.surface import Asking, asking, offered
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.declaration import Provider


class Sdk(NamedTuple):
    """A package, who watches it, and the list of what is not watched."""

    list: str
    package: str
    providers: tuple[str, ...]
    reading: Callable[[str], list[Asking]] = asking
    """What finds, in the source of the package, what asks the network."""

    @property
    def reasons(self) -> Mapping[str, str]:
        reasons: Mapping[str, str] = importlib.import_module(f"{__name__}.{self.list}").NOT_WATCHED
        return reasons

    @property
    def tables(self) -> list[Provider]:
        return [provider for provider in providers.ALL if provider.name in self.providers]


_GOOGLE = ("google_genai", "google_genai_interactions", "google_genai_interactions_before_2")
SDKS = (
    Sdk("openai", "openai", ("openai",)),
    Sdk("anthropic", "anthropic", ("anthropic",)),
    Sdk("google_genai", "google.genai", _GOOGLE),
    Sdk("mistralai", "mistralai", ("mistralai",)),
    Sdk("cohere", "cohere", ("cohere",)),
    Sdk("groq", "groq", ("groq",)),
    Sdk("together", "together", ("together",)),
    Sdk("ollama", "ollama", ("ollama",)),
    Sdk("huggingface", "huggingface_hub.inference", ("huggingface",)),
    Sdk("azure_inference", "azure.ai.inference", ("azure_inference",)),
    Sdk("cerebras", "cerebras.cloud.sdk", ("cerebras",)),
    Sdk("fireworks", "fireworks", ("fireworks",)),
    Sdk("writer", "writerai", ("writer",)),
    Sdk("vertexai", "vertexai", ("vertexai",)),
    Sdk("watsonx", "ibm_watsonx_ai.foundation_models", ("watsonx",)),
    Sdk("ai21", "ai21", ("ai21",)),
    Sdk("replicate", "replicate", ("replicate",)),
    Sdk("voyageai", "voyageai", ("voyageai",)),
    Sdk("aleph_alpha", "aleph_alpha_client", ("aleph_alpha",)),
    Sdk("dashscope", "dashscope", ("dashscope", "dashscope_client")),
    Sdk("xai", "xai_sdk", ("xai",)),
    Sdk("zai", "zai", ("zai",)),
    Sdk("zhipuai", "zhipuai", ("zhipuai",)),
    Sdk("litellm", "litellm", ("litellm",), offered),
)
"""Amazon Bedrock is not here: its clients are made while a program runs, of botocore's descriptions of services."""
