"""Usage in the words of OpenAI and of everybody who speaks like it; read by chat completions, responses, embeddings, images, audio."""

from __future__ import annotations

from typing import Any

from ..words.records import Usage
from .reading import fields, fill, number


def _in(place: str) -> tuple[str, ...]:
    return tuple(f"{details}.{place}" for details in ("prompt_tokens_details", "input_tokens_details", "input_token_details"))


def _out(place: str) -> tuple[str, ...]:
    return tuple(f"{details}.{place}" for details in ("completion_tokens_details", "output_tokens_details", "output_token_details"))


_USAGE = fields(
    Usage,
    {
        "input_tokens": ("prompt_tokens", "input_tokens"),
        "output_tokens": ("completion_tokens", "output_tokens"),
        "total_tokens": "total_tokens",
        "cache_read_tokens": (*_in("cached_tokens"), "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens"),
        "cache_write_tokens": (
            *(way for place in ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens") for way in (*_in(place), place)),
        ),
        "reasoning_tokens": (*_out("reasoning_tokens"), "reasoning_tokens"),
        "input_text_tokens": _in("text_tokens"),
        "input_image_tokens": _in("image_tokens"),
        "input_audio_tokens": _in("audio_tokens"),
        "output_text_tokens": _out("text_tokens"),
        "output_image_tokens": _out("image_tokens"),
        "output_audio_tokens": _out("audio_tokens"),
        "seconds": ("seconds", "duration"),
    },
)


def usage(said: Any) -> Usage:
    """Read a usage block.

    Some hosts leave reasoning out of the completion's tokens: where their own total says so, it is added, so that
    ``output_tokens`` always includes it.
    """
    read = Usage()
    fill(read, said, _USAGE)
    reported = number(said.get("cost") if isinstance(said, dict) else getattr(said, "cost", None))
    read.reported_cost_cents = None if reported is None else reported * 100
    apart = read.reasoning_tokens
    if apart and read.input_tokens is not None and read.output_tokens is not None:
        if read.total_tokens == read.input_tokens + read.output_tokens + apart:
            read.output_tokens += apart
    return read
