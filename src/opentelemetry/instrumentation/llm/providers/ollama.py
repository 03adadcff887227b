"""Instrument ollama: models of a local server or of Ollama's cloud.

The functions of the module are bound to a client when it is imported, so the function below all of them is patched:
it is looked up for every call, and its arguments contain the body as it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.ollama.operations import embed, generate, score
from ._generated import identify_as

_ROUTES: Mapping[str, tuple[str, Dialect]] = {
    "POST /api/chat": ("chat", generate),
    "POST /api/generate": ("text_completion", generate),
    "POST /api/embed": ("embeddings", embed),
    "POST /api/embeddings": ("embeddings", embed),
    "POST /v1/systemone": ("generate_content", score),
}


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read method, route and body; the first argument is the class of the result."""
    _, method, route, *_ = (*args, "", "", "")
    body = kwargs.get("json")
    return Arguments(
        named=body if isinstance(body, Mapping) else {},
        path=f"{str(instance._client.base_url).rstrip('/')}{route}",
        method=str(method),
        streaming=kwargs.get("stream") is True,
    )


OLLAMA = Sdk(
    name="ollama",
    requires="ollama >= 0.4",
    points=tuple(
        PatchPoint(f"ollama._client:{client}._request", operation, dialect, route)
        for route, (operation, dialect) in _ROUTES.items()
        for client in ("Client", "AsyncClient")
    ),
    read=read,
    identify=identify_as("ollama"),
)
