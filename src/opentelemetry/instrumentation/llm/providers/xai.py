"""Instrument xai-sdk: Grok at xAI, over gRPC.

The SDK makes its own spans, contents included; they are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.streamed import streamed
from ..dialects.xai import chat, fetched, images, tokens
from ..wrapper import Patch
from ._hosts import provider_of

_METHODS: Mapping[str, tuple[str, Dialect]] = {
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


class _Silent:
    """Replace a tracer, the result of its methods and a span, without any effect.

    The SDK makes its span current while it yields. OpenTelemetry's tracer without spans would do that too, and the
    span would remain in the application's context.
    """

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> _Silent:
        """Start nothing."""
        return self

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave nothing."""

    def set_attribute(self, *args: Any) -> None:
        """Keep nothing."""

    set_attributes = set_attribute


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the conversation, the count and the format; or the arguments of a client."""
    proto = getattr(instance, "_proto", None)
    if proto is None:
        return Arguments({**dict(zip(_NAMES[type(instance).__module__.rpartition(".")[2]], args, strict=False)), **kwargs})
    options = {"n" if isinstance(given, int) else "shape": given for given in args[:1]}
    return Arguments({**options, **kwargs, "proto": proto})


def identify(instance: Any, arguments: Arguments) -> Destination:
    """Return the address of the channel below its interceptors."""
    held: Any = next(iter(vars(instance._stub).values()))
    if (thunk := getattr(held, "_thunk", None)) is not None:
        held = dict(zip(thunk.__code__.co_freevars, thunk.__closure__, strict=True))["self"].cell_contents
    while (target := getattr(held, "target", None)) is None:
        held = held._channel
    return _at(target() if callable(target) else target)


@lru_cache(maxsize=256)
def _at(target: Any) -> Destination:
    # It may name a resolver, as in dns:///api.x.ai.
    where = target.decode() if isinstance(target, bytes) else str(target)
    host, _, port = where.rpartition("/")[2].partition(":")
    number = int(port) if port.isdigit() else 443
    return Destination(provider_of(host, number, "", "x_ai"), host, number)


XAI = Sdk(
    name="xai",
    requires="xai-sdk >= 1.3",
    points=tuple(
        PatchPoint(f"xai_sdk.{mode}.{target}", operation, dialect) for target, (operation, dialect) in _METHODS.items() for mode in _MODES
    ),
    read=read,
    identify=identify,
    native=tuple(
        Patch("xai-sdk", f"xai_sdk.{mode}.{module}:tracer", lambda original: _Silent())
        for module in ("chat", "image", "tokenizer")
        for mode in _MODES
    ),
)
