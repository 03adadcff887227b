"""Detect whether an output stream supports colours and line characters."""

from __future__ import annotations

import os
from typing import Literal, TextIO

Style = Literal["bold", "faint", "red", "green", "yellow", "cyan"]
_CODES: dict[Style, int] = {"bold": 1, "faint": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}


class Terminal:
    """An output stream: ``paint`` adds colours, ``draws`` is True for line symbols.

    ``NO_COLOR`` disables colours. ``FORCE_COLOR`` enables them even if the stream is not a terminal.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.colours = _wants_colour(stream)
        self.draws = _can_draw(stream)

    def paint(self, text: str, style: Style | None) -> str:
        """Return the text with the escape codes of a style, or unchanged.

        >>> Terminal(None).paint("failed", "red")
        'failed'
        """
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colours and style and text else text


def _wants_colour(stream: TextIO | None) -> bool:
    if stream is None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _can_draw(stream: TextIO | None) -> bool:
    try:
        "├│└─✓✗→".encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


PLAIN = Terminal(None)
