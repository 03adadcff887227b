"""Functions of litellm that send requests and are not observed."""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_OPENAI = "uses the openai SDK, which is observed"
_CALLS_ANOTHER = "calls another function of the SDK that is observed"
_NO_REQUEST = "sends no request"
_MANAGED = "manages resources at the provider"

NOT_WATCHED = {
    **UNOBSERVED["litellm"],
    "litellm.main:moderation": _OPENAI,
    "litellm.images.main:*image_variation": _OPENAI,
    "litellm.batches.main:*": _OPENAI,
    "litellm.assistants.main:*": _OPENAI,
    "litellm.main:completion_with_retries": _CALLS_ANOTHER,
    "litellm.main:acompletion_with_retries": _CALLS_ANOTHER,
    "litellm.main:*adapter_completion": _CALLS_ANOTHER,
    "litellm.main:*responses_with_retries": _CALLS_ANOTHER,
    "litellm.main:ahealth_check": _CALLS_ANOTHER,
    "litellm.main:aadapter_generate_content": _CALLS_ANOTHER,
    "litellm.batch_completion.*": _CALLS_ANOTHER,
    "litellm.router:Router.*": _CALLS_ANOTHER,
    "litellm.rag.main:*": _CALLS_ANOTHER,
    "litellm.main:acount_tokens": "counts tokens; it calls no model",
    "litellm.main:mock_completion": "returns a fixed response for tests",
    "litellm.main:config_completion": "reads settings and calls a function that is observed",
    "litellm.main:print_verbose": _NO_REQUEST,
    "litellm.main:admi*": _NO_REQUEST,
    "litellm.llms.vertex_ai.*.main:create_vertex_url": _NO_REQUEST,
    "litellm.secret_managers.main:*": "reads keys and settings",
    "litellm.fine_tuning.main:*": _MANAGED,
    "litellm.files.main:*": _MANAGED,
    "litellm.containers.main:*": _MANAGED,
    "litellm.skills.main:*": _MANAGED,
    "litellm.sandbox.main:*": _MANAGED,
    "litellm.evals.main:*": _MANAGED,
    "litellm.vector_stores.main:*": _MANAGED,
    "litellm.vector_store_files.main:*": _MANAGED,
    "litellm.responses.main:*": "manages stored responses; compact is not observed",
    "litellm.proxy.*": "a server; its model calls pass functions that are observed",
}
