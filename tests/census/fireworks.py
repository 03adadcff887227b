"""Functions of fireworks-ai that send requests and are not instrumented."""

from __future__ import annotations

from .generated import below

_HELD = "keeps things at the provider and asks no model"
_TRAINS = "trains or compares models at the provider: a job that is asked for again until it is done"

NOT_WATCHED = {
    **below("fireworks"),
    "fireworks.resources.accounts:*": _HELD,
    "fireworks.resources.api_keys:*": _HELD,
    "fireworks.resources.batch_inference_jobs:*": "a job over a data set that the provider holds; it tells neither requests nor usage",
    "fireworks.resources.datasets:*": _HELD,
    "fireworks.resources.deployment*": _HELD,
    "fireworks.resources.dpo_jobs:*": _TRAINS,
    "fireworks.resources.evaluat*": _TRAINS,
    "fireworks.resources.lora:*": _HELD,
    "fireworks.resources.models:*": _HELD,
    "fireworks.resources.reinforcement_fine_tuning_*": _TRAINS,
    "fireworks.resources.secrets:*": _HELD,
    "fireworks.resources.supervised_fine_tuning_jobs:*": _TRAINS,
    "fireworks.resources.users:*": _HELD,
    "fireworks.training.*": _TRAINS,
}
