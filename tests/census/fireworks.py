"""Functions of fireworks-ai that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

from .generated import below

_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **below("fireworks"),
    **UNOBSERVED["fireworks-ai"],
    "fireworks.resources.accounts:*": _MANAGED,
    "fireworks.resources.api_keys:*": _MANAGED,
    "fireworks.resources.datasets:*": _MANAGED,
    "fireworks.resources.deployment*": _MANAGED,
    "fireworks.resources.lora:*": _MANAGED,
    "fireworks.resources.models:*": _MANAGED,
    "fireworks.resources.secrets:*": _MANAGED,
    "fireworks.resources.users:*": _MANAGED,
}
