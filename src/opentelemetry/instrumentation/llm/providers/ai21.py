"""ai21: Jamba at AI21, and through the same SDK on the clouds that have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments
from ..dialects.openai.chat_completions import chat_completions
from ..extraction.arguments import by_name
from ._generated import identify_as


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read arguments by the names of the body, and the address from the client."""
    named = by_name(("messages", "model"), args, kwargs)
    return Arguments(named, path=str(instance._client._base_url), streaming=named.get("stream") is True)


AI21 = Sdk(
    name="ai21",
    requires="ai21 >= 4.0",
    points=tuple(
        PatchPoint(f"ai21.clients.studio.resources.chat.{target}.create", "chat", chat_completions, stream_in="_iterator")
        for target in ("chat_completions:ChatCompletions", "async_chat_completions:AsyncChatCompletions")
    ),
    read=read,
    identify=identify_as("ai21"),
)
