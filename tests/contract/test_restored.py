"""Uninstrumenting restores every target, however often it is repeated."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import calls
from harness.observation.instrumented import Watching
from opentelemetry.instrumentation.llm import providers
from opentelemetry.instrumentation.llm.calls.declaration import Sdk
from opentelemetry.instrumentation.llm.calls.targets import cell_of
from opentelemetry.instrumentation.llm.wrapper import Wrapper

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),
]
SAMPLES = list(calls.read())
TABLES = [provider for provider in providers.ALL if provider.name in {sample.provider for sample in SAMPLES}]
TIMES = 3


def targets(table: Sdk) -> Iterator[str]:
    """Name every place of an SDK in which something of ours may stand."""
    yield from (point.target for point in table.points)
    yield from (patch.target for patch in (*table.patches, *table.native))


def standing(target: str) -> Any:
    """Return the current object at a target; ``None`` if there is no such target."""
    module, _, path = target.partition(":")
    path, _, variable = path.partition("@")
    found: Any = sys.modules.get(module)
    for name in path.split("."):
        found = None if found is None else vars(found).get(name)
    cell = cell_of(found, variable) if variable else None
    return cell.cell_contents if cell is not None else None if variable else found


def layers(found: Any) -> int:
    """Count how many wrappers of ours lie over each other."""
    count = 0
    while found is not None:
        count += isinstance(found, Wrapper)
        found = getattr(found, "__wrapped__", None)
    return count


def _load(table: Sdk) -> None:
    for module in {target.partition(":")[0] for target in targets(table)}:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_nothing_of_ours_is_left_and_nothing_lies_there_twice(table: Sdk, watching: Watching) -> None:
    watching.bare()
    _load(table)
    before = {target: standing(target) for target in targets(table)}
    for _ in range(TIMES):
        watching.watched()
        over = {target: layers(standing(target)) for target in before}
        assert any(over.values()) and max(over.values()) == 1, {target: count for target, count in over.items() if count > 1}
        watching.bare()
    assert [target for target, original in before.items() if standing(target) is not original] == []
    assert [target for target in before if layers(standing(target))] == []
