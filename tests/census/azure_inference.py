"""Functions of azure-ai-inference that send requests, not instrumented."""

from __future__ import annotations

NOT_WATCHED = {
    "azure.ai.inference*._patch:*Client.get_model_info": "asks an endpoint what it is, and no model",
    "azure.ai.inference*._patch:load_client": "asks an endpoint what it is, to choose a client for it",
    "azure.ai.inference*._operations*:*": "what generated code had for the same requests; the clients of _patch override it",
}
