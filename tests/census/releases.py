"""Releases of an SDK that have a route, if these are fewer than it claims.

``RELEASES`` is a table for each provider: a pattern of routes, and the requirement on the release; the first match
counts. Targets have such a table in ``Sdk.releases``. ``tests/contract/test_points.py`` compares both with the installed SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from packaging.requirements import Requirement
from packaging.specifiers import Specifier

from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint, Sdk

RELEASES: Mapping[str, Mapping[str, str]] = {
    "openai": {
        "POST /responses/compact": "openai >= 2.9",
        "POST /responses/input_tokens": "openai >= 2.6",
        "GET /responses/*": "openai >= 1.66",
        "POST /responses": "openai >= 1.66",
        "POST /decisions": "openai >= 3.26",
        "POST /videos": "openai >= 2.2",
        "GET /videos/*": "openai >= 2.2",
    },
    "google_genai_interactions": {"POST /decisions": "google-genai >= 3.2"},
    "bedrock": {
        "POST /ApplyGuardrail": "botocore >= 1.34.143",
        "POST /CountTokens": "botocore >= 1.40.14",
        "POST /InvokeGuardrailChecks": "botocore >= 1.43.30",
        "POST /InvokeInlineAgent": "botocore >= 1.35.68",
        "POST /RetrieveAndGenerateStream": "botocore >= 1.35.72",
        "POST /Rerank": "botocore >= 1.35.72",
        "POST /InvokeHarness": "botocore >= 1.42.97",
    },
    "sambanova": {"POST /responses": "sambanova >= 1.7"},
    "groq": {"POST /audio/speech": "groq >= 0.20", "POST /batches": "groq >= 0.18"},
    "ollama": {"POST /v1/systemone": "ollama >= 0.6.3"},
    "cerebras": {"POST /completions": "cerebras-cloud-sdk >= 1.12.1"},
    "writer": {"POST /v1/vision": "writer-sdk >= 2.1"},
    "zhipuai": {
        "POST /audio/speech": "zhipuai >= 2.1.5.20250626",
        "POST /audio/transcriptions": "zhipuai >= 2.1.5.20250421",
        "POST /moderations": "zhipuai >= 2.1.5.20250611",
    },
    "aleph_alpha": {"POST /embeddings": "aleph-alpha-client >= 10.6", "POST /rerank": "aleph-alpha-client >= 11.5"},
}


def required(provider: Sdk, point: PatchPoint) -> str:
    """Return the requirement that a release has to meet for a Point to be there."""
    for pattern, requirement in RELEASES.get(provider.name, {}).items():
        if any(fnmatchcase(place, pattern) for place in (point.route, point.target) if place is not None):
            return requirement
    return provider.required(point.target)


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
