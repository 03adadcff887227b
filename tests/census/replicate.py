"""Functions of replicate that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_CALLS_ANOTHER = "calls another function that is observed"
_PREDICTION = "creates a prediction, which is observed, and then reads its output from another server"
_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **UNOBSERVED["replicate"],
    "replicate.client:Client.run": _CALLS_ANOTHER,
    "replicate.client:Client.async_run": _CALLS_ANOTHER,
    "replicate.prediction:*": _CALLS_ANOTHER,
    "replicate.client:Client.*stream": _PREDICTION,
    "replicate.stream:*stream": _PREDICTION,
    "replicate.client:Client._*request": "below the functions that are observed; other operations pass it too",
    "replicate.helpers:FileOutput.*": "downloads a file that a prediction created",
    "replicate.prediction:Prediction.*stream": "reads the output of a prediction from another server; the prediction is observed",
    "replicate.model:Model*": _MANAGED,
    "replicate.deployment:Deployment*": _MANAGED,
    "replicate.account:*": _MANAGED,
    "replicate.collection:*": _MANAGED,
    "replicate.file:*": _MANAGED,
    "replicate.hardware:*": _MANAGED,
    "replicate.version:*": _MANAGED,
    "replicate.webhook:*": _MANAGED,
}
