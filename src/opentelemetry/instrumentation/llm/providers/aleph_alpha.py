"""Instrument aleph-alpha-client.

All requests pass one function, where values have their wire format; streams are observed where they are returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.aleph_alpha import chat_items, completions
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import moderation
from ..extraction.arguments import by_name
from ._generated import identify_as

_ROUTES: Mapping[str, tuple[str, Dialect]] = {
    "POST /chat/completions": ("chat", chat_completions),
    "POST /complete": ("text_completion", completions),
    "POST /embeddings": ("embeddings", embeddings),
    **dict.fromkeys(
        ("POST /embed", "POST /semantic_embed", "POST /batch_semantic_embed", "POST /instructable_embed"), ("embeddings", completions)
    ),
    "POST /rerank": ("rerank", moderation),
}
_PLAIN_ONLY = frozenset({"POST /embeddings"})
_STREAMS: Mapping[str, tuple[str, Dialect]] = {
    "chat_with_streaming": ("chat", chat_items),
    "complete_with_streaming": ("text_completion", completions),
}
_MODULE = "aleph_alpha_client.aleph_alpha_client"


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the SDK's request object; the model is a separate argument.

    The path is the argument before the model, except for streams.
    """
    value = "endpoint" in kwargs or isinstance(next(iter(args), None), str)
    given = by_name((*("endpoint",) * value, "request", "model"), args, kwargs)
    named = dict(vars(given["request"]))
    named["max_tokens"] = named.get("maximum_tokens")
    if given.get("model") is not None:
        named["model"] = given["model"]
    return Arguments(named, path=f"{instance.host}{given.get('endpoint', '')}", streaming=not value)


ALEPH_ALPHA = Sdk(
    name="aleph_alpha",
    requires="aleph-alpha-client >= 9.1",
    points=(
        *(
            PatchPoint(f"{_MODULE}:{client}._post_request", operation, dialect, route)
            for route, (operation, dialect) in _ROUTES.items()
            for client in (("Client",) if route in _PLAIN_ONLY else ("Client", "AsyncClient"))
        ),
        *(PatchPoint(f"{_MODULE}:AsyncClient.{name}", operation, dialect) for name, (operation, dialect) in _STREAMS.items()),
    ),
    read=read,
    identify=identify_as("aleph_alpha"),
)
