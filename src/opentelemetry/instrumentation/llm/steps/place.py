"""Put the steps and pairs of a framework in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..calls.patches import Patches
from ..wrapper import Wrapper
from .engine import StepServices, observed
from .pairs import paired
from .tables import Framework


def place(framework: Framework, patches: Patches, desk: StepServices) -> None:
    """Patch the steps and pairs of a framework when their modules are imported."""
    for step in framework.steps:
        make = partial(observed, framework=framework.name, step=step, desk=desk, switch=patches.switch)
        patches.place(framework.requires, step.target, make, optional=step.optional)
    for pair in framework.pairs:
        begins, ends = paired(framework.name, pair, desk, patches.switch)
        patches.place(framework.requires, pair.begin, begins, optional=True)
        patches.place(framework.requires, pair.end, ends, optional=True)
    for target, driver in framework.patches:
        patches.place(framework.requires, target, partial(_driven, driver), optional=True)
    for target, silent in framework.silenced if desk.replace_native else ():
        patches.place(framework.requires, target, partial(Wrapper, wrapper=silent(patches.watches)), optional=True)


def _driven(driver: Callable[[Any], Callable[..., Any]], original: Any) -> Any:
    return Wrapper(original, driver(original))
