"""Format spans for people: a line for each span, and rows of a table.

The functions depend on span attributes only.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ..reporters.text_table import aligned, amount
from .terminal import PLAIN, Style, Terminal

Attributes = Mapping[str, Any]
Row = list[float | None]
Part = tuple[str, Style | None]
"""A text and its style on a terminal."""

OPERATION, PROVIDER, MODEL = "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"
INPUT, CACHED, OUTPUT = "gen_ai.usage.input_tokens", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.output_tokens"
REASONING, FIRST_CHUNK = "gen_ai.usage.reasoning.output_tokens", "gen_ai.response.time_to_first_chunk"
COST, UNKNOWN_COST, STREAM_END = "ex_llm.cost.cents", "ex_llm.cost.unknown_reason", "ex_llm.stream.end"
ERROR_KIND, ERROR_TYPE = "ex_llm.error.kind", "error.type"
INFERENCES, TOOLS, OUTCOME = "ex_llm.agent.inference_calls", "ex_llm.agent.tool_calls", "ex_llm.outcome"
RESENT = "http.request.resend_count"
_AROUND_CALLS = frozenset({"invoke_agent", "create_agent", "execute_tool", "invoke_workflow", "plan"})
HEAD = ("operation", "provider", "model", "calls", "errors", "tokens in", "cached", "tokens out", "cents", "mean time")
_COLUMNS: dict[str, Style] = {"provider": "faint", "tokens in": "cyan", "cached": "cyan", "tokens out": "cyan", "cents": "green"}


def is_call(attributes: Attributes) -> bool:
    """Return True if a span is a single call of a provider.

    Its tokens and cost are then not included in another span.
    """
    return OPERATION in attributes and attributes[OPERATION] not in _AROUND_CALLS


def printable(text: object) -> str:
    """Return a text without control characters and line breaks.

    >>> printable("a\\x1b[31mb")
    'a?[31mb'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def time_shown(seconds: float) -> str:
    """Return a duration in a readable unit.

    >>> time_shown(0.0421), time_shown(1.5), time_shown(83)
    ('42 ms', '1.50 s', '1 min 23 s')
    """
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms" if seconds >= 0.00995 else f"{seconds * 1e3:.1f} ms"
    return f"{seconds:.2f} s" if seconds < 59.995 else f"{int(seconds + 0.5) // 60} min {int(seconds + 0.5) % 60} s"


def details(attributes: Attributes, seconds: float, resent: int) -> list[Part]:
    """Return the texts after the name of a span, in order, without unknown values."""
    parts: list[Part] = [(str(attributes[PROVIDER]), "faint")] if PROVIDER in attributes else []
    parts.append((time_shown(seconds), None))
    if FIRST_CHUNK in attributes:
        parts.append((f"first chunk {time_shown(attributes[FIRST_CHUNK])}", None))
    parts += [(text, "cyan") for text in _tokens(attributes)]
    if COST in attributes:
        parts.append((f"{amount(attributes[COST])} cents", "green"))
    elif UNKNOWN_COST in attributes:
        parts.append((f"no cost ({str(attributes[UNKNOWN_COST]).replace('_', ' ')})", "yellow"))
    for key, thing in ((INFERENCES, "call"), (TOOLS, "tool")):
        if count := attributes.get(key):
            parts.append((f"{count} {thing}{'' if count == 1 else 's'}", "faint"))
    if attributes.get(OUTCOME, "complete") not in ("complete", "error"):
        parts.append((str(attributes[OUTCOME]).replace("_", " "), "yellow"))
    if resent:
        parts.append(("1 retry" if resent == 1 else f"{resent} retries", "yellow"))
    if attributes.get(STREAM_END, "complete") not in ("complete", "error"):
        parts.append((f"stream {attributes[STREAM_END]}", "yellow"))
    return [(printable(text), style) for text, style in parts]


def _tokens(attributes: Attributes) -> list[str]:
    texts = []
    for total, part, word, of_which in ((INPUT, CACHED, "in", "cached"), (OUTPUT, REASONING, "out", "reasoning")):
        if total in attributes:
            share = f" ({attributes[part]} {of_which})" if attributes.get(part) else ""
            texts.append(f"{word} {attributes[total]}{share}")
    return texts


def failure(attributes: Attributes, description: str | None) -> str:
    """Return a text for a failure: its type and kind, or the status description.

    The text is never empty.
    """
    named = attributes.get(ERROR_TYPE) or description or "failed"
    kind = f" ({attributes[ERROR_KIND]})" if ERROR_KIND in attributes else ""
    return printable(f"ERROR {named}{kind}")


_ROWS_KEPT = 200
_OTHER = ("other", "", "")
"""The row for models above the maximum number of rows."""


class Totals:
    """Calls, failures, tokens, cost and time, by operation, provider and model."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], Row] = {}

    def add(self, attributes: Attributes, seconds: float, failed: bool) -> None:
        """Add one call. A value that is missing stays unknown and is not counted as 0."""
        who = tuple(printable(attributes.get(key, "")) for key in (OPERATION, PROVIDER, MODEL))
        numbers = [1, int(failed), *(attributes.get(key) for key in (INPUT, CACHED, OUTPUT, COST)), seconds]
        if who not in self._rows and len(self._rows) >= _ROWS_KEPT:
            who = _OTHER
        row = self._rows.get(who)
        self._rows[who] = numbers if row is None else _sums(row, numbers)

    def table(self, terminal: Terminal = PLAIN) -> str:
        """Return a table with a row for each model and a row for the sum.

        The text is empty if there was no call.
        """
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
    *numbers, seconds = row
    return (*("" if number is None else amount(number) for number in numbers), time_shown((seconds or 0) / (row[0] or 1)))
