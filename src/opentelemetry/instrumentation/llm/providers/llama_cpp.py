"""Instrument llama-cpp-python: models that run in this process.

Results have OpenAI's format. The model is named after its file, without the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.openai.chat_completions import chat_completions, completions
from ..dialects.openai.embeddings import embeddings
from ..schema.records import Response


def _without_place(dialect: Dialect) -> Dialect:
    def reply(answer: object) -> Response:
        result = dialect.response(answer)
        result.response_model = result.response_model and Path(result.response_model).name
        return result

    def finish(draft: Response) -> None:
        draft.response_model = draft.response_model and Path(draft.response_model).name
        dialect.finish(draft)

    return replace(dialect, response=reply, finish=finish)


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the arguments, all by their names."""
    model = kwargs.get("model") or Path(str(instance.model_path)).name
    return Arguments({**kwargs, "model": model}, streaming=kwargs.get("stream") is True)


_METHODS: Mapping[str, tuple[str, Dialect, tuple[str, ...]]] = {
    "create_chat_completion": ("chat", chat_completions, ("messages",)),
    "create_completion": ("text_completion", completions, ("prompt", "suffix", "max_tokens", "temperature", "top_p")),
    "create_embedding": ("embeddings", embeddings, ("input", "model")),
}
LLAMA_CPP = Sdk(
    name="llama_cpp",
    requires="llama-cpp-python >= 0.3.5",
    points=tuple(
        PatchPoint(f"llama_cpp.llama:Llama.{method}", operation, _without_place(dialect), names=names)
        for method, (operation, dialect, names) in _METHODS.items()
    ),
    read=read,
    identify=lambda instance, arguments: Destination("llama_cpp", in_process=True),
)
