"""Functions of groq that send requests and are not observed."""

from __future__ import annotations

from .generated import below

_BATCH = "manages a batch; its creation is observed"
_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **below("groq"),
    "groq.resources.batches:*Batches.retrieve": _BATCH,
    "groq.resources.batches:*Batches.list": _BATCH,
    "groq.resources.batches:*Batches.cancel": _BATCH,
    "groq.resources.files:*": _MANAGED,
    "groq.resources.models:*": _MANAGED,
}
