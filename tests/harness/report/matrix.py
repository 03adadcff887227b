"""Print the results for every patch point (``pytest --matrix``).

Rows are patch points, columns are properties. The patch points of a test are observed: those that begin a call while
its sample runs. An empty cell is a hole and not a pass; with ``--matrix`` a hole fails the run. A cell that is not
applicable has a reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint, Sdk

PROPERTIES: dict[str, str] = {
    "test_points": "fires",
    "test_values": "answers",
    "test_exits": "exits",
    "test_twin": "twin",
    "test_faults": "faults",
    "test_hostile": "hostile",
    "test_odd_answers": "odd",
    "test_canaries": "private",
    "test_callers_data": "caller's",
    "test_native": "native",
    "test_census": "census",
    "test_leaks": "leaks",
}
"""The columns, in their order, by the module of tests that proves them."""
NARROWER: dict[str, str] = {
    "answers": "a stream, whose answers are proved by exits",
    "odd": "no conversation, whose answers have few shapes",
}
"""Columns that concern some kinds of calls only, and the text of other cells."""


class Row(NamedTuple):
    """A Point of a provider."""

    provider: str
    point: PatchPoint

    @property
    def title(self) -> str:
        """Return a short name of the place in the SDK."""
        place = self.point.target.partition(":")
        return f"{self.point.route} {place[2].partition('.')[0]}" if self.point.route else self.point.target


class Key(NamedTuple):
    """Subject of a test: a provider, or one of its samples, sync, async or both."""

    provider: str
    sample: str | None = None
    mode: str | None = None

    def includes(self, other: Key) -> bool:
        """Return True if a test of this subject covers a patch point of ``other``."""
        return self.provider == other.provider and self.sample in (None, other.sample) and self.mode in (None, other.mode)


class Result(NamedTuple):
    """Result of one test: ``passed``, ``failed`` or ``skipped``, with the reason."""

    outcome: str
    reason: str = ""


@dataclass
class Matrix:
    """All results, and which Points were observed."""

    results: dict[str, dict[Key, list[Result]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    observed: dict[Row, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def add(self, column: str, key: Key, result: Result) -> None:
        """Take the result of a test."""
        self.results[column][key].append(result)

    def saw(self, row: Row, key: Key) -> None:
        """Note that a Point began a call while a test about ``key`` ran."""
        self.observed[row].add(key)

    def of(self, row: Row, column: str) -> list[Result]:
        """Return the results of all tests that cover a patch point."""
        keys = self.observed.get(row, ())
        about = [key for key in self.results.get(column, ()) if any(key.includes(seen) for seen in keys)]
        return [result for key in about for result in self.results[column][key]]

    def cell(self, row: Row, column: str) -> tuple[str, str]:
        """Return the text of a cell, and a reason if it has no number."""
        results = self.of(row, column)
        counts = Counter(result.outcome for result in results)
        if counts["failed"]:
            return "FAIL", f"{counts['failed']} of {len(results)} failed"
        if counts["passed"]:
            return str(counts["passed"]), ""
        if results:
            return "n/a", "; ".join(sorted({result.reason for result in results}))
        if column in NARROWER and row in self.observed:
            return "n/a", NARROWER[column]
        return "HOLE", "no test ran" if row in self.observed else "no sample makes it begin a call"


class Page:
    """The matrix as lines of text."""

    def __init__(self, matrix: Matrix, rows: Iterable[Row], columns: Iterable[str] = PROPERTIES.values()) -> None:
        self._matrix, self._rows, self._columns = matrix, list(rows), list(columns)

    @cached_property
    def cells(self) -> dict[tuple[Row, str], tuple[str, str]]:
        """Return all cells."""
        return {(row, column): self._matrix.cell(row, column) for row in self._rows for column in self._columns}

    @property
    def holes(self) -> list[str]:
        """Return the cells without a test and without a reason."""
        return [f"{row.provider} {row.title} / {column}: {why}" for (row, column), (cell, why) in self.cells.items() if cell == "HOLE"]

    def lines(self) -> Iterator[str]:
        """Return the table, one block for each provider, and the legend below it."""
        width = max((len(row.title) for row in self._rows), default=0)
        letters: dict[str, str] = {}
        for provider in dict.fromkeys(row.provider for row in self._rows):
            yield ""
            yield f"{provider:<{width}}  " + " ".join(f"{column:>8}" for column in self._columns)
            for row in (row for row in self._rows if row.provider == provider):
                shown = (self._shown(row, column, letters) for column in self._columns)
                yield f"{row.title:<{width}}  " + " ".join(f"{cell:>8}" for cell in shown)
        yield ""
        yield "A figure is the number of tests that passed."
        yield from (f"{letter}: {why}" for why, letter in letters.items())

    def _shown(self, row: Row, column: str, letters: dict[str, str]) -> str:
        cell, why = self.cells[row, column]
        return f"{cell} {letters.setdefault(why, str(len(letters) + 1))}" if why else cell


class Observer:
    """Observe which patch points begin a call while a test runs."""

    def __init__(self, providers: Iterable[Sdk]) -> None:
        self._owner = {id(point): provider.name for provider in providers for point in provider.points}
        self.begun: set[Row] = set()

    def around(self, begin: Callable[..., None]) -> Callable[..., None]:
        """Return a beginning that notes its Point."""

        def noting(running: Any, call: Any, point: PatchPoint, *context: Any) -> None:
            if (provider := self._owner.get(id(point))) is not None:
                self.begun.add(Row(provider, point))
            begin(running, call, point, *context)

        return noting
