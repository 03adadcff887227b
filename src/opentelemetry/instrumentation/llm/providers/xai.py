"""Instrument xai-sdk: Grok at xAI, over gRPC.

The SDK makes its own spans, contents included; they are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.streamed import streamed
from ..dialects.xai import chat, fetched, images, tokens
from ..extraction.arguments import by_name
from ..wrapper import Patch
from ._endpoint import channel_destination
from ._native import SilentTracer

_OPERATIONS: Mapping[str, tuple[str, Dialect]] = {
    "chat:Chat.sample": ("chat", chat),
    "chat:Chat.sample_batch": ("chat", chat),
    "chat:Chat.parse": ("chat", chat),
    "chat:Chat.stream": ("chat", streamed(chat)),
    "chat:Chat.stream_batch": ("chat", streamed(chat)),
    # Asks until the answer is there.
    "chat:Chat._defer": ("chat", chat),
    "chat:Client.get_stored_completion": ("fetch_response", fetched),
    "image:Client.sample": ("image_generation", images),
    "image:Client.sample_batch": ("image_generation", images),
    "tokenizer:Client.tokenize_text": ("count_tokens", tokens),
}
_NAMES: Mapping[str, tuple[str, ...]] = {"chat": ("response_id",), "image": ("prompt", "model", "n"), "tokenizer": ("text", "model")}
_MODES = ("sync", "aio")


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the conversation, the count and the format; or the arguments of a client."""
    proto = getattr(instance, "_proto", None)
    if proto is None:
        return Arguments(by_name(_NAMES[type(instance).__module__.rpartition(".")[2]], args, kwargs))
    options = {"n" if isinstance(given, int) else "shape": given for given in args[:1]}
    return Arguments({**options, **kwargs, "proto": proto})


def identify(instance: Any, arguments: Arguments) -> Destination:
    """Return the address of the channel below its interceptors."""
    held: Any = next(iter(vars(instance._stub).values()))
    if (thunk := getattr(held, "_thunk", None)) is not None:
        held = dict(zip(thunk.__code__.co_freevars, thunk.__closure__, strict=True))["self"].cell_contents
    while (target := getattr(held, "target", None)) is None:
        held = held._channel
    return channel_destination(target() if callable(target) else target, "x_ai")


XAI = Sdk(
    name="xai",
    requires="xai-sdk >= 1.3",
    points=tuple(
        PatchPoint(f"xai_sdk.{mode}.{target}", operation, dialect)
        for target, (operation, dialect) in _OPERATIONS.items()
        for mode in _MODES
    ),
    read=read,
    identify=identify,
    native=tuple(
        Patch("xai-sdk", f"xai_sdk.{mode}.{module}:tracer", lambda original: SilentTracer())
        for module in ("chat", "image", "tokenizer")
        for mode in _MODES
    ),
)
