"""Functions of SDKs that send requests and are not instrumented, with reasons.

Each module has a table ``NOT_WATCHED`` for one provider. ``SDKS`` lists the packages and their providers.
``tests/contract/test_census.py`` reads the source of every SDK and compares it with the patch points and these tables.
In a key ``*`` matches any text. Keys also cover the async forms of a function.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from harness.source.surface import Asking, asking, offered
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.declaration import Sdk


class Inspected(NamedTuple):
    """A package, its providers, and the list of functions without instrumentation."""

    list: str
    package: str
    providers: tuple[str, ...]
    reading: Callable[[str], list[Asking]] = asking
    """Function that finds the request functions in the source of the package."""

    @property
    def reasons(self) -> Mapping[str, str]:
        reasons: Mapping[str, str] = importlib.import_module(f"{__name__}.{self.list}").NOT_WATCHED
        return reasons

    @property
    def tables(self) -> list[Sdk]:
        return [provider for provider in providers.ALL if provider.name in self.providers]


_GOOGLE = ("google_genai", "google_genai_interactions", "google_genai_interactions_before_2")
SDKS = (
    Inspected("openai", "openai", ("openai",)),
    Inspected("anthropic", "anthropic", ("anthropic",)),
    Inspected("google_genai", "google.genai", _GOOGLE),
    Inspected("mistralai", "mistralai", ("mistralai",)),
    Inspected("cohere", "cohere", ("cohere",)),
    Inspected("groq", "groq", ("groq",)),
    Inspected("together", "together", ("together",)),
    Inspected("ollama", "ollama", ("ollama",)),
    Inspected("huggingface", "huggingface_hub.inference", ("huggingface",)),
    Inspected("azure_inference", "azure.ai.inference", ("azure_inference",)),
    Inspected("cerebras", "cerebras.cloud.sdk", ("cerebras",)),
    Inspected("fireworks", "fireworks", ("fireworks",)),
    Inspected("writer", "writerai", ("writer",)),
    Inspected("cloudflare", "cloudflare.resources.ai", ("cloudflare",)),
    Inspected("vertexai", "vertexai", ("vertexai",)),
    Inspected("watsonx", "ibm_watsonx_ai.foundation_models", ("watsonx",)),
    Inspected("ai21", "ai21", ("ai21",)),
    Inspected("replicate", "replicate", ("replicate",)),
    Inspected("voyageai", "voyageai", ("voyageai",)),
    Inspected("aleph_alpha", "aleph_alpha_client", ("aleph_alpha",)),
    Inspected("dashscope", "dashscope", ("dashscope", "dashscope_client")),
    Inspected("xai", "xai_sdk", ("xai",)),
    Inspected("zai", "zai", ("zai",)),
    Inspected("zhipuai", "zhipuai", ("zhipuai",)),
    Inspected("litellm", "litellm", ("litellm",), offered),
    Inspected("sambanova", "sambanova", ("sambanova",)),
)
"""Packages. Not Amazon Bedrock, whose clients botocore creates at run time."""
