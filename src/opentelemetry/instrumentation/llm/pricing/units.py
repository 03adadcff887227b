"""Priced units: key in price files, field of ``Usage``, and number of items.

Prices are US dollars: per million tokens or characters, per hour of audio, per second of video, per thousand of everything else. Price
files use these keys, and ``cost`` reads the counts. This module contains no providers and no models.
"""

from __future__ import annotations

from typing import NamedTuple

_MODALITIES = ("", "text", "audio", "image", "video")


class Kind(NamedTuple):
    """Category of a count; empty fields match all.

    ``Kind("tokens", "input")`` includes all input tokens.
    """

    family: str
    direction: str = ""
    modality: str = ""
    type: str = ""
    lifetime: str = ""

    def holds(self, other: Kind) -> bool:
        """Return whether this category includes all of ``other``.

        >>> Kind("tokens", "input").holds(Kind("tokens", "input", "audio"))
        True
        """
        return all(mine in ("", theirs) for mine, theirs in zip(self, other, strict=True))

    def overlap(self, other: Kind) -> Kind | None:
        """Return the overlap of both categories, or ``None`` if they are disjoint.

        >>> Kind("tokens", "input", "audio").overlap(Kind("tokens", "input", type="cache_read"))
        Kind(family='tokens', direction='input', modality='audio', type='cache_read', lifetime='')
        """
        if any(mine and theirs and mine != theirs for mine, theirs in zip(self, other, strict=True)):
            return None
        return Kind(*(mine or theirs for mine, theirs in zip(self, other, strict=True)))


class Unit(NamedTuple):
    """One priced unit."""

    key: str
    """Its key in price files."""
    field: str
    """The field of ``Usage`` that counts it; empty for a price per call."""
    per: int
    """Number of items that the price is for."""
    kind: Kind

    @property
    def part(self) -> str:
        """The field of ``Cost`` that the amount is added to."""
        if self.kind.family != "tokens":
            return "other"
        return self.kind.type if self.kind.type.startswith("cache_") else self.kind.direction


_TOKENS = (
    # key and the field's stem, direction, type, lifetime
    ("input", "input", "", ""),
    ("output", "output", "", ""),
    ("cache_read", "input", "cache_read", ""),
    ("cache_write", "input", "cache_write", ""),
    ("cache_write_5m", "input", "cache_write", "5m"),
    ("cache_write_1h", "input", "cache_write", "1h"),
    ("cache_write_12h", "input", "cache_write", "12h"),
    ("tool_use", "input", "tool", ""),
    ("reasoning", "output", "reasoning", ""),
    ("citation", "output", "citation", ""),
)

_REST = (
    ("characters", "characters", 1_000_000, Kind("characters", "input")),
    ("text_messages", "text_messages", 1_000, Kind("messages", "input", "text")),
    ("audio_hours", "seconds", 3_600, Kind("durations", "", "audio")),
    ("input_audio_hours", "seconds", 3_600, Kind("durations", "input", "audio")),
    ("output_audio_hours", "output_seconds", 3_600, Kind("durations", "output", "audio")),
    ("video_seconds", "video_seconds", 1, Kind("durations", "output", "video")),
    ("gigapixels", "pixels", 1_000_000_000, Kind("pixels", "input")),
    ("pages", "pages", 1_000, Kind("document_pages", "input")),
    ("annotated_pages", "annotated_pages", 1_000, Kind("document_pages", "input", type="annotated")),
    ("images", "images", 1_000, Kind("images", "output")),
    ("search_units", "search_units", 1_000, Kind("rerank")),
    ("web_searches", "web_searches", 1_000, Kind("tool_calls", type="web_search")),
    ("social_searches", "social_searches", 1_000, Kind("tool_calls", type="social_search")),
    ("storage_searches", "storage_searches", 1_000, Kind("tool_calls", type="storage_search")),
    ("code_executions", "code_executions", 1_000, Kind("tool_calls", type="code_execution")),
    ("code_sessions", "code_sessions", 1_000, Kind("tool_calls", type="code_session")),
    ("map_searches", "map_searches", 1_000, Kind("tool_calls", type="map_search")),
    ("requests", "", 1_000, Kind("requests")),
)


def _tokens() -> list[Unit]:
    units = []
    for stem, direction, type_, lifetime in _TOKENS:
        for modality in _MODALITIES:
            key = f"{stem}_{modality}" if modality else stem
            units.append(Unit(key, f"{key}_tokens", 1_000_000, Kind("tokens", direction, modality, type_, lifetime)))
    return units


UNITS: dict[str, Unit] = {unit.key: unit for unit in (*_tokens(), *(Unit(*row) for row in _REST))}
"""Every unit by its key; units without a field of ``Usage`` are not priced."""
