"""Functions of vertexai that send requests and are not observed.

Keys cover ``_async`` forms too.
"""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_REMOVED = "a model older than Gemini, which the provider has removed"
_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **UNOBSERVED["google-cloud-aiplatform"],
    "vertexai._genai.*": "calls another function that is observed",
    "vertexai.generative_models._generative_models:*._gapic_count_tokens": "a part of count_tokens, which is observed",
    "vertexai.generative_models._generative_models:*._gapic_compute_tokens": "returns the tokens of a text; nothing is generated",
    "vertexai.language_models._language_models:_TextGenerationModel.predict": _REMOVED,
    "vertexai.language_models._language_models:_ChatSessionBase.send_message": _REMOVED,
    "vertexai.language_models._language_models:_CodeGenerationModel.predict": _REMOVED,
    "vertexai.batch_prediction.*": _MANAGED,
    "vertexai.caching.*": _MANAGED,
    "vertexai.*rag.rag_data:upload_file": _MANAGED,
    "vertexai.tokenization.*": "downloads a tokenizer once",
    "vertexai.*_warn_if_telemetry_api_disabled": "checks if an interface of the cloud is enabled",
    "vertexai.preview.reasoning_engines.templates.llama_index:*": "assembles an agent",
}
