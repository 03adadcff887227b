"""Functions of vertexai that send requests and are not instrumented.

Keys cover ``_async`` forms too.
"""

from __future__ import annotations

_ON_GENAI = "asks through google-genai's client: agents, evaluations and what is kept at the provider"
_PART = "a part of count_tokens, which is watched"
_RETIRED = "asks a model of the generation before Gemini, which the provider has shut down"
_HELD = "keeps things at the provider and asks no model"
_NO_WORD = "the table of operations has no word for it"

NOT_WATCHED = {
    "vertexai._genai.*": _ON_GENAI,
    "vertexai.generative_models._generative_models:*._gapic_count_tokens": _PART,
    "vertexai.generative_models._generative_models:*._gapic_compute_tokens": "says what the tokens of a text are: " + _NO_WORD,
    "vertexai.language_models._language_models:_TextGenerationModel.predict": _RETIRED,
    "vertexai.language_models._language_models:_ChatSessionBase.send_message": _RETIRED,
    "vertexai.language_models._language_models:_CodeGenerationModel.predict": _RETIRED,
    "vertexai.vision_models._vision_models:ImageGenerationModel.*": "makes images, which google-genai took over",
    "vertexai.vision_models._vision_models:MultiModalEmbeddingModel.get_embeddings": "embeds images and videos, and counts no tokens",
    "vertexai.vision_models._vision_models:*": "looks at images: " + _NO_WORD,
    "vertexai.batch_prediction.*": _HELD,
    "vertexai.caching.*": _HELD,
    "vertexai.*rag.rag_data:upload_file": _HELD,
    "vertexai.tokenization.*": "fetches once what it counts with in the process itself",
    "vertexai.*_warn_if_telemetry_api_disabled": "asks whether an interface of the cloud is switched on",
    "vertexai.preview.reasoning_engines.templates.llama_index:*": "puts the parts of an agent together",
}
