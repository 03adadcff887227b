"""Map finish reasons of providers to the values of the semantic conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from .paths import as_str

_SAME: Mapping[str, tuple[str, ...]] = {
    "stop": ("end_turn", "stop_sequence", "complete", "completed", "finish", "finished", "eos", "endoftext", "eos_token"),
    "length": ("max_tokens", "max_output_tokens", "max_length", "model_length", "model_context_window_exceeded", "error_limit"),
    "tool_call": ("tool_calls", "tool_use", "function_call"),
    "content_filter": ("safety", "refusal", "guardrail_intervened", "content_filtered", "error_toxic"),
    "compaction": (),
    "error": ("failed", "cancelled"),
}
WORDS: Mapping[str, str] = MappingProxyType({theirs: ours for ours, others in _SAME.items() for theirs in (ours, *others)})


def finish_reason(word: object) -> str | None:
    """Return a finish reason in the conventions' words; unknown ones are unchanged.

    >>> finish_reason("tool_calls"), finish_reason("MAX_TOKENS"), finish_reason("RECITATION")
    ('tool_call', 'length', 'RECITATION')
    """
    value = as_str(word)
    return None if value is None else WORDS.get(value.lower(), value)


def aligned(words: Iterable[object]) -> list[str] | None:
    """Return the finish reasons of all choices in order; a missing one is ``error``."""
    return [finish_reason(word) or "error" for word in words] or None
