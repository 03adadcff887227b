"""Functions of dashscope that send requests and are not observed.

Keys cover the Aio forms too.
"""

from __future__ import annotations

from opentelemetry.instrumentation.llm.providers._unobserved import UNOBSERVED

_MANAGED = "manages resources at the provider"
_BELOW = "below the functions that are observed; other operations pass it too"

NOT_WATCHED = {
    **UNOBSERVED["dashscope"],
    "dashscope.aigc.code_generation:*": "a model that the provider has removed",
    "dashscope.aigc.conversation:*": "an older name of Generation, whose model the provider has removed",
    "dashscope.tokenizers.*": "counts or splits text, mostly in this process",
    "dashscope.files:*": _MANAGED,
    "dashscope.models:*": _MANAGED,
    "dashscope.finetune.*": _MANAGED,
    "dashscope.v2.resources.files:*": _MANAGED,
    "dashscope.v2.resources.models:*": _MANAGED,
    "dashscope.v2.resources.deployments:*": _MANAGED,
    "dashscope.acli.*": "a command line",
    "dashscope.v2.resources.chat.completions:_*send": "called by create, which is observed",
    "dashscope.v2.resources.tokenization:*": "counts text; it calls no model",
    "dashscope.v2.transport.*": _BELOW,
    "dashscope.api_entities.*": _BELOW,
    "dashscope.client.*": _BELOW,
    "dashscope.utils.oss_utils:*": "uploads the files that a request names",
}
