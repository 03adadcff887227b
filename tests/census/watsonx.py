"""Functions of ibm-watsonx-ai's foundation models, not instrumented."""

from __future__ import annotations

_BELOW = "below chat, generate and their like, which are watched"
_HELD = "keeps things at the provider and asks no model"
_LATER = "hands a task in and looks after it: it is done at the provider, some of it long after the call"
_NO_WORD = "the table of operations has no word for it"

_HERE = "ibm_watsonx_ai.foundation_models"
NOT_WATCHED = {
    f"{_HERE}.inference.*._send_*": _BELOW,
    f"{_HERE}.inference.*._asend_*": _BELOW,
    f"{_HERE}.inference.*._tokenize_with_url": "counts the tokens of a text for models and for no deployments",
    f"{_HERE}.inference.audio_model_inference:*": "writes down what is said in a recording, and tells neither tokens nor seconds",
    f"{_HERE}.inference.ts_model_inference:*": "forecasts series of numbers: " + _NO_WORD,
    f"{_HERE}.embeddings.*raw_response": _BELOW,
    f"{_HERE}.moderations.*": "judges with guardrails of its own choice: " + _NO_WORD,
    f"{_HERE}.batch_inference.*": _LATER,
    f"{_HERE}.classifications.*": _LATER,
    f"{_HERE}.extractions.*": _LATER,
    f"{_HERE}.ilab.*": _LATER,
    f"{_HERE}.semantic_schema.*": _LATER,
    f"{_HERE}.prompts.*": _HELD,
    f"{_HERE}.utils.*": _HELD,
    f"{_HERE}.extensions.*": "asks databases",
}
