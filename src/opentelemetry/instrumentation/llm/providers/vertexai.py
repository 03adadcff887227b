"""Instrument vertexai of google-cloud-aiplatform: Gemini and embeddings.

Each turn of a chat passes the model's own functions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.google.media import only_named
from ..dialects.google.vertexai import embeddings, generate_content
from ..dialects.streamed import streamed
from ..extraction.paths import as_str, get_path
from ._endpoint import destination

_METHODS: Mapping[str, tuple[str, Dialect]] = {
    "generative_models._generative_models:_GenerativeModel._generate_content{}": ("generate_content", generate_content),
    "generative_models._generative_models:_GenerativeModel._generate_content_streaming{}": ("generate_content", streamed(generate_content)),
    "generative_models._generative_models:_GenerativeModel.count_tokens{}": ("count_tokens", only_named),
    "language_models._language_models:_TextEmbeddingModel.get_embeddings{}": ("embeddings", embeddings),
}
_SETTINGS = ("generation_config", "system_instruction", "tools")
_CLIENTS = tuple(
    f"_{service}_{kind}client{end}" for service in ("prediction", "llm_utility") for kind in ("", "async_") for end in ("", "_value")
)


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments over the defaults of the model."""
    model = getattr(instance, "_prediction_resource_name", None) or instance._model_id
    defaults = {**{name: getattr(instance, f"_{name}", None) for name in _SETTINGS}, **dict(zip(("contents",), args, strict=False))}
    return Arguments({**defaults, **{name: value for name, value in kwargs.items() if value is not None}, "model": model})


def identify(instance: object, arguments: Arguments) -> Destination:
    """Return the address of the model's client, or of the client that it will make."""
    held = vars(getattr(instance, "_endpoint", instance))
    client = next((held[name] for name in _CLIENTS if held.get(name) is not None), None)
    if (host := as_str(get_path(client, ("transport", "_host")))) is None:
        config: Any = sys.modules["google.cloud.aiplatform.initializer"].global_config
        host = config.get_client_options(location_override=getattr(instance, "_location", None), prediction_client=True).api_endpoint
    address = str(host)
    return destination(address if "://" in address else f"https://{address}", "gcp.vertex_ai")


VERTEXAI = Sdk(
    name="vertexai",
    requires="google-cloud-aiplatform >= 1.60",
    points=tuple(
        PatchPoint(f"vertexai.{target.format(mode)}", operation, dialect)
        for target, (operation, dialect) in _METHODS.items()
        for mode in ("", "_async")
    ),
    read=read,
    identify=identify,
)
