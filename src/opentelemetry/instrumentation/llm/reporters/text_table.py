"""Format tables and numbers as plain text.

The console reporter and the console exporter use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

Row = tuple[str, ...]
Paint = Callable[[str, Row, int], str]
"""Add styles to a padded cell, given its row and its index in the row."""


def amount(value: float, digits: int = 6) -> str:
    """Format a number with ``digits`` significant digits and without an exponent.

    >>> amount(0.000012345678), amount(1234567.0), amount(3), amount(12.50)
    ('0.0000123457', '1234567', '3', '12.5')
    """
    if isinstance(value, int):
        return str(value)
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text) if abs(value) < 1 else value:.12f}".rstrip("0").rstrip(".")
    return text


def aligned(rows: Iterable[Row], texts: tuple[int, ...], paint: Paint | None = None) -> str:
    """Align rows in columns.

    Columns with an index in ``texts`` are aligned to the left, all others to the right.

    >>> print(aligned([("metric", "value"), ("a", "10")], texts=(0,)))
    metric  value
    a          10
    """
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def padded(row: Row) -> str:
        last = max((place for place, cell in enumerate(row) if cell), default=0)
        cells = [
            cell.ljust(widths[p] if p < last else 0) if p in texts else cell.rjust(widths[p]) for p, cell in enumerate(row[: last + 1])
        ]
        return "  ".join(cells if paint is None else (paint(cell, row, place) for place, cell in enumerate(cells)))

    return "\n".join(map(padded, rows))
