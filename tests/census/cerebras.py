"""What cerebras-cloud-sdk asks the network for and is not watched. A ``*`` in a key stands for anything; keys cover the Async forms too."""

from __future__ import annotations

from .generated import below

NOT_WATCHED = {
    **below("cerebras.cloud.sdk"),
    "cerebras.cloud.sdk.resources.models:*": "lists models and asks none",
    "cerebras.cloud.sdk._client:*Cerebras.__init__": "opens a connection ahead of time (GET /v1/tcp_warming) and asks no model",
}
