"""Functions of together that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

from .generated import below

_MANAGED = "manages resources at the provider"
_BATCH = "manages a batch; its creation is observed"

NOT_WATCHED = {
    **below("together"),
    **UNOBSERVED["together"],
    "together.lib.cli.*": "a command line",
    "together.lib.resources.files:*": _MANAGED,
    "together.resources.audio.voices:*": _MANAGED,
    "together.resources.clusters.*": _MANAGED,
    "together.resources.endpoints*": _MANAGED,
    "together.resources.files*": _MANAGED,
    "together.resources.models*": _MANAGED,
    "together.resources.organization.*": _MANAGED,
    "together.resources.projects:*": _MANAGED,
    "together.resources.batches:*BatchesResource.retrieve": _BATCH,
    "together.resources.batches:*BatchesResource.list": _BATCH,
    "together.resources.batches:*BatchesResource.cancel": _BATCH,
}
