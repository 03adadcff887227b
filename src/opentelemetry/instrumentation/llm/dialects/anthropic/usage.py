"""Anthropic usage blocks: cache counts are separate from the input tokens.

A message may be billed for more than its own tokens: context compaction, and the model of an advisor tool. These
counts are in ``usage.iterations`` with their models, and not in the top-level counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...extraction.paths import as_int, as_sequence, as_str, get_path, invalid
from ...schema.records import Usage, UsagePart

_COUNTS = {
    "input": ("input_tokens",),
    "output": ("output_tokens",),
    "read": ("cache_read_input_tokens",),
    "written": ("cache_creation_input_tokens",),
    "written_5m": ("cache_creation", "ephemeral_5m_input_tokens"),
    "written_1h": ("cache_creation", "ephemeral_1h_input_tokens"),
    "thinking": ("output_tokens_details", "thinking_tokens"),
    "searches": ("server_tool_use", "web_search_requests"),
}
_TOP = tuple(_COUNTS[name] for name in ("input", "output", "read", "written"))
_IN_THE_MESSAGE = frozenset({"message", "fallback_message"})
"""Types of iterations that the top-level counts include."""


def counts(usage_block: object) -> dict[str, int]:
    """Read the counts of a usage block or of an iteration."""
    found = {name: count for name, path in _COUNTS.items() if (count := as_int(get_path(usage_block, path))) is not None}
    if (
        usage_block is not None
        and ("input" not in found or "output" not in found)
        and (bad := invalid(get_path(usage_block, path) for path in _TOP))
    ):
        found["invalid"] = bad
    return found


def usage(counts: Mapping[str, int]) -> Usage:
    """Build usage from counts; cache reads and writes are added to the input tokens."""
    read, written = counts.get("read"), counts.get("written")
    if written is None and ("written_5m" in counts or "written_1h" in counts):
        written = counts.get("written_5m", 0) + counts.get("written_1h", 0)
    input_tokens = counts.get("input")
    return Usage(
        input_tokens=None if input_tokens is None else input_tokens + (read or 0) + (written or 0),
        output_tokens=counts.get("output"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=counts.get("written_1h"),
        reasoning_tokens=counts.get("thinking"),
        web_searches=counts.get("searches"),
        invalid=counts.get("invalid"),
    )


def iterations(usage_block: object) -> Sequence[Any]:
    """Return the iterations of a usage block; empty if there are none."""
    return as_sequence(get_path(usage_block, ("iterations",)))


def parts(top: Usage, model: str | None, made: Sequence[object]) -> list[UsagePart] | None:
    """Return the billed parts, or ``None`` if the top-level counts are complete.

    An iteration of unknown type is billed in addition to the top level, unless the top level is the sum of all
    iterations.
    """
    own: list[UsagePart] = []
    beside: list[UsagePart] = []
    for item in made:
        kind = as_str(get_path(item, ("type",)))
        (own if kind is None or kind in _IN_THE_MESSAGE else beside).append(
            UsagePart(as_str(get_path(item, ("model",))), usage(counts(item)))
        )
    if not beside and all(part.model in (None, model) for part in own):
        return None
    whole_of = _sums(own)
    if beside and own and _sums([*own, *beside]) == (top.input_tokens, top.output_tokens):
        own, beside = [*own, *beside], []
    elif whole_of != (top.input_tokens, top.output_tokens):
        own = []
    if not own or all(part.model in (None, model) for part in own):
        return [UsagePart(None, top), *beside] if beside else None
    if top.web_searches:
        # Searches are counted once for the whole message, not per iteration.
        own.append(UsagePart(None, Usage(web_searches=top.web_searches)))
    return [*own, *beside]


def _sums(found: list[UsagePart]) -> tuple[int, int]:
    return sum(part.usage.input_tokens or 0 for part in found), sum(part.usage.output_tokens or 0 for part in found)
