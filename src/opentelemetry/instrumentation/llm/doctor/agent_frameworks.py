"""Find installed agent frameworks and the state of their patches."""

from __future__ import annotations

from collections.abc import Iterator

from .. import frameworks, providers
from ..calls.patches import installed
from ..instrumentor import LLMInstrumentor
from ..settings import Settings
from ..steps.tables import Framework
from .facts import FrameworkState


def found(settings: Settings) -> Iterator[FrameworkState]:
    """Yield the state of each framework that is installed."""
    for known in frameworks.KNOWN:
        if known.table.startswith("sdk_tools:"):
            continue  # tools of SDKs, which have a section of their own
        table = providers.loaded(known)
        version, fits = (None, False) if table is None else installed(table.requires)
        if table is None or version is None:
            continue
        patched = tuple(target for target in _targets(table) if target in LLMInstrumentor()._patches.patched)
        disabled = known.name in settings.disabled_frameworks
        state = "disabled" if disabled else "instrumented" if patched else "not imported" if fits else "untested"
        yield FrameworkState(known.name, table.requires, version, state, _operations(table), patched)


def _targets(table: Framework) -> tuple[str, ...]:
    return (*(step.target for step in table.steps), *(target for pair in table.pairs for target in (pair.begin, pair.end)))


def _operations(table: Framework) -> tuple[str, ...]:
    steps, pairs = (step.operation for step in table.steps), (pair.operation for pair in table.pairs)
    return tuple(dict.fromkeys((*steps, *pairs)))
