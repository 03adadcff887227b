"""Functions of litellm that send requests and are not instrumented."""

from __future__ import annotations

_HELD = "keeps things at a provider and asks no model"
_SEARCH = "searches or reads, and asks no model that counts tokens; the table of operations has no word for it"
_VIDEO = "makes a video: the table of operations has no word for it"
_OPENAI = "goes through the openai SDK, which is watched"
_OWN = "asks a function of its own that is watched"
_NOBODY = "asks nobody"
_RUST = "served by a library that is not Python, in which nothing can be watched"

NOT_WATCHED = {
    "litellm.main:moderation": _OPENAI,
    "litellm.images.main:*image_variation": _OPENAI,
    "litellm.main:completion_with_retries": _OWN,
    "litellm.main:acompletion_with_retries": _OWN,
    "litellm.main:*adapter_completion": _OWN,
    "litellm.main:*responses_with_retries": _OWN,
    "litellm.main:ahealth_check": _OWN,
    "litellm.main:acount_tokens": "counts, at the provider or here, and asks no model",
    "litellm.main:aadapter_generate_content": _OWN,
    "litellm.main:mock_completion": "answers itself what a test wants to hear",
    "litellm.main:config_completion": "reads settings of files, and asks a function that is watched",
    "litellm.main:print_verbose": _NOBODY,
    "litellm.main:admi*": _NOBODY,
    "litellm.secret_managers.main:*": "asks for keys and settings",
    "litellm.llms.vertex_ai.*.main:create_vertex_url": _NOBODY,
    "litellm.a2a_protocol.main:*": "sends messages to agents of others, by a protocol for which the table of operations has no word",
    "litellm.batch_completion.*": _OWN,
    "litellm.router:Router.*": _OWN,
    "litellm.batches.main:*": _OPENAI,
    "litellm.assistants.main:*": _OPENAI,
    "litellm.fine_tuning.main:*": _HELD,
    "litellm.files.main:*": _HELD,
    "litellm.containers.main:*": _HELD,
    "litellm.skills.main:*": _HELD,
    "litellm.sandbox.main:*": _HELD,
    "litellm.evals.main:*": _HELD,
    "litellm.vector_stores.main:*": _HELD,
    "litellm.vector_store_files.main:*": _HELD,
    "litellm.search.main:*": _SEARCH,
    "litellm.rag.main:*": _OWN,
    "litellm.ocr.*": _RUST,
    "litellm.extraction.main:*": _SEARCH,
    "litellm.systemone.main:*": _SEARCH,
    "litellm.decisions.main:*": _SEARCH,
    "litellm.videos.main:*": _VIDEO,
    "litellm.google_genai.main:*": "hands Google's own wire through, for the proxy; not yet told",
    "litellm.interactions.*": "hands Google's own wire through, for the proxy; not yet told",
    "litellm.passthrough.main:*": "hands a request through that it does not read",
    "litellm.realtime_api.main:*": "a socket that stays open",
    "litellm.responses.main:*": "fetches, cancels or lists what responses have left at the provider; compact is not yet told",
    "litellm.proxy.*": "a server; what it asks passes the functions that are watched",
}
