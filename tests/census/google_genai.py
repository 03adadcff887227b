"""What google-genai asks the network for and is not watched. A ``*`` in a key stands for anything; keys cover the Async forms too."""

from __future__ import annotations

_HELD = "keeps things at the provider and asks no model"
_BATCH = "looks after a batch; handing it in is watched"
_LOOP = "a loop in this process; each of its requests passes {}"
_LIVE = "an open line over a websocket in both directions, with no single request and answer that a call could be"
_RUNS = "runs at the provider for minutes and answers at once with an operation that counts nothing; no operation of the conventions is it"
_THERE = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"

NOT_WATCHED = {
    "google.genai.models:*Models.generate_content": _LOOP.format("_generate_content"),
    "google.genai.models:*Models.generate_content_stream": _LOOP.format("_generate_content_stream"),
    "google.genai.models:*Models.generate_images": "asks through _generate_images, which is watched",
    "google.genai.models:*Models.edit_image": "asks through _edit_image, which is watched",
    "google.genai.models:*Models.upscale_image": "asks through _upscale_image, which is watched",
    "google.genai.models:*Models.segment_image": "answers masks of an image and makes none; no operation of the conventions is it",
    "google.genai.models:*Models.generate_videos": _RUNS,
    "google.genai.models:*Models.compute_tokens": "answers the tokens of a text themselves; nothing is generated or counted",
    "google.genai.models:*Models.get": _HELD,
    "google.genai.models:*Models.list": _HELD,
    "google.genai.models:*Models.update": _HELD,
    "google.genai.models:*Models.delete": _HELD,
    "google.genai.chats:*Chat.send_message": _LOOP.format("_generate_content"),
    "google.genai.chats:*Chat.send_message_stream": _LOOP.format("_generate_content_stream"),
    "google.genai.batches:*Batches.create": "asks through _create, which is watched",
    "google.genai.batches:*Batches.create_embeddings": "asks through _create_embeddings, which is watched",
    "google.genai.batches:*Batches.get": _BATCH,
    "google.genai.batches:*Batches.list": _BATCH,
    "google.genai.batches:*Batches.cancel": _BATCH,
    "google.genai.batches:*Batches.delete": _BATCH,
    "google.genai.caches:*": _HELD,
    "google.genai.documents:*": _HELD,
    "google.genai.file_search_stores:*": _HELD,
    "google.genai.files:*": _HELD,
    "google.genai.live:*": _LIVE,
    "google.genai.live_music:*": _LIVE,
    "google.genai.local_tokenizer:*": "counts on this machine; only the tokenizer itself is fetched",
    "google.genai.operations:*": "asks how a long operation is doing",
    "google.genai.pagers:*": _HELD,
    "google.genai.tokens:*": "fetches a short-lived token for a live session",
    "google.genai.tunings:*": "trains a model at the provider",
    "google.genai._gaos.google_genai:*Interactions.cancel": "looks after an interaction; making it is watched",
    "google.genai._gaos.google_genai:*Interactions.delete": "looks after an interaction; making it is watched",
    "google.genai._gaos.google_genai:*Agents.*": _HELD,
    "google.genai._gaos.google_genai:*Credentials.*": _HELD,
    "google.genai._gaos.google_genai:*Environments.*": _HELD,
    "google.genai._gaos.google_genai:*Files.*": _HELD,
    "google.genai._gaos.google_genai:*Triggers.*": _THERE,
    "google.genai._gaos.google_genai:*Voices.*": _HELD,
    "google.genai._gaos.google_genai:*Webhooks.*": _HELD,
    "google.genai._interactions.resources.interactions:*InteractionsResource.cancel": "looks after an interaction; making it is watched",
    "google.genai._interactions.resources.interactions:*InteractionsResource.delete": "looks after an interaction; making it is watched",
    "google.genai._interactions.resources.webhooks:*": _HELD,
}
