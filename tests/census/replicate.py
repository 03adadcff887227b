"""Functions of replicate that send requests and are not instrumented."""

from __future__ import annotations

_PASSES = "asks through a prediction's own functions, which are watched"
_HELD = "keeps things at the provider and asks no model"

NOT_WATCHED = {
    "replicate.client:Client.run": _PASSES,
    "replicate.client:Client.async_run": _PASSES,
    "replicate.client:Client.*stream": "asks for a prediction, which is watched, and then reads from another server what it says",
    "replicate.client:Client._*request": "below the functions that are watched; others pass it too",
    "replicate.helpers:FileOutput.*": "fetches a file that a prediction has made",
    "replicate.stream:*stream": "asks for a prediction, which is watched, and then reads from another server what it says",
    "replicate.prediction:Prediction.*stream": "reads from another server what a prediction says; that it was asked for is told",
    "replicate.prediction:*": _PASSES,
    "replicate.training:*": "trains a model at the provider",
    "replicate.model:Model*": _HELD,
    "replicate.deployment:Deployment*": _HELD,
    "replicate.account:*": _HELD,
    "replicate.collection:*": _HELD,
    "replicate.file:*": _HELD,
    "replicate.hardware:*": _HELD,
    "replicate.version:*": _HELD,
    "replicate.webhook:*": _HELD,
}
