"""Functions of azure-ai-inference that send requests, not instrumented."""

from __future__ import annotations

_DESCRIPTION = "reads the description of an endpoint"

NOT_WATCHED = {
    "azure.ai.inference*._patch:*Client.get_model_info": _DESCRIPTION,
    "azure.ai.inference*._patch:load_client": _DESCRIPTION,
    "azure.ai.inference*._operations*:*": "generated code; the clients in _patch override it",
}
