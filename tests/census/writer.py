"""Functions of writer-sdk that send requests and are not instrumented."""

from __future__ import annotations

from .generated import below

_HELD = "keeps things at the provider and asks no model"
_UNTOLD = "an application without code, or a tool, of the provider's: it tells neither the model it asks nor what it used"

NOT_WATCHED = {
    **below("writerai"),
    "writerai.resources.applications.*": _UNTOLD,
    "writerai.resources.applications:*": _UNTOLD,
    "writerai.resources.files:*": _HELD,
    "writerai.resources.graphs:*GraphsResource.question": _UNTOLD,
    "writerai.resources.graphs:*GraphsResource.create": _HELD,
    "writerai.resources.graphs:*GraphsResource.retrieve": _HELD,
    "writerai.resources.graphs:*GraphsResource.update": _HELD,
    "writerai.resources.graphs:*GraphsResource.list": _HELD,
    "writerai.resources.graphs:*GraphsResource.delete": _HELD,
    "writerai.resources.graphs:*GraphsResource.*_graph": _HELD,
    "writerai.resources.models:*": _HELD,
    "writerai.resources.tools:*": _UNTOLD,
    "writerai.resources.translation:*": "translates a text; the conventions have no operation for it, and it tells no usage",
}
