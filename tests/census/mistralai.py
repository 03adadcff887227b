"""Functions of mistralai that send requests and are not observed.

Keys cover the ``_async`` forms too.
"""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_CALLS_ANOTHER = "calls a function that is observed"
_MANAGED = "manages resources at the provider"
_SOCKET = "opens a WebSocket, whose responses are observed in the WebSocket library"

NOT_WATCHED = {
    **UNOBSERVED["mistralai"],
    "mistralai.client.chat:Chat.parse": _CALLS_ANOTHER,
    "mistralai.client.chat:Chat.parse_stream": _CALLS_ANOTHER,
    "mistralai.client.conversations:Conversations.run*": "a loop in this process; each of its requests is observed",
    "mistralai.client.conversations:Conversations.list": _MANAGED,
    "mistralai.client.conversations:Conversations.get*": _MANAGED,
    "mistralai.client.conversations:Conversations.delete": _MANAGED,
    "mistralai.client.datasets*:*": _MANAGED,
    "mistralai.client.rag_search_indexes:*": _MANAGED,
    "mistralai.client.ingestion_pipeline_configurations:*": _MANAGED,
    "mistralai.client.libraries:*": _MANAGED,
    "mistralai.client.documents:*": _MANAGED,
    "mistralai.client.files:*": _MANAGED,
    "mistralai.client.models_:*": _MANAGED,
    "mistralai.client.voices:*": _MANAGED,
    "mistralai.client.audio_agents:*": _MANAGED,
    "mistralai.client.beta_agents:*": _MANAGED,
    "mistralai.client.beta_prompts:*": _MANAGED,
    "mistralai.client.skills:*": _MANAGED,
    "mistralai.client.accesses:*": _MANAGED,
    "mistralai.client.users:*": _MANAGED,
    "mistralai.client.service_accounts:*": _MANAGED,
    "mistralai.client.webhooks:*": _MANAGED,
    "mistralai.client.events:*": _MANAGED,
    "mistralai.client.logs:*": _MANAGED,
    "mistralai.client.metrics:*": _MANAGED,
    "mistralai.client.spans:*": _MANAGED,
    "mistralai.client.traces:*": _MANAGED,
    "mistralai.client.jobs:Jobs.*": "manages a batch; its creation is observed",
    "mistralai.client.connectors:*": "calls tools at the provider; it calls no model",
    "mistralai*.basesdk:BaseSDK.do_request": "every request passes this function; the functions above it are observed",
    "mistralai.extra.mcp.*": "calls tool servers",
    "mistralai.client.realtime*:*": _SOCKET,
    "mistralai.extra.realtime.*": _SOCKET,
}
