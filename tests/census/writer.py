"""Functions of writer-sdk that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

from .generated import below

_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **below("writerai"),
    **UNOBSERVED["writer-sdk"],
    "writerai.resources.files:*": _MANAGED,
    "writerai.resources.graphs:*GraphsResource.create": _MANAGED,
    "writerai.resources.graphs:*GraphsResource.retrieve": _MANAGED,
    "writerai.resources.graphs:*GraphsResource.update": _MANAGED,
    "writerai.resources.graphs:*GraphsResource.list": _MANAGED,
    "writerai.resources.graphs:*GraphsResource.delete": _MANAGED,
    "writerai.resources.graphs:*GraphsResource.*_graph": _MANAGED,
    "writerai.resources.models:*": _MANAGED,
}
