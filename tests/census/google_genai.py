"""Functions of google-genai that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_LOOP = "a loop in this process; each of its requests is observed"
_CALLS_ANOTHER = "calls another function that is observed"
_MANAGED = "manages resources at the provider"
_BATCH = "manages a batch; its creation is observed"
_BELOW = "every request passes this function; the functions above it are observed"
_TOKENIZER = "counts in this process; only the tokenizer is downloaded"
_POLL = "polls an operation"
_TOKEN = "fetches a short-lived token"
_GENERATED = "generated code below the classes that applications use"
_STORED = "manages an interaction; creating it is observed"
_SOCKET = "opens a WebSocket, whose responses are observed in the WebSocket library"

NOT_WATCHED = {
    **UNOBSERVED["google-genai"],
    "google.genai.models:*Models.generate_content": _LOOP,
    "google.genai.models:*Models.generate_content_stream": _LOOP,
    "google.genai.chats:*Chat.send_message": _LOOP,
    "google.genai.chats:*Chat.send_message_stream": _LOOP,
    "google.genai.models:*Models.generate_images": _CALLS_ANOTHER,
    "google.genai.models:*Models.edit_image": _CALLS_ANOTHER,
    "google.genai.models:*Models.upscale_image": _CALLS_ANOTHER,
    "google.genai.batches:*Batches.create": _CALLS_ANOTHER,
    "google.genai.batches:*Batches.create_embeddings": _CALLS_ANOTHER,
    "google.genai.models:*Models.compute_tokens": "returns the tokens of a text; nothing is generated",
    "google.genai.models:*Models.get": _MANAGED,
    "google.genai.models:*Models.list": _MANAGED,
    "google.genai.models:*Models.update": _MANAGED,
    "google.genai.models:*Models.delete": _MANAGED,
    "google.genai.models:*Models._list": _MANAGED,
    "google.genai._gaos._internal:*": _MANAGED,
    "google.genai._gaos.agents:*": _MANAGED,
    "google.genai._gaos.credentials:*": _MANAGED,
    "google.genai._gaos.environments:*": _MANAGED,
    "google.genai._gaos.files:*": _MANAGED,
    "google.genai._gaos.voices:*": _MANAGED,
    "google.genai._gaos.webhooks:*": _MANAGED,
    "google.genai.caches:*": _MANAGED,
    "google.genai.documents:*": _MANAGED,
    "google.genai.file_search_stores:*": _MANAGED,
    "google.genai.files:*": _MANAGED,
    "google.genai.pagers:*": _MANAGED,
    "google.genai._gaos.google_genai:*Agents.*": _MANAGED,
    "google.genai._gaos.google_genai:*Credentials.*": _MANAGED,
    "google.genai._gaos.google_genai:*Environments.*": _MANAGED,
    "google.genai._gaos.google_genai:*Files.*": _MANAGED,
    "google.genai._gaos.google_genai:*Voices.*": _MANAGED,
    "google.genai._gaos.google_genai:*Webhooks.*": _MANAGED,
    "google.genai.batches:*Batches.list": _BATCH,
    "google.genai.batches:*Batches.cancel": _BATCH,
    "google.genai.batches:*Batches.delete": _BATCH,
    "google.genai.batches:*Batches._list": _BATCH,
    "google.genai.models:*Models._embed_content": "called by embed_content, which is observed",
    "google.genai._api_client:*": _BELOW,
    "google.genai._replay_api_client:*": _BELOW,
    "google.genai._gaos.basesdk:*": _BELOW,
    "google.genai._test_api_client:*": "test code of the SDK",
    "google.genai._local_tokenizer_loader:*": _TOKENIZER,
    "google.genai.local_tokenizer:*": _TOKENIZER,
    "google.genai._transformers:t_resolve_operation": _POLL,
    "google.genai.operations:*": _POLL,
    "google.genai._gaos.auth_tokens:*": _TOKEN,
    "google.genai.tokens:*": _TOKEN,
    "google.genai._gaos.decisions:*Decisions.create": _GENERATED,
    "google.genai._gaos.interactions:*Interactions.create": _GENERATED,
    "google.genai._gaos.interactions:*Interactions.get": _GENERATED,
    "google.genai._gaos.interactions:*Interactions.cancel": _STORED,
    "google.genai._gaos.interactions:*Interactions.delete": _STORED,
    "google.genai._gaos.google_genai:*Interactions.cancel": _STORED,
    "google.genai._gaos.google_genai:*Interactions.delete": _STORED,
    "google.genai.live:*": _SOCKET,
}
