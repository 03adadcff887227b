"""What zai-sdk asks the network for and is not watched. A ``*`` in a key stands for anything."""

from __future__ import annotations

_LATER = "hands a task in and fetches its answer: it is made at the provider, some of it long after the call"
_HELD = "keeps things at the provider and asks no model"
_READS = "reads a document or a page; the table of operations has no word for it"
_RUNS = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"
_BATCH = "looks after a batch; handing it in is watched"


def _not_watched(package: str) -> dict[str, str]:
    return {
        f"{package}.api_resource.{name}": because
        for name, because in {
            "chat.async_completions:*": _LATER,
            "images.*:Images.async_generations": _LATER,
            "images.*:Images.retrieve_images_result": _LATER,
            "videos.*": _LATER,
            "agents.*": _RUNS,
            "assistant.*": _RUNS,
            "audio.*:Audio.customization": "speaks with a voice that is sent along; no release documents what it answers",
            "voice.*": _HELD,
            "files.*": _HELD,
            "batch.*:Batches.retrieve": _BATCH,
            "batch.*:Batches.list": _BATCH,
            "batch.*:Batches.cancel": _BATCH,
            "file_parser.*": _READS,
            "ocr.*": _READS,
            "web_reader.*": _READS,
            "web_search.*": "searches the web, and asks no model",
            "tools.*": "searches the web, and asks no model",
            "fine_tuning.*": "trains a model at the provider",
            "knowledge.*": _HELD,
        }.items()
    }


NOT_WATCHED = _not_watched("zai") | _not_watched("zhipuai")
