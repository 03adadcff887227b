"""Find out which entry of a price file a call means: provider names, model names and the rules that match them.

``PROVIDERS`` maps the names that spans carry to the provider ids of price files; everything else is pure functions
on text, used by ``prices``.
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
"""Names of providers as spans and gateways write them, to ids of price files. A name that is not here is its own id."""


def locate(provider: str, model: str) -> tuple[str, str]:
    """Return the id of a price file's provider, and the model's name there in lower case.

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
    """Return a name without the account and region of an ARN; what has a name of its own is called by it alone.

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
"""Other spellings of a provider's models: ARNs, cross-region inference profiles, resource paths."""


def spellings(provider: str, model: str) -> list[str]:
    """Return the names to try for ``model``, the one that was given first.

    >>> spellings("openai", "gpt-5.2-20251211")
    ['gpt-5.2-20251211', 'gpt-5.2-2025-12-11']
    >>> spellings("aws", "arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3-1-8b-instruct-v1:0")[1:]
    ['us.meta.llama3-1-8b-instruct-v1:0', 'meta.llama3-1-8b-instruct-v1:0']
    """
    names = [model]
    for rewrite in _REWRITES.get(provider, ()):
        names.append(rewrite(names[-1]))
    # Gateways write dates without dashes; each spelling is tried as it is first.
    dated = [spelling for name in names for spelling in (name, _COMPACT_DATE.sub(_dashed_date, name))]
    return list(dict.fromkeys(dated))


def matches(rule: Any, name: str) -> bool:
    """Tell whether ``name`` (in lower case) is meant by ``rule``.

    A rule is a text (``*`` at its ends stands for anything), a list of rules of which one must hold,
    ``{"all": [rules]}`` or ``{"regex": pattern}``, searched for.

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
        return any(matches(one, name) for one in rule)
    if "all" in rule:
        return all(matches(one, name) for one in rule["all"])
    return re.search(rule["regex"], name) is not None
