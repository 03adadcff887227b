"""Put the steps and pairs of a framework in place."""

from __future__ import annotations

from functools import partial

from ..calls.patches import Patches
from ..wrapper import Patch, Wrapper, driven
from .engine import StepServices, observed
from .pairs import paired
from .tables import Framework


def place(framework: Framework, patches: Patches, desk: StepServices) -> None:
    """Patch the steps and pairs of a framework when their modules are imported."""
    for step in framework.steps:
        wrap = partial(observed, framework=framework.name, step=step, desk=desk, switch=patches.switch)
        patches.place(Patch(framework.requires, step.target, wrap, step.optional))
    for pair in framework.pairs:
        begins, ends = paired(framework.name, pair, desk, patches.switch)
        patches.place(Patch(framework.requires, pair.begin, begins))
        patches.place(Patch(framework.requires, pair.end, ends))
    for target, driver in framework.patches:
        patches.place(Patch(framework.requires, target, driven(driver)))
    for target, silent in framework.silenced if desk.replace_native else ():
        patches.place(Patch(framework.requires, target, partial(Wrapper, wrapper=silent(patches.is_instrumented))))
