"""Functions of dashscope that send requests and are not instrumented.

Keys cover the Aio forms too.
"""

from __future__ import annotations

_LATER = "hands a task in and asks until it is done: it is made at the provider"
_RUNS = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"
_HELD = "keeps things at the provider and asks no model"
_SOCKET = "speaks over a websocket, which no point of a function can see"
_BELOW = "below the functions that are watched; other operations pass it too"

NOT_WATCHED = {
    "dashscope.aigc.image_synthesis:*": _LATER,
    "dashscope.aigc.image_generation:*": _LATER,
    "dashscope.aigc.video_synthesis:*": _LATER,
    "dashscope.aigc.code_generation:*": "a model that the provider has withdrawn",
    "dashscope.aigc.conversation:*": "an older name of Generation, whose model the provider has withdrawn",
    "dashscope.embeddings.batch_text_embedding:*": _LATER,
    "dashscope.app.*": _RUNS,
    "dashscope.assistants.*": _RUNS,
    "dashscope.threads.*": _RUNS,
    "dashscope.audio.*": _SOCKET,
    "dashscope.multimodal.*": _SOCKET,
    "dashscope.nlp.*": "classifies in words of its own; nothing is generated",
    "dashscope.tokenizers.*": "counts or cuts texts, mostly in the process itself",
    "dashscope.files:*": _HELD,
    "dashscope.models:*": _HELD,
    "dashscope.finetune.*": _HELD,
    "dashscope.aigc.chat_completion:*": "a class that the package does not export; not yet told",
    "dashscope.acli.*": "a command line with agents of its own",
    "dashscope.agentstudio.*": _RUNS,
    "dashscope.v2.resources.chat.completions:_*send": "asked by create, which is watched",
    "dashscope.v2.resources._jobs:*": _LATER,
    "dashscope.v2.resources.images:*": _LATER,
    "dashscope.v2.resources.apps:*": _RUNS,
    "dashscope.v2.resources.decision:*": "decides in words of its own; the table of operations has no word for it",
    "dashscope.v2.resources.audio.*": "a preview, as its own warning says; speech over HTTP alone is not told without speech over sockets",
    "dashscope.v2.resources.tingwu:*": "takes minutes of meetings; the table of operations has no word for it",
    "dashscope.v2.resources.tokenization:*": "counts texts, and asks no model",
    "dashscope.v2.resources.files:*": _HELD,
    "dashscope.v2.resources.models:*": _HELD,
    "dashscope.v2.resources.deployments:*": _HELD,
    "dashscope.v2.resources.fine_tunes:*": "trains a model at the provider",
    "dashscope.v2.resources.reinforcement_learning:*": "trains a model at the provider",
    "dashscope.v2.transport.*": _BELOW,
    "dashscope.api_entities.*": _BELOW,
    "dashscope.utils.oss_utils:*": "hands files in that a request names",
    "dashscope.client.*": _BELOW,
}
