"""Why a generation ended: providers' words for it, in the words of the conventions where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

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


def finish_reason(word: Any) -> str | None:
    """Say a provider's finish reason in the conventions' words; one without such a word stays as it is.

    >>> finish_reason("tool_calls"), finish_reason("MAX_TOKENS"), finish_reason("RECITATION")
    ('tool_call', 'length', 'RECITATION')
    """
    said = as_str(word)
    return None if said is None else WORDS.get(said.lower(), said)


def aligned(words: Iterable[Any]) -> list[str] | None:
    """Say the finish reasons of all choices in their order; a choice that never got one says ``error``."""
    return [finish_reason(word) or "error" for word in words] or None
