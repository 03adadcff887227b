"""Functions of mistralai that send requests and are not instrumented.

Keys cover the ``_async`` forms too.
"""

from __future__ import annotations

_ABOVE = "calls a function that is watched, and nothing else"
_HELD = "keeps things at the provider and asks no model"
_RUNS = "runs at the provider: its calls of models are made and counted there, and are not this process's"
_SOCKET = "a web socket, which is neither a request nor an answer"

NOT_WATCHED = {
    "mistralai.client.chat:Chat.parse": _ABOVE,
    "mistralai.client.chat:Chat.parse_stream": _ABOVE,
    "mistralai.client.conversations:Conversations.run*": "a loop in this process; each of its requests passes start or append",
    "mistralai.client.conversations:Conversations.list": _HELD,
    "mistralai.client.conversations:Conversations.get*": _HELD,
    "mistralai.client.conversations:Conversations.delete": _HELD,
    "mistralai.client.ocr:Ocr.process": "reads documents: the table of operations has no word for that, and the unit is the page",
    "mistralai.azure.client.ocr:Ocr.process": "as mistralai.client.ocr",
    "mistralai.client.jobs:Jobs.*": "looks after a batch; handing it in is watched",
    "mistralai.client.judges:*": _RUNS,
    "mistralai.client.datasets*:*": _HELD,
    "mistralai.client.evaluations*:*": _RUNS,
    "mistralai.client.workflows*:*": _RUNS,
    "mistralai.client.executions:*": _RUNS,
    "mistralai.client.schedules:*": _RUNS,
    "mistralai.client.triggers:*": _RUNS,
    "mistralai.client.deployments:*": _RUNS,
    "mistralai.client.optimizations:*": _RUNS,
    "mistralai.client.connectors:*": "calls tools at the provider, and no model",
    "mistralai.client.audio_sessions:*": _RUNS,
    "mistralai.client.realtime*:*": _SOCKET,
    "mistralai.extra.realtime.*": _SOCKET,
    "mistralai.client.context_search_indexes:*": "searches an index at the provider, and asks no model",
    "mistralai.client.rag_search_indexes:*": _HELD,
    "mistralai.client.ingestion_pipeline_configurations:*": _HELD,
    "mistralai.client.libraries:*": _HELD,
    "mistralai.client.documents:*": _HELD,
    "mistralai.client.files:*": _HELD,
    "mistralai.client.models_:*": _HELD,
    "mistralai.client.voices:*": _HELD,
    "mistralai.client.audio_agents:*": _HELD,
    "mistralai.client.beta_agents:*": _HELD,
    "mistralai.client.beta_prompts:*": _HELD,
    "mistralai.client.skills:*": _HELD,
    "mistralai.client.accesses:*": _HELD,
    "mistralai.client.users:*": _HELD,
    "mistralai.client.service_accounts:*": _HELD,
    "mistralai.client.webhooks:*": _HELD,
    "mistralai.client.events:*": _HELD,
    "mistralai.client.logs:*": _HELD,
    "mistralai.client.metrics:*": _HELD,
    "mistralai.client.spans:*": _HELD,
    "mistralai.client.traces:*": _HELD,
    "mistralai*.basesdk:BaseSDK.do_request": "every request passes it, but as bytes; the functions above it are watched",
    "mistralai.extra.mcp.*": "asks servers of tools, and no model",
    "mistralai.extra.voice_agents.*": _RUNS,
    "mistralai.extra.workflows.*": _RUNS,
}
