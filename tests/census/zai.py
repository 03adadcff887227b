"""Functions of zai-sdk that send requests and are not instrumented."""

from __future__ import annotations

_LATER = "hands a task in and fetches its answer: it is made at the provider, some of it long after the call"
HELD = "keeps things at the provider and asks no model"
_READS = "reads a document or a page; the table of operations has no word for it"
_RUNS = "an agent that runs at the provider: its calls of models are made and counted there, and are not this process's"
_BATCH = "looks after a batch; handing it in is watched"


def not_watched(package: str) -> dict[str, str]:
    """Return the list for one of the two packages, which are one SDK under two names."""
    return {f"{package}.core._http_client:*": "below the functions that are watched; other operations pass it too"} | {
        f"{package}.api_resource.{name}": because
        for name, because in {
            "chat.async_completions:*": _LATER,
            "images.*:Images.async_generations": _LATER,
            "images.*:Images.retrieve_images_result": _LATER,
            "videos.*": _LATER,
            "agents.*": _RUNS,
            "assistant.*": _RUNS,
            "audio.*:Audio.customization": "speaks with a voice that is sent along; no release documents what it answers",
            "voice.*": HELD,
            "files.*": HELD,
            "batch.*:Batches.retrieve": _BATCH,
            "batch.*:Batches.list": _BATCH,
            "batch.*:Batches.cancel": _BATCH,
            "file_parser.*": _READS,
            "ocr.*": _READS,
            "web_reader.*": _READS,
            "web_search.*": "searches the web, and asks no model",
            "tools.*": "searches the web, and asks no model",
        }.items()
    }


NOT_WATCHED = not_watched("zai")
