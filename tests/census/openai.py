"""Functions of openai that send requests and are not instrumented."""

from __future__ import annotations

from .generated import below

_HELD = "keeps things at the provider and asks no model"
_KEPT = "looks after answers that the provider keeps; making one, or fetching one, is watched"
_BATCH = "looks after a batch; handing it in is watched"
_RUNS = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"
_TRAINS = "trains or grades models at the provider: a job that is asked for again until it is done"
_VIDEO = "a job that is asked for again until its video is made; the conventions have no operation for it"
_SOCKET = "an open line in both directions, with no single request and answer that a call could be"
_CALLS = "begins or steers a telephone call or a live session, whose calls of models are made at the provider"
_CREDENTIALS = "fetches credentials; what they are for is watched"

NOT_WATCHED = {
    **below("openai"),
    "openai._websocket_connection:*": _SOCKET,
    "openai.auth.*": _CREDENTIALS,
    "openai.lib._assistants_*": _RUNS,
    "openai.lib.responses_tool_runner:*": "a loop in this process; each of its requests passes POST /responses",
    "openai.resources.admin.*": _HELD,
    "openai.resources.audio.voice*": _HELD,
    "openai.resources.batches:*Batches.retrieve": _BATCH,
    "openai.resources.batches:*Batches.list": _BATCH,
    "openai.resources.batches:*Batches.cancel": _BATCH,
    "openai.resources.beta.agents.*": _RUNS,
    "openai.resources.beta.assistants:*": _RUNS,
    "openai.resources.beta.chatkit.*": _RUNS,
    "openai.resources.beta.threads.*": _RUNS,
    "openai.resources.beta.realtime.*": _SOCKET,
    "openai.resources.beta.responses.input_items:*": _KEPT,
    "openai.resources.beta.responses.responses:*Responses.delete": _KEPT,
    "openai.resources.beta.responses.responses:*Responses.cancel": _KEPT,
    "openai.resources.chat.completions.completions:*Completions.retrieve": _KEPT,
    "openai.resources.chat.completions.completions:*Completions.update": _KEPT,
    "openai.resources.chat.completions.completions:*Completions.list": _KEPT,
    "openai.resources.chat.completions.completions:*Completions.delete": _KEPT,
    "openai.resources.chat.completions.messages:*": _KEPT,
    "openai.resources.containers.*": _HELD,
    "openai.resources.content_provenance_checks:*": "asks where a file comes from, and no model that tells of itself",
    "openai.resources.conversations.*": _HELD,
    "openai.resources.evals.*": _TRAINS,
    "openai.resources.files:*": _HELD,
    "openai.resources.fine_tuning.*": _TRAINS,
    "openai.resources.live.*:*ConnectionManager.*": _SOCKET,
    "openai.resources.live.*": _CALLS,
    "openai.resources.models:*": _HELD,
    "openai.resources.realtime.*:*ConnectionManager.*": _SOCKET,
    "openai.resources.realtime.calls:*": _CALLS,
    "openai.resources.realtime.*client_secrets:*": _CREDENTIALS,
    "openai.resources.responses.input_items:*": _KEPT,
    "openai.resources.responses.responses:*Responses.delete": _KEPT,
    "openai.resources.responses.responses:*Responses.cancel": _KEPT,
    "openai.resources.safety.*": _HELD,
    "openai.resources.skills.*": _HELD,
    "openai.resources.uploads.*": _HELD,
    "openai.resources.vector_stores.*": _HELD,
    "openai.resources.videos:*": _VIDEO,
    "openai.resources.webhooks.*": _HELD,
}
