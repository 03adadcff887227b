"""Who is watched: one SDK a file, as a table. ``KNOWN`` lists them; each table is read when its SDK is imported, not before.

Other packages add SDKs of their own under the entry point group ``opentelemetry_instrumentation_llm_provider``.
"""

from __future__ import annotations

import importlib
import logging
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple, Protocol, TypeVar

from ..calls.declaration import Provider

_T = TypeVar("_T", covariant=True)
GROUP = "opentelemetry_instrumentation_llm_provider"
_logger = logging.getLogger(__name__)
_MISTRAL = ("mistralai", "mistralai.client", "mistralai_azure", "mistralai_gcp", "mistralai.azure.client", "mistralai.gcp.client")


class Known(NamedTuple):
    """A provider before its table is read.

    ``wakes`` are modules that are imported by all who use the SDK, before they can hold on to anything that is watched: when
    one of them is there, the table is read.
    """

    name: str
    table: str
    wakes: tuple[str, ...]

    def load(self) -> Provider:
        """Read the table."""
        module, _, name = self.table.partition(":")
        provider: Provider = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return provider


KNOWN: tuple[Known, ...] = (
    Known("openai", "openai:OPENAI", ("openai._base_client",)),
    Known("anthropic", "anthropic:ANTHROPIC", ("anthropic._base_client",)),
    Known("google_genai", "google_genai:GOOGLE_GENAI", ("google.genai._api_client",)),
    Known("google_genai_interactions", "google_genai:GOOGLE_GENAI_INTERACTIONS", ("google.genai._api_client",)),
    Known("google_genai_interactions_before_2", "google_genai:GOOGLE_GENAI_INTERACTIONS_BEFORE_2", ("google.genai._api_client",)),
    Known("mistralai", "mistralai:MISTRALAI", tuple(f"{package}.basesdk" for package in _MISTRAL)),
    Known("cohere", "cohere:COHERE", ("cohere",)),
    Known("bedrock", "bedrock:BEDROCK", ("botocore.client",)),
    Known("groq", "groq:GROQ", ("groq._base_client",)),
    Known("together", "together:TOGETHER", ("together._base_client",)),
    Known("ollama", "ollama:OLLAMA", ("ollama._client",)),
    Known("huggingface", "huggingface:HUGGINGFACE", ("huggingface_hub",)),
    Known("azure_inference", "azure_inference:AZURE_INFERENCE", ("azure.ai.inference",)),
    Known("cerebras", "cerebras:CEREBRAS", ("cerebras.cloud.sdk._base_client",)),
    Known("fireworks", "fireworks:FIREWORKS", ("fireworks._base_client",)),
    Known("writer", "writer:WRITER", ("writerai._base_client",)),
    Known("litellm", "litellm:LITELLM", ("litellm",)),
    Known("ai21", "ai21:AI21", ("ai21",)),
    Known("aleph_alpha", "aleph_alpha:ALEPH_ALPHA", ("aleph_alpha_client",)),
    Known("zai", "zai:ZAI", ("zai.core._http_client",)),
    Known("zhipuai", "zai:ZHIPUAI", ("zhipuai.core._http_client",)),
    Known("dashscope", "dashscope:DASHSCOPE", ("dashscope",)),
    Known("dashscope_client", "dashscope:DASHSCOPE_CLIENT", ("dashscope.v2.client",)),
    Known("replicate", "replicate:REPLICATE", ("replicate.client",)),
    Known("voyageai", "voyageai:VOYAGEAI", ("voyageai",)),
    Known("xai", "xai:XAI", ("xai_sdk",)),
    Known("watsonx", "watsonx:WATSONX", ("ibm_watsonx_ai",)),
    Known("vertexai", "vertexai:VERTEXAI", ("vertexai",)),
    Known("transformers", "transformers:TRANSFORMERS", ("transformers.pipelines.text_generation",)),
    Known("llama_cpp", "llama_cpp:LLAMA_CPP", ("llama_cpp.llama",)),
)


def __getattr__(name: str) -> Any:
    if name == "ALL":  # every table of ours, for those who print or test them
        return tuple(known.load() for known in KNOWN)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_unreadable: dict[str, str] = {}


class Loadable(Protocol[_T]):
    """A table that is read when it is needed."""

    @property
    def name(self) -> str:
        """What the table is of."""

    def load(self) -> _T:
        """Read the table."""


def loaded(known: Loadable[_T]) -> _T | None:
    """Return the table of an SDK or of a framework; one that cannot be imported is a warning, once."""
    try:
        return known.load()
    except ImportError as error:
        # A frozen application has only the modules that were found when it was built.
        if known.name not in _unreadable:
            _unreadable[known.name] = str(error)
            _logger.warning("calls of %s are not recorded: its table cannot be imported (%s)", known.name, error)
        return None


def unreadable() -> tuple[str, ...]:
    """Return the names of SDKs and frameworks whose table could not be imported."""
    return tuple(_unreadable)


def everyone() -> tuple[Provider, ...]:
    """Return all providers that can be imported: ours, and those of other packages."""
    ours = (loaded(known) for known in KNOWN)
    return (*(provider for provider in ours if provider is not None), *others())


def others() -> tuple[Provider, ...]:
    """Return the providers of other packages; one that cannot be loaded is a warning and left out."""
    found = (_loaded(entry) for entry in entry_points(group=GROUP))
    return tuple(provider for provider in found if provider is not None)


def _loaded(entry: EntryPoint) -> Provider | None:
    try:
        provider = entry.load()
    except (ImportError, AttributeError) as error:
        _logger.warning("the provider %r (%s) cannot be loaded: %s", entry.name, entry.value, error)
        return None
    if isinstance(provider, Provider):
        return provider
    _logger.warning("the provider %r (%s) is no Provider but a %s; it is left out", entry.name, entry.value, type(provider).__name__)
    return None
