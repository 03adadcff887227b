"""Limit the size and the characters of recorded values.

Applications and providers can send values of any size with any character.
"""

from __future__ import annotations

import re
from typing import Any

LONGEST = 256
"""Maximum number of characters of a name, an id, a label or any other value that
is not message content.
"""
LARGEST = 2**53
"""Limit of counts. From here on floats cannot represent every integer, and sums
approach 64 bits.
"""
LARGEST_INTEGER = 2**63 - 1
"""Largest integer that an attribute or a metric can hold."""
LONGEST_DESCRIPTION = 1024
"""Maximum number of characters of a description."""
REPLACEMENT = "?"
# Control characters (C0, C1), line and paragraph separators, bidirectional marks, and surrogates.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def short(value: str) -> str:
    """Return a value of at most 256 characters, all of them safe to export and print.

    >>> short("gpt-4o"), short("gpt\\n\\ud800"), len(short("m" * 1_000_000))
    ('gpt-4o', 'gpt??', 256)
    """
    if len(value) <= LONGEST and value.isascii() and value.isprintable():
        return value
    return _HARMFUL.sub(REPLACEMENT, value[:LONGEST])


def encodable(value: str) -> str:
    """Return a text of any length without lone surrogates, which cannot be encoded.

    >>> encodable("line\\nline \\ud800")
    'line\\nline ?'
    """
    return value if value.isascii() else _SURROGATES.sub(REPLACEMENT, value)


def bounded(value: Any, longest: int = LONGEST) -> Any:
    """Return a value that an application or a framework gives, safe to export.

    A text is cut to ``longest`` characters. An integer of more than 64 bits becomes ``None``. Other values are unchanged.

    >>> bounded("tool\\n"), bounded(2**70), bounded(0.5), bounded("t" * 300, 2)
    ('tool?', None, 0.5, 'tt')
    """
    if isinstance(value, str):
        return short(value) if longest == LONGEST else _HARMFUL.sub(REPLACEMENT, value[:longest])
    return None if isinstance(value, int) and abs(value) > LARGEST_INTEGER else value
