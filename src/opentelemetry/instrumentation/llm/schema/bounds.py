"""Bounds of single values: what callers and providers write may be of any size and hold any character; what is recorded may not."""

from __future__ import annotations

import re

LONGEST = 256
"""Characters of a name, an id, a label or any other value that is not the content of a message."""
LARGEST = 2**53
"""First whole number that is no count: from here on floats skip numbers, and sums come near what 64 bits hold."""
LARGEST_INTEGER = 2**63 - 1
"""Largest integer that an attribute or a metric can hold."""
REPLACEMENT = "?"
# Controls (C0, C1), separators of lines and paragraphs, bidirectional marks, halves of surrogate pairs.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def short(value: str) -> str:
    """Return a value of at most 256 characters, each of which every exporter, terminal and label can carry.

    >>> short("gpt-4o"), short("gpt\\n\\ud800"), len(short("m" * 1_000_000))
    ('gpt-4o', 'gpt??', 256)
    """
    if len(value) <= LONGEST and value.isascii() and value.isprintable():
        return value
    return _HARMFUL.sub(REPLACEMENT, value[:LONGEST])


def encodable(value: str) -> str:
    """Return a text of any length without halves of surrogate pairs, which no encoder accepts.

    >>> encodable("line\\nline \\ud800")
    'line\\nline ?'
    """
    return value if value.isascii() else _SURROGATES.sub(REPLACEMENT, value)
