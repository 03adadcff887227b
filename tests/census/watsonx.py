"""Functions of ibm-watsonx-ai's foundation models, not instrumented."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_BELOW = "below chat, generate and similar functions, which are observed"
_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **UNOBSERVED["ibm-watsonx-ai"],
    "ibm_watsonx_ai.foundation_models.inference.*._send_*": _BELOW,
    "ibm_watsonx_ai.foundation_models.inference.*._asend_*": _BELOW,
    "ibm_watsonx_ai.foundation_models.embeddings.*raw_response": _BELOW,
    "ibm_watsonx_ai.foundation_models.inference.*._tokenize_with_url": "counts tokens; it calls no model",
    "ibm_watsonx_ai.foundation_models.prompts.*": _MANAGED,
    "ibm_watsonx_ai.foundation_models.utils.*": _MANAGED,
    "ibm_watsonx_ai.foundation_models.extensions.*": "queries databases",
}
