"""What a span looks like to people: one line of text, and rows of a table, as pure functions of its attributes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ..reporters.text_table import aligned, amount
from .terminal import PLAIN, Style, Terminal

Attributes = Mapping[str, Any]
Row = list[float | None]
Part = tuple[str, Style | None]
"""A text and how it looks on a terminal."""

OPERATION, PROVIDER, MODEL = "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"
INPUT, CACHED, OUTPUT = "gen_ai.usage.input_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.output_tokens"
REASONING, FIRST_CHUNK = "gen_ai.usage.reasoning.output_tokens", "gen_ai.response.time_to_first_chunk"
COST, UNKNOWN_COST, STREAM_END = "ex_llm.cost.cents", "ex_llm.cost.unknown_reason", "ex_llm.stream.end"
ERROR_KIND, ERROR_TYPE = "ex_llm.error.kind", "error.type"
RESENT = "http.request.resend_count"
_AROUND_CALLS = frozenset({"invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "plan"})
HEAD = ("operation", "provider", "model", "calls", "errors", "tokens in", "cached", "tokens out", "cents", "mean time")
_COLUMNS: dict[str, Style] = {"provider": "faint", "tokens in": "cyan", "cached": "cyan", "tokens out": "cyan", "cents": "green"}


def is_call(attributes: Attributes) -> bool:
    """Say whether a span is one call of a provider, whose tokens and cost nobody else counts."""
    return OPERATION in attributes and attributes[OPERATION] not in _AROUND_CALLS


def printable(text: object) -> str:
    """Return a text that leaves the terminal alone and stays on its line.

    >>> printable("a\\x1b[31mb")
    'a?[31mb'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def time_shown(seconds: float) -> str:
    """Write a time as people read it.

    >>> time_shown(0.0421), time_shown(1.5), time_shown(83)
    ('42 ms', '1.50 s', '1 min 23 s')
    """
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms" if seconds >= 0.00995 else f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s" if seconds < 59.995 else f"{int(seconds + 0.5) // 60} min {int(seconds + 0.5) % 60} s"


def details(attributes: Attributes, seconds: float, resent: int) -> list[Part]:
    """Return what is told of a span after its name, in order; what is not known is left out."""
    told: list[Part] = [(str(attributes[PROVIDER]), "faint")] if PROVIDER in attributes else []
    told.append((time_shown(seconds), None))
    if FIRST_CHUNK in attributes:
        told.append((f"first chunk {time_shown(attributes[FIRST_CHUNK])}", None))
    told += [(text, "cyan") for text in _tokens(attributes)]
    if COST in attributes:
        told.append((f"{amount(attributes[COST])} cents", "green"))
    elif UNKNOWN_COST in attributes:
        told.append((f"no cost ({str(attributes[UNKNOWN_COST]).replace('_', ' ')})", "yellow"))
    if resent:
        told.append(("1 retry" if resent == 1 else f"{resent} retries", "yellow"))
    if attributes.get(STREAM_END, "complete") not in ("complete", "error"):
        told.append((f"stream {attributes[STREAM_END]}", "yellow"))
    return [(printable(text), style) for text, style in told]


def _tokens(attributes: Attributes) -> list[str]:
    told = []
    for total, part, word, of_which in ((INPUT, CACHED, "in", "cached"), (OUTPUT, REASONING, "out", "reasoning")):
        if total in attributes:
            beside = f" ({attributes[part]} {of_which})" if attributes.get(part) else ""
            told.append(f"{word} {attributes[total]}{beside}")
    return told


def failure(attributes: Attributes, description: str | None) -> str:
    """Name what failed: its type and kind, or what the status says; never nothing."""
    named = attributes.get(ERROR_TYPE) or description or "failed"
    kind = f" ({attributes[ERROR_KIND]})" if ERROR_KIND in attributes else ""
    return printable(f"ERROR {named}{kind}")


_ROWS_KEPT = 200
_OTHER = ("other", "", "")
"""The row of the models that were met after as many as are kept."""


class Totals:
    """Calls, failures, tokens, cost and time, by operation, provider and model."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], Row] = {}

    def add(self, attributes: Attributes, seconds: float, failed: bool) -> None:
        """Count one call in; what it does not tell stays untold, and is not 0."""
        who = tuple(printable(attributes.get(key, "")) for key in (OPERATION, PROVIDER, MODEL))
        numbers = [1, int(failed), *(attributes.get(key) for key in (INPUT, CACHED, OUTPUT, COST)), seconds]
        if who not in self._rows and len(self._rows) >= _ROWS_KEPT:
            who = _OTHER
        row = self._rows.get(who)
        self._rows[who] = numbers if row is None else _sums(row, numbers)

    def table(self, terminal: Terminal = PLAIN) -> str:
        """Return a row for each model and one for all of them; an empty text if there was no call."""
        if not self._rows:
            return ""
        every = functools.reduce(_sums, self._rows.values())
        rows = [(*who, *_numbers(row)) for who, row in sorted(self._rows.items())]
        cells = [HEAD, *rows, ("all", "", "", *_numbers(every))]
        return aligned(cells, (0, 1, 2), lambda cell, row, place: terminal.paint(cell, _style(row, place)))


def _style(row: tuple[str, ...], place: int) -> Style | None:
    if row is HEAD:
        return "faint"
    if HEAD[place] == "errors" and row[place] != "0":
        return "red"
    return "bold" if row[0] == "all" else _COLUMNS.get(HEAD[place])


def _sums(one: Row, other: Row) -> Row:
    return [a if b is None else b if a is None else a + b for a, b in zip(one, other, strict=True)]


def _numbers(row: Row) -> tuple[str, ...]:
    *told, seconds = row
    return (*("" if number is None else amount(number) for number in told), time_shown((seconds or 0) / (row[0] or 1)))
