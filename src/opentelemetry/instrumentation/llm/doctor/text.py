"""Print the report: aligned sections, and a last line with the next action."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from ..exporters.terminal import PLAIN, Style, Terminal
from ..reporters.text_table import aligned
from .conflicts import OURS
from .facts import Facts, Finding, FrameworkState, OtherInstrumentation, SdkState, Sent, Setting, Signal
from .findings import what_to_do

Row = tuple[str, ...]
_PATTERNS = 2
"""Patterns of functions in a row; the JSON output has all."""
Mark = Literal["good", "note", "bad"]

# A symbol, a letter for streams that cannot encode the symbol, and a colour.
_MARKS: dict[Mark, tuple[str, str, Style]] = {"good": ("✓", "+", "green"), "note": ("•", "-", "yellow"), "bad": ("✗", "x", "red")}
_STATES: dict[str, Mark] = {"watched": "good", "partly watched": "good", "untested": "note", "not imported": "note", "disabled": "note"}


def written(collected: Facts, findings: Sequence[Finding], terminal: Terminal = PLAIN, width: int | None = None) -> str:
    """Return the report for a terminal; findings are folded at ``width`` columns."""
    page, versions = _Page(terminal, width), collected.versions
    others = [f"{name} {version or 'not installed'}" for name, version in versions.items() if name not in (OURS, "python")]
    sdks = {_sdk(sdk): _STATES.get(sdk.state, "bad") for sdk in collected.sdks if sdk.version}
    parts = [
        f"{page.bold(f'{OURS} {versions[OURS]}')} on Python {versions['python']}\n{', '.join(others)}",
        page.section("SDKs", sdks) + _not_installed(collected.sdks),
        page.section("Agent frameworks", {_framework(f): _STATES.get(f.state, "good") for f in collected.frameworks}, always=False),
        page.section("Billed calls that are not recorded", list(_unobserved(collected.sdks)), always=False),
        page.section("Spans that SDKs make themselves", [(n.target, n.done) for sdk in collected.sdks for n in sdk.native]),
        page.section("Other instrumentations of these SDKs", [_neighbour(n) for n in collected.neighbours]),
        page.section("Where telemetry goes", _exports(collected)),
        page.section("Test records", _sent(collected.sent), always=False),
        page.section("Settings that are not at their defaults", [_setting(s) for s in collected.settings if s.origin != "default"]),
        page.section("What the environment switches off", sorted(collected.disabled_by.items()), always=False),
        page.section(
            "Handlers on the bus", [(name, _count(count, "event")) for name, count in collected.handlers.items()], always=collected.inside
        ),
        page.findings(findings),
    ]
    return "\n\n".join(part for part in parts if part) + f"\n\n{page.bold('What to do:')} {what_to_do(findings)}"


class _Page:
    """The layout of a report on one terminal."""

    def __init__(self, terminal: Terminal, width: int | None) -> None:
        self._terminal, self._width = terminal, width

    def bold(self, text: str) -> str:
        return self._terminal.paint(text, "bold")

    def section(self, head: str, rows: Iterable[Row], always: bool = True) -> str:
        """Format a heading and aligned rows; a mapping gives each row its mark."""
        marks = [f"{self._mark(mark)} " for mark in rows.values()] if isinstance(rows, Mapping) else None
        rows = list(rows)
        if not rows:
            return f"{self.bold(head)}\n  none" if always else ""
        columns = max(map(len, rows))
        padded = [(*row, *[""] * (columns - len(row))) for row in rows]
        lines = aligned(padded, texts=tuple(range(columns))).splitlines()
        return "\n".join([self.bold(head), *(f"  {mark}{line}" for mark, line in zip(marks or [""] * len(lines), lines, strict=True))])

    def findings(self, findings: Sequence[Finding]) -> str:
        """Format the findings, each with its recommended action below it."""
        arrow = "→" if self._terminal.draws else "->"
        lines = [self.bold("Findings"), *([] if findings else ["  none"])]
        for number, finding in enumerate(findings, 1):
            mark, indent = self._mark("bad" if finding.problem else "note"), 6 + len(str(number))
            lines += self._folded(f"  {mark} {number}. ", indent, f"{finding.cause}: {finding.description}")
            lines += self._folded(f"{'':{indent}}{arrow} ", indent + 1 + len(arrow), finding.do)
        return "\n".join(lines)

    def _folded(self, lead: str, indent: int, text: str) -> list[str]:
        if self._width is None:
            return [lead + text]
        first, *rest = textwrap.wrap(text, max(self._width - indent, 20), break_long_words=False, break_on_hyphens=False) or [""]
        return [lead + first, *(f"{'':{indent}}{line}" for line in rest)]

    def _mark(self, mark: Mark) -> str:
        drawn, letter, style = _MARKS[mark]
        return self._terminal.paint(drawn if self._terminal.draws else letter, style)


def _sdk(sdk: SdkState) -> Row:
    return sdk.name, sdk.version or "", sdk.state, _watched(sdk)


def _framework(framework: FrameworkState) -> Row:
    places = f"{_count(len(framework.operations), 'operation')} at {_count(len(framework.patched), 'place')}"
    return framework.name, framework.version, framework.state, places if framework.patched else f"needs {framework.requires}"


def _not_installed(sdks: Iterable[SdkState]) -> str:
    absent = [sdk.name for sdk in sdks if not sdk.version]
    return f"\n  not installed: {_count(len(absent), 'other SDK')} that can be instrumented (docs/providers.md)" if absent else ""


def _count(number: int, thing: str) -> str:
    """Return a count with its noun.

    >>> _count(1, "place"), _count(2, "place")
    ('1 place', '2 places')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _unobserved(sdks: Iterable[SdkState]) -> Iterable[Row]:
    for sdk in sdks:
        for reason, patterns in sdk.unobserved.items():
            more = f" and {len(patterns) - _PATTERNS} more" if len(patterns) > _PATTERNS else ""
            yield sdk.name, ", ".join(patterns[:_PATTERNS]) + more, reason


def _watched(sdk: SdkState) -> str:
    if not sdk.operations:
        return "; ".join(sdk.errors) or f"needs {sdk.requires}"
    description = f"{_count(len(sdk.operations), 'operation')} at {_count(len(sdk.patched), 'place')}"
    return f"{description}, not {', '.join(sdk.without)}" if sdk.without else description


def _neighbour(neighbour: OtherInstrumentation) -> Row:
    state = "active" if neighbour.active else "switched off" if neighbour.off else "loaded by opentelemetry-instrument"
    return neighbour.name, neighbour.version, neighbour.sdk or "many SDKs", state if neighbour.sdk else "when its init() is called"


def _setting(setting: Setting) -> Row:
    return setting.name, setting.value, f"from {setting.origin}"


def _exports(collected: Facts) -> dict[Row, Mark]:
    if collected.inside:
        return {
            (name, description): "note" if description == "none" else "good" for name, description in collected.providers_in_process.items()
        }
    if collected.config_file:
        return {("all signals", f"configured by the file {collected.config_file} (OTEL_CONFIG_FILE)"): "good"}
    return {_signal(s): "bad" if s.missing or s.unreachable else "good" if s.exporters else "note" for s in collected.signals}


def _sent(sent: Iterable[Sent]) -> dict[Row, Mark]:
    marks: dict[str, Mark] = {"sent": "good", "not tried": "note"}
    return {(each.signal, each.exporter, each.status, each.detail): marks.get(each.status, "bad") for each in sent}


def _signal(signal: Signal) -> Row:
    named = ", ".join(f"{name} (not installed)" if name in signal.missing else name for name in signal.exporters)
    where = f"to {signal.endpoint} ({signal.endpoint_origin})" if signal.endpoint else ""
    where += ", not reached" if signal.unreachable else ""
    return signal.name, named or "nowhere", f"from {signal.origin}" if named else signal.origin, where
