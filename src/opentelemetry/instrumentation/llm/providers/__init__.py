"""Who is watched: one SDK a file, as a table. ``ALL`` lists them; the documentation's table is made from it.

Other packages add SDKs of their own under the entry point group ``opentelemetry_instrumentation_llm_provider``.
"""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint, entry_points

from ..calls.point import Provider
from .anthropic import ANTHROPIC
from .azure_inference import AZURE_INFERENCE
from .bedrock import BEDROCK
from .cerebras import CEREBRAS
from .cohere import COHERE
from .fireworks import FIREWORKS
from .google_genai import GOOGLE_GENAI, GOOGLE_GENAI_INTERACTIONS
from .groq import GROQ
from .huggingface import HUGGINGFACE
from .mistralai import MISTRALAI
from .ollama import OLLAMA
from .openai import OPENAI
from .together import TOGETHER
from .writer import WRITER

GROUP = "opentelemetry_instrumentation_llm_provider"
_logger = logging.getLogger(__name__)

ALL: tuple[Provider, ...] = (
    OPENAI, ANTHROPIC, GOOGLE_GENAI, GOOGLE_GENAI_INTERACTIONS, MISTRALAI, COHERE, BEDROCK, GROQ, TOGETHER, OLLAMA, HUGGINGFACE, AZURE_INFERENCE,
    CEREBRAS, FIREWORKS, WRITER,
)  # fmt: skip


def everyone() -> tuple[Provider, ...]:
    """Return all providers: ours, and those of other packages; one that cannot be loaded is a warning and left out."""
    others = (_loaded(entry) for entry in entry_points(group=GROUP))
    return ALL + tuple(provider for provider in others if provider is not None)


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
