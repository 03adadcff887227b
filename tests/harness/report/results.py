"""Collect the results of the contract tests and print the matrix of patch points.

This is the pytest plugin of ``--matrix``.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from calls import SampleCall
from census import Inspected
from harness.report.matrix import PROPERTIES, Key, Matrix, Observer, Page, Result, Row
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls import targets
from opentelemetry.instrumentation.llm.calls.declaration import PatchPoint
from opentelemetry.instrumentation.llm.calls.running import ActiveCall


def keys(item: pytest.Item) -> Iterator[Key]:
    """Return the subjects of a test."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    for value in params.values():
        if isinstance(value, SampleCall):
            yield Key(value.provider, value.id, params.get("mode"))
        if isinstance(value, Inspected):
            yield from (Key(name) for name in value.providers)
    if isinstance(params.get("provider"), str):
        yield Key(params["provider"])


def is_there(point: PatchPoint) -> bool:
    """Return True if the installed release has the target of a patch point."""
    module, _, path = point.target.partition(":")
    path, _, variable = path.partition("@")
    with contextlib.suppress(ImportError):
        found = targets.find(importlib.import_module(module), path)
        return found is not None and (not variable or targets.cell_of(found[2], variable) is not None)
    return False


class Proving:
    """One run of the contract."""

    def __init__(self, requested: str) -> None:
        self._requested = requested
        self._matrix = Matrix()
        self._observer = Observer(providers.ALL)
        self._columns: set[str] = set()
        self._page: Page | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Observe every call that begins while the tests run."""
        begin = ActiveCall.enter
        ActiveCall.enter = self._observer.around(begin)  # type: ignore[method-assign]
        try:
            return (yield)
        finally:
            ActiveCall.enter = begin  # type: ignore[method-assign]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Take the result of each test of the contract."""
        report = yield
        column = PROPERTIES.get(item.path.stem)
        if column is None or (call.when != "call" and report.passed):
            return report
        self._columns.add(column)
        reason = report.longrepr[2].removeprefix("Skipped: ") if report.skipped and isinstance(report.longrepr, tuple) else ""
        for key in keys(item):
            self._matrix.add(column, key, Result(report.outcome, reason))
            for row in self._observer.begun:
                if row.provider == key.provider and key.sample is not None:
                    self._matrix.saw(row, key)
        self._observer.begun.clear()
        return report

    def _rows(self) -> Iterator[Row]:
        for provider in providers.ALL:
            if self._requested in ("all", provider.name):
                yield from (Row(provider.name, point) for point in provider.points if is_there(point))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail where a hole is left."""
        self._page = Page(self._matrix, self._rows(), [name for name in PROPERTIES.values() if name in self._columns])
        if self._page.holes and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the matrix."""
        write = terminalreporter.write_line
        terminalreporter.section("what was proved of every Point")
        for line in self._page.lines() if self._page else ():
            write(line)
        if left := [name for name in PROPERTIES.values() if name not in self._columns]:
            write(f"Not asked for: {', '.join(left)}.")
        for hole in self._page.holes if self._page else ():
            write(f"HOLE {hole}", red=True)
