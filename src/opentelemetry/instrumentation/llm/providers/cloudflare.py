"""Instrument cloudflare: Workers AI, where the path names the model.

Only chats and embeddings are recorded: the bodies of other tasks do not identify their operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from ..calls.declaration import Sdk
from ..dialects import Arguments
from ..dialects.workers_ai import chat, operation, vectors
from ._generated import generated
from ._generated import read as read_request

_ROUTE = "/ai/run/"


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read a request; the model comes from the path, the operation from the body."""
    arguments = read_request(instance, args, kwargs)
    _, found, model = arguments.path.partition(_ROUTE)
    if found:
        model = unquote(model)
        arguments.named = {**arguments.named, "model": model}
        arguments.path = f"{_ROUTE}{operation(model, arguments.named)}"
    return arguments


CLOUDFLARE: Sdk = replace(
    generated(
        "cloudflare",
        "cloudflare >= 5.0",
        "cloudflare",
        {"POST /ai/run/chat": ("chat", chat), "POST /ai/run/embeddings": ("embeddings", vectors)},
    ),
    read=read,
)
