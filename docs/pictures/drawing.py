"""Pictures as SVG text: what a terminal shows, and the panels of a dashboard with the answers of a Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

Series = tuple[str, list[tuple[float, float]]]
"""A name and its points: seconds and values."""

LETTER, LINE = 8.4, 20
GROUND, PANEL, GRID, WORDS, FAINT, RED = "#16181d", "#1f2229", "#343944", "#dfe3ea", "#8b93a3", "#ff6b6b"
COLOURS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#a0a8ff")
_STYLE = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" xml:space="preserve"'
_RED = re.compile("\x1b\\[31m(.*?)\x1b\\[0m")


class Box(NamedTuple):
    """A place on the picture."""

    x: float
    y: float
    width: float
    height: float


def terminal(lines: Sequence[str], title: str) -> str:
    """Draw lines as a terminal shows them; what is between the marks for red is red."""
    width = 40 + LETTER * max(len(_RED.sub(r"\1", line)) for line in lines)
    height = 62 + LINE * len(lines)
    drawn = [_frame(width, height)]
    drawn += [f'<circle cx="{22 + 20 * n}" cy="18" r="6" fill="{c}"/>' for n, c in enumerate((RED, COLOURS[1], COLOURS[0]))]
    drawn.append(_text(width / 2, 23, title, FAINT, 13, "middle"))
    drawn += [_terminal_line(20, 56 + LINE * number, line) for number, line in enumerate(lines)]
    return _document(width, height, drawn)


def _terminal_line(x: float, y: float, line: str) -> str:
    parts = [f'<tspan fill="{RED}">{escape(part)}</tspan>' if number % 2 else escape(part) for number, part in enumerate(_RED.split(line))]
    letters = len(_RED.sub(r"\1", line))
    return f'<text x="{x}" y="{y}" font-size="14" fill="{WORDS}" textLength="{LETTER * letters:.1f}" {_STYLE}>{"".join(parts)}</text>'


def dashboard(title: str, panels: Iterable[tuple[Mapping[str, Any], list[Series]]]) -> str:
    """Draw panels where the dashboard places them: a number for a stat, lines for a graph."""
    across, down, top = 50.0, 27.0, 46.0
    drawn, bottom = [], 0.0
    for panel, series in panels:
        place = panel["gridPos"]
        box = Box(place["x"] * across + 4, place["y"] * down + top, place["w"] * across - 8, place["h"] * down - 8)
        bottom = max(bottom, box.y + box.height)
        drawn += [f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4" fill="{PANEL}"/>']
        drawn += [_text(box.x + 10, box.y + 19, panel["title"], WORDS, 13)]
        drawn += (_stat if panel["type"] == "stat" else _graph)(box, panel["fieldConfig"]["defaults"]["unit"], series)
    width = 24 * across
    return _document(width, bottom + 8, [_frame(width, bottom + 8), _text(12, 29, title, WORDS, 16), *drawn])


def _stat(box: Box, unit: str, series: list[Series]) -> list[str]:
    values = [points[-1][1] for _, points in series if points]
    shown = amount(values[-1], unit) if values else "no data"
    return [_text(box.x + box.width / 2, box.y + box.height / 2 + 22, shown, COLOURS[0], 26, "middle")]


def _graph(box: Box, unit: str, series: list[Series]) -> list[str]:
    inside = Box(box.x + 66, box.y + 30, box.width - 78, box.height - 30 - 14 * ((len(series) + 1) // 2) - 14)
    points = [point for _, several in series for point in several]
    if not points:
        return [_text(box.x + box.width / 2, box.y + box.height / 2, "no data", FAINT, 14, "middle")]
    highest = max(value for _, value in points) or 1.0
    begin, end = min(at for at, _ in points), max(at for at, _ in points)
    drawn = []
    for share in (0.0, 0.5, 1.0):
        y = inside.y + inside.height * (1 - share)
        drawn.append(f'<path d="M{inside.x} {y:.1f}h{inside.width}" stroke="{GRID}"/>')
        drawn.append(_text(inside.x - 6, y + 4, amount(highest * share, unit), FAINT, 11, "end"))
    for number, (name, several) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        path = [
            f"{inside.x + inside.width * (at - begin) / ((end - begin) or 1):.1f} {inside.y + inside.height * (1 - value / highest):.1f}"
            for at, value in several
        ]
        drawn.append(f'<path d="M{"L".join(path)}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        x, y = box.x + 12 + (number % 2) * box.width / 2, inside.y + inside.height + 22 + 14 * (number // 2)
        drawn.append(f'<path d="M{x} {y - 4}h12" stroke="{colour}" stroke-width="3"/>')
        drawn.append(_text(x + 18, y, name if len(name) <= 24 else f"{name[:23]}…", FAINT, 11))
    return drawn


def amount(value: float, unit: str) -> str:
    """Write a number with its unit as a dashboard does.

    >>> amount(0.0512, "percentunit"), amount(12.34, "reqps"), amount(0.00012, "currencyUSD"), amount(1999.0, "ms")
    ('5.12 %', '12.3/s', '$0.00012', '2 s')
    """
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "ms" and value >= 1000:
        return f"{value / 1000:.3g} s"
    short = f"{value / 1e6:.3g} M" if value >= 1e6 else f"{value / 1e3:.3g} k" if value >= 1e4 else f"{value:.3g}"
    if "e" in short:
        short = f"{value:.8f}".rstrip("0")
    return {"reqps": f"{short}/s", "currencyUSD": f"${short}", "ms": f"{short} ms"}.get(unit, short)


def _text(x: float, y: float, text: str, colour: str, size: int, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" {_STYLE}>{escape(text)}</text>'


def _frame(width: float, height: float) -> str:
    return f'<rect width="{width:.0f}" height="{height:.0f}" rx="8" fill="{GROUND}"/>'


def _document(width: float, height: float, drawn: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">'
    return "\n".join([head, *drawn, "</svg>"]) + "\n"
