"""Find the entry of a price file for a provider name and a model name.

``PROVIDERS`` maps the provider names on spans to the provider ids of price files. All other functions are pure
functions on text, used by ``prices``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

PROVIDERS = {
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "bedrock": "aws",
    "fireworks_ai": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "gemini": "google",
    "github_copilot": "github-copilot",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "moonshot": "moonshotai",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "vertex_ai": "google",
    "voyage": "voyageai",
    "voyage_ai": "voyageai",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "z_ai": "zai",
    "zhipu": "zhipuai",
}
"""Provider names on spans and in gateways, to ids of price files.

A name that is not in this table is its own id.
"""


def locate(provider: str, model: str) -> tuple[str, str]:
    """Return the provider id of a price file, and the lower-case model name.

    >>> locate("aws.bedrock", "amazon.nova-lite-v1:0")
    ('aws', 'amazon.nova-lite-v1:0')
    >>> locate("litellm", "vertex_ai/gemini-2.5-pro")
    ('google', 'gemini-2.5-pro')
    >>> locate("huggingface", "openai/gpt-oss-20b:groq")
    ('huggingface_groq', 'openai/gpt-oss-20b')
    """
    provider, model = provider.lower(), model.lower()
    if provider == "litellm" and "/" in model:
        provider, model = model.split("/", 1)
    if provider == "huggingface" and ":" in model:
        model, host = model.rsplit(":", 1)
        provider = f"huggingface_{host}"
    return PROVIDERS.get(provider, provider), model


_ARN = re.compile(r"arn:[^:/]*:[^:/]*:[^:/]*:[^:/]*:(?:inference-profile/|foundation-model/|guardrail/)?")


def without_account(name: str) -> str:
    """Return a name without the account and region of an ARN.

    A named resource is reduced to its name.

    >>> without_account("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3-1-8b-instruct-v1:0")
    'us.meta.llama3-1-8b-instruct-v1:0'
    >>> without_account("bedrock/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"), without_account("gpt-4o")
    ('bedrock/application-inference-profile/abc', 'gpt-4o')
    """
    return _ARN.sub("", name) if "arn:" in name else name


_COMPACT_DATE = re.compile(r"-(20\d\d)(\d\d)(\d\d)(?=[-:]|$)")
_REGION = re.compile(r"^(?:us|us-gov|eu|apac|ap|jp|au|in|ca|sa|me|af|global)\.")


def _dashed_date(found: re.Match[str]) -> str:
    try:
        return f"-{date(*map(int, found.groups()))}"
    except ValueError:
        return found[0]


_REWRITES: dict[str, tuple[Callable[[str], str], ...]] = {
    "aws": (lambda name: name.rsplit("/", 1)[-1], lambda name: _REGION.sub("", name)),
    "google": (lambda name: name.rsplit("/", 1)[-1],),
}
"""Other spellings of model names: ARNs, inference profiles, resource paths."""


def spellings(provider: str, model: str) -> list[str]:
    """Return the names to look up for ``model``, starting with the given name.

    >>> spellings("openai", "gpt-5.2-20251211")
    ['gpt-5.2-20251211', 'gpt-5.2-2025-12-11']
    >>> spellings("aws", "arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3-1-8b-instruct-v1:0")[1:]
    ['us.meta.llama3-1-8b-instruct-v1:0', 'meta.llama3-1-8b-instruct-v1:0']
    """
    names = [model]
    for rewrite in _REWRITES.get(provider, ()):
        names.append(rewrite(names[-1]))
    # Gateways write dates without dashes; each spelling is looked up unchanged first.
    dated = [spelling for name in names for spelling in (name, _COMPACT_DATE.sub(_dashed_date, name))]
    return list(dict.fromkeys(dated))


def matches(rule: Any, name: str) -> bool:
    """Return whether ``rule`` matches ``name`` (in lower case).

    A rule is a text (``*`` at its ends matches anything), a list of rules of which one must match, ``{"all":
    [rules]}`` or ``{"regex": pattern}``, which is searched for.

    >>> [matches(rule, "gpt-4o-mini") for rule in ("gpt-4o", "GPT-4o*", ["x", "*-mini"], {"regex": "^gpt-[45]"})]
    [False, True, True, True]
    """
    if isinstance(rule, str):
        text = rule.lower().strip("*")
        begins, ends = not rule.startswith("*"), not rule.endswith("*")
        if begins and ends:
            return name == text
        if begins:
            return name.startswith(text)
        return name.endswith(text) if ends else text in name
    if isinstance(rule, list):
        return any(matches(item, name) for item in rule)
    if "all" in rule:
        return all(matches(item, name) for item in rule["all"])
    return re.search(rule["regex"], name) is not None
