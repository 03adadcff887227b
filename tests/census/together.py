"""Functions of together that send requests and are not instrumented."""

from __future__ import annotations

from .generated import below

_HELD = "keeps things at the provider and asks no model"
_TRAINS = "trains a model, or samples one while it is trained: a job that is asked for again until it is done"
_SOCKET = "a WebSocket, which no function that is watched sees"
_BATCH = "looks after a batch; handing it in is watched"

NOT_WATCHED = {
    **below("together"),
    "together.lib.cli.*": "the command line of the SDK",
    "together.lib.realtime.*": _SOCKET,
    "together.lib.resources.files:*": _HELD,
    "together.post_training.*": _TRAINS,
    "together.resources.audio.voices:*": _HELD,
    "together.resources.batches:*BatchesResource.retrieve": _BATCH,
    "together.resources.batches:*BatchesResource.list": _BATCH,
    "together.resources.batches:*BatchesResource.cancel": _BATCH,
    "together.resources.beta.*": "deployments of the application's own containers, and their queues",
    "together.resources.clusters.*": _HELD,
    "together.resources.endpoints*": _HELD,
    "together.resources.evals*": "compares models at the provider: a job, whose calls of models are made there",
    "together.resources.files*": _HELD,
    "together.resources.fine_tuning*": _TRAINS,
    "together.resources.models*": _HELD,
    "together.resources.organization.*": _HELD,
    "together.resources.post_training.*": _TRAINS,
    "together.resources.projects:*": _HELD,
    "together.resources.realtime:*": _SOCKET,
    "together.resources.videos*": "a job that is asked for again until its video is made; the conventions have no operation for it",
}
