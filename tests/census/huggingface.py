"""Functions of huggingface_hub's inference clients, not instrumented."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_DESCRIPTION = "reads the description of an endpoint"

NOT_WATCHED = {
    **UNOBSERVED["huggingface_hub"],
    "huggingface_hub.inference.*:*InferenceClient.get_endpoint_info": _DESCRIPTION,
    "huggingface_hub.inference.*:*InferenceClient.health_check": _DESCRIPTION,
    "huggingface_hub.inference.*:*InferenceClient._inner_post": "below every task, where the response is bytes",
    "huggingface_hub.inference._providers.*:*": "a part of a function that is observed or listed here",
    "huggingface_hub.inference._common:_open_as_mime_bytes": "downloads a file that the application sends",
    "huggingface_hub.inference._mcp.*": "a loop in this process; each of its requests is observed",
}
