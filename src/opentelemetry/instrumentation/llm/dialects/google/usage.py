"""Shared by Google's dialects: two spellings of names, model names, and usage."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ...extraction.paths import Path, Table, as_int, as_sequence, as_str, copy_fields, fields, get_path, invalid
from ...schema.records import Usage

_MODALITIES = frozenset({"text", "image", "audio", "video"})


@cache
def spelled(path: str) -> tuple[str, ...]:
    """Return a path in the spelling of the SDK and in the spelling of the wire.

    >>> spelled("usage_metadata.prompt_token_count")
    ('usage_metadata.prompt_token_count', 'usageMetadata.promptTokenCount')
    """
    wire = re.sub(r"_(\w)", lambda found: found[1].upper(), path)
    return (path,) if wire == path else (path, wire)


@cache
def _ways(path: str) -> tuple[Path, ...]:
    return tuple(tuple(way.split(".")) for way in spelled(path))


def either(value: object, path: str) -> Any:
    """Follow a path in the first spelling that has a value."""
    for way in _ways(path):
        if (found := get_path(value, way)) is not None:
            return found
    return None


def model_name(model: object) -> str | None:
    """Return a model's name without its resource path, which may contain a project.

    >>> model_name("models/gemini-2.5-flash"), model_name("projects/p/locations/l/publishers/google/models/gemini-2.5-flash")
    ('gemini-2.5-flash', 'gemini-2.5-flash')
    >>> model_name("tunedModels/7"), model_name("projects/p/locations/l/endpoints/7")
    ('tunedModels/7', 'endpoints/7')
    """
    named = as_str(model)
    if named is None or "/" not in named:
        return named
    if named.startswith("projects/") and "/endpoints/" in named:
        return named[named.rindex("endpoints/") :]
    return re.split(r"(?:^|/)models/", named)[-1] or None


_GENERATED = fields(
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
_INTERACTED = fields(
    Usage,
    {
        "input_tokens": "total_input_tokens",
        "output_tokens": "total_output_tokens",
        "total_tokens": "total_tokens",
        "cache_read_tokens": "total_cached_tokens",
        "reasoning_tokens": ("total_thought_tokens", "total_reasoning_tokens"),
        "tool_use_tokens": "total_tool_use_tokens",
    },
)
_DETAILS = {
    "prompt_tokens_details": "input_{}_tokens",
    "candidates_tokens_details": "output_{}_tokens",
    "response_tokens_details": "output_{}_tokens",
    "tool_use_prompt_tokens_details": "input_{}_tokens",
    "tool_use_tokens_by_modality": "input_{}_tokens",
    "cache_tokens_details": "cache_read_{}_tokens",
    "input_tokens_by_modality": "input_{}_tokens",
    "output_tokens_by_modality": "output_{}_tokens",
    "cached_tokens_by_modality": "cache_read_{}_tokens",
}


_GROUNDED = {"google_search": "web_searches", "google_maps": "map_searches"}


def usage(usage_block: object) -> Usage:
    """Read the usage of a generation."""
    return _read(usage_block, _GENERATED)


def interaction_usage(usage_block: object) -> Usage:
    """Read the usage of an interaction."""
    return _read(usage_block, _INTERACTED)


def _read(usage_block: object, table: Table) -> Usage:
    """Read a usage block.

    Input tokens include cached tokens. Thought tokens are not part of the output count, and tokens of Google's own
    tools are not part of the input count. Both are billed at the price of the output or input, so they are added
    here.
    """
    read = Usage()
    copy_fields(read, usage_block, table)
    if read.reasoning_tokens:
        read.output_tokens = (read.output_tokens or 0) + read.reasoning_tokens
    if read.tool_use_tokens:
        read.input_tokens = (read.input_tokens or 0) + read.tool_use_tokens
    if usage_block is not None and (read.input_tokens is None or read.output_tokens is None):
        read.invalid = invalid(get_path(usage_block, path) for row in table.rows[:3] for path in row.paths)
    for place, field in _DETAILS.items():
        for detail in as_sequence(either(usage_block, place)):
            modality, count = as_str(get_path(detail, ("modality",))), either(detail, "token_count")
            _add(read, field, modality, as_int(get_path(detail, ("tokens",)) if count is None else count))
    for item in as_sequence(either(usage_block, "grounding_tool_count")):
        grounded = _GROUNDED.get(as_str(get_path(item, ("type",))) or "")
        if grounded is not None and (count := as_int(get_path(item, ("count",)))):
            setattr(read, grounded, (getattr(read, grounded) or 0) + count)
    return read


def _add(read: Usage, field: str, modality: str | None, count: int | None) -> None:
    if modality is not None and modality.lower() in _MODALITIES and count is not None:
        name = field.format(modality.lower())
        setattr(read, name, (getattr(read, name) or 0) + count)
