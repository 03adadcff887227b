"""Functions of groq that send requests and are not instrumented."""

from __future__ import annotations

from .generated import below

_HELD = "keeps things at the provider and asks no model"
_BATCH = "looks after a batch; handing it in is watched"

NOT_WATCHED = {
    **below("groq"),
    "groq.resources.batches:*Batches.retrieve": _BATCH,
    "groq.resources.batches:*Batches.list": _BATCH,
    "groq.resources.batches:*Batches.cancel": _BATCH,
    "groq.resources.files:*": _HELD,
    "groq.resources.models:*": _HELD,
}
