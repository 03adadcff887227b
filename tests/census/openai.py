"""Functions of openai that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

from .generated import below

_CREDENTIALS = "fetches credentials; the calls that use them are observed"
_MANAGED = "manages resources at the provider"
_BATCH = "manages a batch; its creation is observed"
_STORED = "manages stored responses; creating and fetching a response is observed"
_SOCKET = "opens a WebSocket, whose responses are observed in the WebSocket library"

NOT_WATCHED = {
    **below("openai"),
    **UNOBSERVED["openai"],
    "openai.auth.*": _CREDENTIALS,
    "openai.resources.realtime.*client_secrets:*": _CREDENTIALS,
    "openai.lib.responses_tool_runner:*": "a loop in this process; each of its requests is observed",
    "openai.lib._assistants_*": "wraps the stream of a run, which is observed",
    "openai.resources.beta.assistants:*": _MANAGED,
    "openai.resources.beta.threads.*": _MANAGED,
    "openai.resources.admin.*": _MANAGED,
    "openai.resources.audio.voice*": _MANAGED,
    "openai.resources.containers.*": _MANAGED,
    "openai.resources.conversations.*": _MANAGED,
    "openai.resources.files:*": _MANAGED,
    "openai.resources.models:*": _MANAGED,
    "openai.resources.safety.*": _MANAGED,
    "openai.resources.skills.*": _MANAGED,
    "openai.resources.uploads.*": _MANAGED,
    "openai.resources.vector_stores.*": _MANAGED,
    "openai.resources.webhooks.*": _MANAGED,
    **{
        f"openai.resources.videos:*Videos.{name}": _MANAGED
        for name in ("list", "delete", "download_content", "create_character", "get_character")
    },
    "openai.resources.batches:*Batches.list": _BATCH,
    "openai.resources.batches:*Batches.cancel": _BATCH,
    "openai.resources.beta.responses.input_items:*": _STORED,
    "openai.resources.beta.responses.responses:*Responses.delete": _STORED,
    "openai.resources.beta.responses.responses:*Responses.cancel": _STORED,
    "openai.resources.chat.completions.completions:*Completions.retrieve": _STORED,
    "openai.resources.chat.completions.completions:*Completions.update": _STORED,
    "openai.resources.chat.completions.completions:*Completions.list": _STORED,
    "openai.resources.chat.completions.completions:*Completions.delete": _STORED,
    "openai.resources.chat.completions.messages:*": _STORED,
    "openai.resources.responses.input_items:*": _STORED,
    "openai.resources.responses.responses:*Responses.delete": _STORED,
    "openai.resources.responses.responses:*Responses.cancel": _STORED,
    "openai.resources.content_provenance_checks:*": "checks the origin of a file; it calls no model",
    "openai._websocket_connection:*": _SOCKET,
    "openai.resources.beta.realtime.*": _SOCKET,
    "openai.resources.live.*:*ConnectionManager.*": _SOCKET,
    "openai.resources.realtime.*:*ConnectionManager.*": _SOCKET,
}
