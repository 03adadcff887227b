"""Functions of ai21 that send requests and are not instrumented."""

from __future__ import annotations

_RUNS = "runs at the provider: its calls of models are made and counted there, and are not this process's"
_HELD = "keeps things at the provider and asks no model"

NOT_WATCHED = {
    "ai21.clients.studio.resources.agents.*": _RUNS,
    "ai21.clients.studio.resources.maestro.*": _RUNS,
    "ai21.clients.studio.resources.studio_conversational_rag:*": _RUNS,
    "ai21.clients.studio.resources.studio_library:*": _HELD,
    "ai21.clients.studio.resources.batch.*": _HELD,
    "ai21.clients.studio.resources.beta.*": "other names of what is above",
    "ai21.clients.studio.resources.studio_chat:*StudioChat.create": "the chat of Jurassic, the models before Jamba, in a shape of its own",
    "ai21.http_client.*": "below create, which is watched; other operations pass it too",
    "ai21.clients.studio.resources.studio_resource:*": "below create, which is watched; other operations pass it too",
}
