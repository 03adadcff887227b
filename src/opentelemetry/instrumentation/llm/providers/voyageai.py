"""Instrument voyageai: embeddings and rankings. Local models have no server.

The SDK drops the response model when it builds its result object, so it is read in that constructor.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from .. import context
from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments
from ..dialects.voyageai import counted
from ..extraction.arguments import by_name
from ..extraction.paths import as_str, get_path
from ..guard import guarded
from ..wrapper import Patch, driven
from ._generated import identify_as

_METHODS = {"embed": "embeddings", "contextualized_embed": "embeddings", "multimodal_embed": "embeddings", "rerank": "rerank"}
_identify = identify_as("voyageai")


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments: a query for rankings, a list for embeddings."""
    names = ("query", "documents", "model", "top_k") if args and isinstance(args[0], str) else ("texts", "model")
    named = by_name(names, args, kwargs)
    local: Any = getattr(sys.modules.get("voyageai.local.helpers"), "is_local_model", None)
    here = local is not None and isinstance(named.get("model"), str) and local(named["model"])
    return Arguments(named, path="" if here else str(instance._params.get("base_url") or _everybodys_address()))


def _everybodys_address() -> str:
    """Return the address of the module, or the default if it has none."""
    return str(getattr(sys.modules.get("voyageai"), "api_base", None) or "")


def identify(instance: object, arguments: Arguments) -> Destination:
    """Return the provider and the address."""
    return _identify(instance, arguments) if arguments.path else Destination("voyageai", in_process=True)


_ANSWERS = (
    "embeddings:EmbeddingsObject",
    "contextualized_embeddings:ContextualizedEmbeddingsObject",
    "multimodal_embeddings:MultimodalEmbeddingsObject",
    "reranking:RerankingObject",
)


def _naming(original: object) -> Callable[..., Any]:
    """Wrap the constructor of a result."""

    def around(wrapped: Callable[..., Any], instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        guarded(_name, args, kwargs)
        return wrapped(*args, **kwargs)

    return around


def _name(args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    call = context.running_call()
    model = as_str(get_path(next(reversed((*args, *kwargs.values())), None), ("model",)))
    if call is not None and model is not None:
        call.known.setdefault("response_model", model)


VOYAGEAI = Sdk(
    name="voyageai",
    requires="voyageai >= 0.3",
    points=tuple(
        PatchPoint(f"voyageai.{client}.{method}", operation, counted)
        for method, operation in _METHODS.items()
        for client in ("client:Client", "client_async:AsyncClient")
    ),
    read=read,
    identify=identify,
    patches=tuple(Patch("voyageai", f"voyageai.object.{answer}.__init__", driven(_naming)) for answer in _ANSWERS),
    releases={"*.contextualized_embed": "voyageai >= 0.3.4"},
)
