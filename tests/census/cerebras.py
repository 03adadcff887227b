"""Functions of cerebras-cloud-sdk that send requests, not instrumented."""

from __future__ import annotations

from .generated import below

NOT_WATCHED = {
    **below("cerebras.cloud.sdk"),
    "cerebras.cloud.sdk.resources.models:*": "lists models",
    "cerebras.cloud.sdk._client:*Cerebras.__init__": "opens a connection in advance",
}
