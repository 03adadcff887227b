"""List the instrumented SDKs: one module for each, with a table.

``KNOWN`` lists them; the table of an SDK is read when the SDK is imported. Other packages add SDKs under the entry
point group ``opentelemetry_instrumentation_llm_provider``.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Collection
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple, Protocol, TypeVar

from ..calls.declaration import Sdk
from ..transports.sockets import SocketApi

_T = TypeVar("_T", covariant=True)
GROUP = "opentelemetry_instrumentation_llm_provider"
_logger = logging.getLogger(__name__)
_MISTRAL = ("mistralai", "mistralai.client", "mistralai_azure", "mistralai_gcp", "mistralai.azure.client", "mistralai.gcp.client")


class LazySdk(NamedTuple):
    """An SDK before its table is read.

    ``import_triggers`` are modules that every user of the SDK imports before a patched function can be referenced:
    the import of one of them reads the table.
    """

    name: str
    table: str
    import_triggers: tuple[str, ...]

    def load(self) -> Sdk:
        """Read the table."""
        module, _, name = self.table.partition(":")
        provider: Sdk = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return provider


KNOWN: tuple[LazySdk, ...] = (
    LazySdk("openai", "openai:OPENAI", ("openai._base_client",)),
    LazySdk("anthropic", "anthropic:ANTHROPIC", ("anthropic._base_client",)),
    LazySdk("google_genai", "google_genai:GOOGLE_GENAI", ("google.genai._api_client",)),
    LazySdk("google_genai_interactions", "google_genai_interactions:GOOGLE_GENAI_INTERACTIONS", ("google.genai._api_client",)),
    LazySdk(
        "google_genai_interactions_before_2", "google_genai_interactions:GOOGLE_GENAI_INTERACTIONS_BEFORE_2", ("google.genai._api_client",)
    ),
    LazySdk("mistralai", "mistralai:MISTRALAI", tuple(f"{package}.basesdk" for package in _MISTRAL)),
    LazySdk("cohere", "cohere:COHERE", ("cohere",)),
    LazySdk("bedrock", "bedrock:BEDROCK", ("botocore.client",)),
    LazySdk("groq", "groq:GROQ", ("groq._base_client",)),
    LazySdk("together", "together:TOGETHER", ("together._base_client",)),
    LazySdk("ollama", "ollama:OLLAMA", ("ollama._client",)),
    LazySdk("huggingface", "huggingface:HUGGINGFACE", ("huggingface_hub",)),
    LazySdk("azure_inference", "azure_inference:AZURE_INFERENCE", ("azure.ai.inference",)),
    LazySdk("cerebras", "cerebras:CEREBRAS", ("cerebras.cloud.sdk._base_client",)),
    LazySdk("fireworks", "fireworks:FIREWORKS", ("fireworks._base_client",)),
    LazySdk("writer", "writer:WRITER", ("writerai._base_client",)),
    LazySdk("litellm", "litellm:LITELLM", ("litellm",)),
    LazySdk("cloudflare", "cloudflare:CLOUDFLARE", ("cloudflare._base_client",)),
    LazySdk("ai21", "ai21:AI21", ("ai21",)),
    LazySdk("aleph_alpha", "aleph_alpha:ALEPH_ALPHA", ("aleph_alpha_client",)),
    LazySdk("zai", "zai:ZAI", ("zai.core._http_client",)),
    LazySdk("zhipuai", "zai:ZHIPUAI", ("zhipuai.core._http_client",)),
    LazySdk("dashscope", "dashscope:DASHSCOPE", ("dashscope",)),
    LazySdk("dashscope_client", "dashscope_client:DASHSCOPE_CLIENT", ("dashscope.v2.client",)),
    LazySdk("replicate", "replicate:REPLICATE", ("replicate.client",)),
    LazySdk("voyageai", "voyageai:VOYAGEAI", ("voyageai",)),
    LazySdk("xai", "xai:XAI", ("xai_sdk",)),
    LazySdk("watsonx", "watsonx:WATSONX", ("ibm_watsonx_ai",)),
    LazySdk("vertexai", "vertexai:VERTEXAI", ("vertexai",)),
    LazySdk("transformers", "transformers:TRANSFORMERS", ("transformers.pipelines.text_generation",)),
    LazySdk("llama_cpp", "llama_cpp:LLAMA_CPP", ("llama_cpp.llama",)),
    LazySdk("sambanova", "sambanova:SAMBANOVA", ("sambanova._base_client",)),
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
        """The type of the table."""

    def load(self) -> _T:
        """Read the table."""


def loaded(known: Loadable[_T]) -> _T | None:
    """Return the table of an SDK or framework; warn once if it cannot be imported."""
    try:
        return known.load()
    except ImportError as error:
        # A frozen application has only the modules that were found when it was built.
        if known.name not in _unreadable:
            _unreadable[known.name] = str(error)
            _logger.warning("calls of %s are not recorded: its table cannot be imported (%s)", known.name, error)
        return None


def socket_apis(disabled: Collection[str]) -> tuple[tuple[SocketApi, ...], Any]:
    """Read the table of APIs over websockets, without those of disabled SDKs.

    The second value returns the provider behind an API, a host, a port and a path.
    """
    table = importlib.import_module(f"{__name__}.sockets")
    return tuple(api for api in table.SOCKET_APIS if api.sdk not in disabled), table.provider_behind


def unreadable() -> tuple[str, ...]:
    """Return the names of SDKs and frameworks whose table could not be imported."""
    return tuple(_unreadable)


def everyone() -> tuple[Sdk, ...]:
    """Return all providers that can be imported: ours, and those of other packages."""
    ours = (loaded(known) for known in KNOWN)
    return (*(provider for provider in ours if provider is not None), *others())


def others() -> tuple[Sdk, ...]:
    """Return the SDKs of other packages; warn about an SDK that fails to load."""
    found = (_loaded(entry) for entry in entry_points(group=GROUP))
    return tuple(provider for provider in found if provider is not None)


def _loaded(entry: EntryPoint) -> Sdk | None:
    try:
        provider = entry.load()
    except (ImportError, AttributeError) as error:
        _logger.warning("the provider %r (%s) cannot be loaded: %s", entry.name, entry.value, error)
        return None
    if isinstance(provider, Sdk):
        return provider
    _logger.warning("the provider %r (%s) is no Provider but a %s; it is left out", entry.name, entry.value, type(provider).__name__)
    return None
