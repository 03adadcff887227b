"""In which releases of its SDK each Point exists, where these are not all that its table claims.

``RELEASES`` is a table a provider: a pattern of targets, or of routes, and the requirement that a release has to meet; the
first that fits counts. ``tests/contract/test_points.py`` holds it against what is installed: a Point fires where it is said to.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from packaging.requirements import Requirement
from packaging.specifiers import Specifier

from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint, Sdk

_NEW, _OLD = "mistralai.client", "mistralai"
RELEASES: Mapping[str, Mapping[str, str]] = {
    "openai": {
        "POST /responses/compact": "openai >= 2.9",
        "POST /responses/input_tokens": "openai >= 2.6",
        "GET /responses/*": "openai >= 1.66",
        "POST /responses": "openai >= 1.66",
        "POST /decisions": "openai >= 3.26",
    },
    "google_genai": {"*.batches:*._create_embeddings": "google-genai >= 1.34"},
    "google_genai_interactions": {"POST /decisions": "google-genai >= 3.2"},
    "mistralai": {
        f"{_NEW}.responses:*": "mistralai >= 3.4",
        f"{_NEW}.speech:*": "mistralai >= 2.1",
        f"{_NEW}.jobs:*": "mistralai >= 2.5.2",
        f"{_NEW}.batch_jobs:*": "mistralai >= 2, < 2.5.2",
        f"{_NEW}.*": "mistralai >= 2",
        "mistralai.azure.*": "mistralai >= 2",
        "mistralai.gcp.*": "mistralai >= 2",
        f"{_OLD}.conversations:*": "mistralai >= 1.8, < 2",
        f"{_OLD}.classifiers:*.moderate*": "mistralai >= 1.2, < 2",
        f"{_OLD}.classifiers:*.classify*": "mistralai >= 1.7, < 2",
        f"{_OLD}.transcriptions:*": "mistralai >= 1.9.3, < 2",
        f"{_OLD}.mistral_jobs:*": "mistralai >= 1.2, < 2",
        "*": "mistralai < 2",
    },
    "cohere": {
        "cohere.v2.client:*.chat*": "cohere >= 5.9",
        "cohere.v2.client:*": "cohere >= 5.9.3",
        "cohere.audio.*": "cohere >= 5.21",
        "cohere.batches.*": "cohere >= 5.19",
        "cohere.*raw_*": "cohere >= 5.16",
        "cohere.client:*.embed_stream": "cohere >= 6.1",
    },
    "bedrock": {
        "POST /ApplyGuardrail": "botocore >= 1.34.143",
        "POST /CountTokens": "botocore >= 1.40.14",
        "POST /InvokeGuardrailChecks": "botocore >= 1.43.30",
    },
    "groq": {"POST /audio/speech": "groq >= 0.20", "POST /batches": "groq >= 0.18"},
    "ollama": {"POST /v1/systemone": "ollama >= 0.6.3"},
    "cerebras": {"POST /completions": "cerebras-cloud-sdk >= 1.12.1"},
    "writer": {"POST /v1/vision": "writer-sdk >= 2.1"},
    "zhipuai": {
        "POST /audio/speech": "zhipuai >= 2.1.5.20250626",
        "POST /audio/transcriptions": "zhipuai >= 2.1.5.20250421",
        "POST /moderations": "zhipuai >= 2.1.5.20250611",
    },
    "dashscope": {
        "*:AioMultiModalConversation.*": "dashscope >= 1.24.3",
        "*:AioMultiModalEmbedding.*": "dashscope >= 1.24.5",
        "*:AioTextReRank.*": "dashscope >= 1.25.22",
    },
    "aleph_alpha": {"POST /embeddings": "aleph-alpha-client >= 10.6", "POST /rerank": "aleph-alpha-client >= 11.5"},
    "litellm": {
        "litellm.main:*image*": "litellm >= 1.61, < 1.70.4",
        "litellm.images.main:*": "litellm >= 1.70.4",
        "litellm.responses.main:*": "litellm >= 1.63.8",
        "litellm.llms.anthropic.messages.*": "litellm >= 1.109",
        "litellm.llms.anthropic.experimental_pass_through.*": "litellm >= 1.63.2, < 1.109",
    },
    "voyageai": {"*.contextualized_embed": "voyageai >= 0.3.4"},
}


def required(provider: Sdk, point: PatchPoint) -> str:
    """Return the requirement that a release has to meet for a Point to be there."""
    for pattern, requirement in RELEASES.get(provider.name, {}).items():
        if any(fnmatchcase(place, pattern) for place in (point.route, point.target) if place is not None):
            return requirement
    return provider.requires


def floor(requirement: str) -> str:
    """Return the oldest release that meets a requirement.

    >>> floor("google-genai >= 1.55, < 2")
    '1.55'
    """
    (oldest,) = (bound for bound in _bounds(requirement) if bound.operator == ">=")
    return oldest.version


def below(requirement: str) -> str:
    """Return the bound that the newest release stays below, or nothing.

    >>> below("google-genai >= 1.55, < 2"), below("groq >= 0.9")
    ('<2', '')
    """
    return "".join(str(bound) for bound in _bounds(requirement) if bound.operator == "<")


def _bounds(requirement: str) -> list[Specifier]:
    return [Specifier(str(bound)) for bound in Requirement(requirement).specifier]
