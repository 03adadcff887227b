"""azure-ai-inference: models behind Azure's inference endpoints, and GitHub's.

Its stream is its own iterator: it queues what a block of bytes brought, and nothing inside gives one update at a time. So
the very stream that the application gets becomes, until its call ends, of a class that tells what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any
from weakref import ref

from ..calls.call import CLOSED_EARLY, Call
from ..guard import guarded
from ..calls.loss import watch_for_loss
from ..calls.point import Point, Provider
from ..calls.streams import AsyncTap, Tap
from ..dialects import Arguments, Dialect
from ..dialects.chat_completions import chat_completions
from ..dialects.embeddings import embeddings
from .generated import identify_as

_CALL = "_ex_llm_call"
_STREAMS = frozenset({"StreamingChatCompletions", "AsyncStreamingChatCompletions"})
_DEFAULTS = (
    "model", "temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "stop", "seed", "tools",
    "dimensions", "encoding_format",
)  # fmt: skip


class _Inside:
    """Be the iterator that a stream does not have: what the stream's own class gives for it."""

    __slots__ = ("_kind", "_stream")

    def __init__(self, kind: Any, stream: Any) -> None:
        self._kind, self._stream = kind, stream

    def __next__(self) -> Any:
        return self._kind.__next__(self._stream)

    def __anext__(self) -> Any:
        return self._kind.__anext__(self._stream)


def _closing(kind: Any, name: str) -> Callable[[Any], Any]:
    def close(stream: Any) -> Any:
        call = vars(stream).get(_CALL)
        if call is not None and not call.inside:
            guarded(call.stream_ended, CLOSED_EARLY)
        return getattr(kind, name)(stream)

    return close


@lru_cache(maxsize=8)
def _telling(kind: Any) -> Any:
    """Make the class that a stream of ``kind`` is of while its call runs: a subclass under the same name."""

    async def anext(stream: Any) -> Any:
        return await AsyncTap(_Inside(kind, stream), vars(stream)[_CALL]).__anext__()

    told: dict[str, Any] = {
        "__next__": lambda stream: next(Tap(_Inside(kind, stream), vars(stream)[_CALL])),
        "__anext__": anext,
        "close": _closing(kind, "close"),
        "aclose": _closing(kind, "aclose"),
    }
    own = {name: function for name, function in told.items() if hasattr(kind, name)}
    return type(kind.__name__, (kind,), {**own, "__module__": kind.__module__, "__qualname__": kind.__qualname__})


def _forget(stream: Any, kind: Any) -> None:
    """Let a stream whose call has ended be what the SDK made."""
    if (held := stream()) is not None:
        held.__class__ = kind
        vars(held).pop(_CALL, None)


def open_stream(call: Call, result: Any) -> bool:
    """See a stream through, if that is what came back."""
    kind: Any = type(result)
    if kind.__name__ not in _STREAMS:
        return False
    call.stream_started()
    call.tapped = True
    vars(result)[_CALL] = call
    result.__class__ = _telling(kind)
    call.forget = partial(_forget, ref(result), kind)
    watch_for_loss(result, call)
    return True


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the body, or the arguments that it is made of: the client's defaults below them, what is added above."""
    body = args[0] if args else kwargs.get("body")
    if isinstance(body, Mapping):
        return Arguments(body, path=str(instance._config.endpoint), streaming=body.get("stream") is True)
    named = {name: getattr(instance, f"_{name}", None) for name in _DEFAULTS}
    named |= {name: value for name, value in kwargs.items() if value is not None}
    form = kwargs.get("response_format") or getattr(instance, "_internal_response_format", None)
    if form is not None and not isinstance(form, Mapping):
        named["response_format"] = {"type": form if isinstance(form, str) else "json_schema"}
    added = kwargs.get("model_extras") or getattr(instance, "_model_extras", None)
    if isinstance(added, Mapping):
        named |= added
    return Arguments(named, path=str(instance._config.endpoint), streaming=kwargs.get("stream") is True)


_METHODS: Mapping[str, tuple[str, Dialect]] = {
    "ChatCompletionsClient.complete": ("chat", chat_completions),
    "EmbeddingsClient.embed": ("embeddings", embeddings),
    "ImageEmbeddingsClient.embed": ("embeddings", embeddings),
}
AZURE_INFERENCE = Provider(
    name="azure_inference",
    requires="azure-ai-inference >= 1.0.0b4",
    points=tuple(
        Point(f"azure.ai.inference{place}._patch:{method}", operation, dialect, open=open_stream)
        for method, (operation, dialect) in _METHODS.items()
        for place in ("", ".aio")
    ),
    read=read,
    identify=identify_as("azure.ai.inference"),
)
