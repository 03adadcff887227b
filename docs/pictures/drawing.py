"""Draw SVG pictures of a terminal and of the panels of a dashboard."""

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
_FONT = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"'
# SVG attributes by ANSI code: bold, faint, and colours.
_LOOKS = {
    "1": 'font-weight="bold"', "2": f'fill="{FAINT}"', "31": f'fill="{RED}"', "32": 'fill="#8fd18b"', "33": 'fill="#f0c674"', "36": 'fill="#7cc7d9"',
}  # fmt: skip
_MARKED = re.compile("\x1b\\[(\\d+)m(.*?)\x1b\\[0m")


class Box(NamedTuple):
    """A rectangle of the picture."""

    x: float
    y: float
    width: float
    height: float


def terminal(lines: Sequence[str], title: str) -> str:
    """Draw lines as a terminal shows them, with their ANSI styles."""
    width = 40 + LETTER * max(len(_MARKED.sub(r"\2", line)) for line in lines)
    height = 62 + LINE * len(lines)
    drawn = [_frame(width, height)]
    drawn += [f'<circle cx="{22 + 20 * n}" cy="18" r="6" fill="{c}"/>' for n, c in enumerate((RED, COLOURS[1], COLOURS[0]))]
    drawn.append(_text(width / 2, 23, title, FAINT, 13, "middle"))
    drawn += [_terminal_line(20, 56 + LINE * number, line) for number, line in enumerate(lines) if line]
    return _document(width, height, drawn)


def _terminal_line(x: float, y: float, line: str) -> str:
    # The parts repeat: plain text, ANSI code, styled text.
    parts = _MARKED.split(line)
    drawn = [escape(parts[0])]
    for mark, marked, plain in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        drawn.append(f"<tspan {_LOOKS[mark]}>{escape(marked)}</tspan>{escape(plain)}")
    letters = len(_MARKED.sub(r"\2", line))
    return f'<text x="{x}" y="{y}" font-size="14" fill="{WORDS}" textLength="{LETTER * letters:.1f}" xml:space="preserve">{"".join(drawn)}</text>'


def dashboard(title: str, panels: Iterable[tuple[Mapping[str, Any], list[Series]]]) -> str:
    """Draw panels at the positions of the dashboard.

    A stat is drawn as a number, a graph as lines.
    """
    across, down, top = 50.0, 27.0, 46.0
    drawn, bottom = [], 0.0
    for panel, series in panels:
        place = panel["gridPos"]
        box = Box(place["x"] * across + 4, place["y"] * down + top, place["w"] * across - 8, place["h"] * down - 8)
        bottom = max(bottom, box.y + box.height)
        drawn += [f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4" fill="{PANEL}"/>']
        drawn += [_text(box.x + 10, box.y + 19, panel["title"], WORDS, 13)]
        drawn += (_stat if panel["type"] == "stat" else _graph)(box, panel["fieldConfig"]["defaults"], series)
    width = 24 * across
    return _document(width, bottom + 8, [_frame(width, bottom + 8), _text(12, 29, title, WORDS, 16), *drawn])


def _stat(box: Box, defaults: Mapping[str, Any], series: list[Series]) -> list[str]:
    values = [points[-1][1] for _, points in series if points]
    if not values:
        return [_text(box.x + box.width / 2, box.y + box.height / 2 + 22, "no data", FAINT, 14, "middle")]
    bad = [step["value"] for step in defaults["thresholds"]["steps"] if step["value"] is not None]
    colour = RED if any(values[-1] >= value for value in bad) else COLOURS[0]
    inside = Box(box.x, box.y + box.height - 26, box.width, 26)
    behind = _lines(inside, [series[-1]], [colour], filled=True)
    return [*behind, _text(box.x + box.width / 2, box.y + box.height / 2 + 16, amount(values[-1], defaults["unit"]), colour, 26, "middle")]


def _lines(inside: Box, series: list[Series], colours: Sequence[str], filled: bool = False, highest: float | None = None) -> list[str]:
    """Draw each series over the whole time; ``filled`` adds a shaded area."""
    points = [point for _, several in series for point in several]
    begin, end = min(at for at, _ in points), max(at for at, _ in points)
    highest = highest or max(value for _, value in points) or 1.0
    drawn, shade = [], ' opacity=".5"' if filled else ""
    for colour, (_, several) in zip(colours, series, strict=True):
        places = [
            f"{inside.x + inside.width * (at - begin) / ((end - begin) or 1):.0f} {inside.y + inside.height * (1 - value / highest):.1f}"
            for at, value in several
        ]
        if filled:
            floor = inside.y + inside.height
            closed = f"M{places[0].split()[0]} {floor}L{'L'.join(places)}L{places[-1].split()[0]} {floor}z"
            drawn.append(f'<path d="{closed}" fill="{colour}" opacity=".15"/>')
        drawn.append(f'<path d="M{"L".join(places)}" fill="none" stroke="{colour}" stroke-width="1.5"{shade}/>')
    return drawn


def _graph(box: Box, defaults: Mapping[str, Any], series: list[Series]) -> list[str]:
    inside = Box(box.x + 66, box.y + 30, box.width - 78, box.height - 30 - 14 * ((len(series) + 1) // 2) - 14)
    points = [point for _, several in series for point in several]
    if not points:
        return [_text(box.x + box.width / 2, box.y + box.height / 2, "no data", FAINT, 14, "middle")]
    highest = max(value for _, value in points) or 1.0
    drawn = []
    for share in (0.0, 0.5, 1.0):
        y = inside.y + inside.height * (1 - share)
        drawn.append(f'<path d="M{inside.x} {y:.1f}h{inside.width}" stroke="{GRID}"/>')
        drawn.append(_text(inside.x - 6, y + 4, amount(highest * share, defaults["unit"]), FAINT, 11, "end"))
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(series))]
    drawn += _lines(inside, series, colours, highest=highest)
    for number, (name, _) in enumerate(series):
        x, y = box.x + 12 + (number % 2) * box.width / 2, inside.y + inside.height + 22 + 14 * (number // 2)
        drawn.append(f'<path d="M{x} {y - 4}h12" stroke="{colours[number]}" stroke-width="3"/>')
        drawn.append(_text(x + 18, y, name if len(name) <= 24 else f"{name[:23]}…", FAINT, 11))
    return drawn


def amount(value: float, unit: str) -> str:
    """Format a number with its unit as a dashboard does.

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
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}"{placed}>{escape(text)}</text>'


def _frame(width: float, height: float) -> str:
    return f'<rect width="{width:.0f}" height="{height:.0f}" rx="8" fill="{GROUND}"/>'


def _document(width: float, height: float, drawn: Iterable[str]) -> str:
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_FONT}>'
    return "\n".join([head, *drawn, "</svg>"]) + "\n"
