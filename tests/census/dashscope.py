"""What dashscope asks the network for and is not watched. A ``*`` in a key stands for anything; keys cover the Aio forms too."""

from __future__ import annotations

_LATER = "hands a task in and asks until it is done: it is made at the provider"
_RUNS = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"
_HELD = "keeps things at the provider and asks no model"
_SOCKET = "speaks over a websocket, which no point of a function can see"

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
    "dashscope.deployment:*": _HELD,
    "dashscope.customize.*": _HELD,
    "dashscope.finetune.*": _HELD,
    "dashscope.client.*": "below the functions that are watched; other operations pass it too",
}
