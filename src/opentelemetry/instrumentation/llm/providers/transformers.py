"""Instrument transformers: pipelines that generate text in this process.

A pipeline that is called with one prompt or a list of prompts is one call, and the runs of its model count the
tokens. With other inputs, or in batches, each run of the model is a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments
from ..dialects.transformers import pipeline, run
from ..extraction.paths import as_sequence, as_str, get_path

_PIPELINE = "transformers.pipelines.text_generation:TextGenerationPipeline."
_OPERATIONS = {"POST /chat": "chat", "POST /text": "text_completion"}


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments of a pipeline or its model, over the pipeline's defaults."""
    prompt, listed = args[0] if args else kwargs.get("text_inputs"), True
    if get_path(prompt, ("input_ids",)) is not None:
        prompt = get_path(prompt, ("prompt_text",))
        prompt = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
        prompt = getattr(prompt, "messages", prompt)
    else:
        batch = kwargs.get("batch_size") or getattr(instance, "_batch_size", None) or 1
        listed = batch == 1 and isinstance(prompt, (str, list, tuple))
    settings = {**(getattr(instance, "_forward_params", None) or {}), **kwargs, "model": _name(instance), "prompt": prompt}
    return Arguments(settings, path=("/chat" if _is_chat(prompt) else "/text") if listed else "/each")


def _is_chat(prompt: object) -> bool:
    first = next(iter(as_sequence(prompt)), None)
    return isinstance(first, Mapping) or hasattr(first, "messages") or isinstance(next(iter(as_sequence(first)), None), Mapping)


def _name(instance: object) -> str | None:
    """Return the name of a model; a local folder gives its last part only."""
    name = as_str(get_path(instance, ("model", "config", "_name_or_path")))
    return Path(name).name if name is not None and (name.startswith((".", "~")) or Path(name).is_absolute()) else name


def identify(instance: object, arguments: Arguments) -> Destination:
    """Return that the model runs in this process."""
    return Destination("transformers", in_process=True)


TRANSFORMERS = Sdk(
    name="transformers",
    requires="transformers >= 4.46",
    points=tuple(
        PatchPoint(f"{_PIPELINE}{function}", operation, dialect, route)
        for function, dialect in (("__call__", pipeline), ("_forward", run))
        for route, operation in _OPERATIONS.items()
    ),
    read=read,
    identify=identify,
)
