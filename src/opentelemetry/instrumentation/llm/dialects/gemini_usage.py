"""What all of Google's shapes share: names in two spellings, names of models, and usage with its modalities."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from ..words.records import Usage
from .reading import Path, dig, fields, fill, items, text, whole

_MODALITIES = frozenset({"text", "image", "audio"})


@cache
def spelled(path: str) -> tuple[str, ...]:
    """Give a path as the SDK spells it, and as it is on the wire.

    >>> spelled("usage_metadata.prompt_token_count")
    ('usage_metadata.prompt_token_count', 'usageMetadata.promptTokenCount')
    """
    wire = re.sub(r"_(\w)", lambda found: found[1].upper(), path)
    return (path,) if wire == path else (path, wire)


@cache
def _ways(path: str) -> tuple[Path, ...]:
    return tuple(tuple(way.split(".")) for way in spelled(path))


def either(value: Any, path: str) -> Any:
    """Follow a path in the first of its spellings that leads somewhere."""
    for way in _ways(path):
        if (found := dig(value, way)) is not None:
            return found
    return None


def model_name(model: Any) -> str | None:
    """Say a model's own name: without the path of the resource, which may name a project.

    >>> model_name("models/gemini-2.5-flash"), model_name("projects/p/locations/l/publishers/google/models/gemini-2.5-flash")
    ('gemini-2.5-flash', 'gemini-2.5-flash')
    >>> model_name("tunedModels/7"), model_name("projects/p/locations/l/endpoints/7")
    ('tunedModels/7', 'endpoints/7')
    """
    named = text(model)
    if named is None or "/" not in named:
        return named
    if named.startswith("projects/") and "/endpoints/" in named:
        return named[named.rindex("endpoints/") :]
    return re.split(r"(?:^|/)models/", named)[-1] or None


_USAGE = fields(
    Usage,
    {
        "input_tokens": spelled("prompt_token_count"),
        "output_tokens": spelled("candidates_token_count") + spelled("response_token_count"),
        "total_tokens": spelled("total_token_count"),
        "cache_read_tokens": spelled("cached_content_token_count"),
        "reasoning_tokens": spelled("thoughts_token_count"),
        "tool_use_tokens": spelled("tool_use_prompt_token_count"),
    },
)
_DETAILS = {
    "prompt_tokens_details": "input_{}_tokens",
    "candidates_tokens_details": "output_{}_tokens",
    "cache_tokens_details": "cache_read_{}_tokens",
}


def usage(said: Any) -> Usage:
    """Read the usage of a generation: the prompt's tokens hold the cached ones, the candidates' do not hold thoughts.

    What Google's own tools put into the prompt is counted apart from it, and stays apart.
    """
    read = Usage()
    fill(read, said, _USAGE)
    with_thoughts(read)
    for place, field in _DETAILS.items():
        add_modalities(read, items(either(said, place)), field, "token_count")
    return read


def with_thoughts(read: Usage) -> None:
    """Make the output hold the thoughts, which Google counts beside it."""
    if read.reasoning_tokens:
        read.output_tokens = (read.output_tokens or 0) + read.reasoning_tokens


def add_modalities(read: Usage, details: Sequence[Any], field: str, count: str) -> None:
    """Add token counts by modality to the fields that tell modalities apart."""
    for detail in details:
        modality, number = (text(dig(detail, ("modality",))) or "").lower(), whole(either(detail, count))
        if modality in _MODALITIES and number is not None:
            name = field.format(modality)
            setattr(read, name, (getattr(read, name) or 0) + number)
