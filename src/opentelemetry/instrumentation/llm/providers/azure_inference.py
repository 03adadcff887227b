"""azure-ai-inference: models behind Azure's inference endpoints, and GitHub's.

Its stream is its own iterator: a block of bytes becomes updates in a queue, and these are given one by one. So the queue
of the very stream that the application gets is where updates are seen, and the iterator of blocks where it breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import ref

from ..calls.call import CLOSED_EARLY, COMPLETE, Call
from ..calls.declaration import PatchPoint, Sdk
from ..calls.streams.finalize import end_when_collected
from ..calls.streams.inner_iterator import AsyncTap, Tap, stream_failed
from ..calls.streams.instance_methods import Driver, before, forget, watched
from ..dialects import Arguments, Dialect
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.embeddings import embeddings
from ..guard import guarded
from ..wrapper import Patch
from ._generated import identify_as
from ._hosts import deployment_in

_STREAMS = frozenset({"StreamingChatCompletions", "AsyncStreamingChatCompletions"})
_PARSE = "_deserialize_and_add_to_queue"
_DEFAULTS = (
    "model", "temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "stop", "seed", "tools",
    "dimensions", "encoding_format",
)  # fmt: skip


class _Blocks(Tap):
    """Observe the blocks of bytes; record updates when the application reads them."""

    __slots__ = ()
    _records = False


class _AsyncBlocks(AsyncTap):
    """Tap the blocks of bytes asynchronously, as ``_Blocks`` does."""

    __slots__ = ()
    _records = False


def _taking(call: Call) -> Driver:
    def get(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        update = wrapped(*args, **kwargs)
        guarded(call.on_chunk, update)
        return update

    return get


def _looking(call: Call, stream: Any) -> Driver:
    def empty(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        nothing = wrapped(*args, **kwargs)
        if nothing and getattr(stream(), "_done", False):
            guarded(call.on_stream_end, COMPLETE)
        return nothing

    return empty


def _parsing(call: Call, stream: Any, kind: Any) -> Callable[[Any], Any]:
    # Not bound to the stream, which would then hold itself and be collected later than it is without us.
    def parse(element: Any) -> Any:
        try:
            return getattr(kind, _PARSE)(stream(), element)
        except BaseException as error:
            guarded(stream_failed, call, error)
            raise

    return parse


def _closed(call: Call) -> None:
    if not call.inside:
        call.on_stream_end(CLOSED_EARLY)


def open_stream(call: Call, result: Any) -> bool:
    """Observe the stream, if the result is a stream."""
    if type(result).__name__ not in _STREAMS:
        return False
    blocks, stream = result._bytes_iterator, ref(result)
    call.on_stream_start()
    call.tapped = True
    result._bytes_iterator = (_AsyncBlocks if hasattr(blocks, "__anext__") else _Blocks)(blocks, call)
    setattr(result, _PARSE, _parsing(call, stream, type(result)))
    methods = [
        *watched(result._queue, "get", _taking(call)),
        *watched(result._queue, "empty", _looking(call, stream)),
        *watched(result._response, "close", before(partial(_closed, call))),
    ]
    call.forget = partial(_forget, methods, stream)
    end_when_collected(result, call)
    return True


def _forget(methods: Any, stream: Any) -> None:
    forget(methods)
    if (held := stream()) is not None:
        vars(held).pop(_PARSE, None)


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the body, or its parts: client defaults, arguments and extra fields."""
    body = args[0] if args else kwargs.get("body")
    if isinstance(body, Mapping):
        if body.get("model") is None and (deployment := deployment_in(str(instance._config.endpoint))) is not None:
            body = {**body, "model": deployment}
        return Arguments(body, path=str(instance._config.endpoint), streaming=body.get("stream") is True)
    named = {name: getattr(instance, f"_{name}", None) for name in _DEFAULTS}
    named |= {name: value for name, value in kwargs.items() if value is not None}
    form = kwargs.get("response_format") or getattr(instance, "_internal_response_format", None)
    if form is not None and not isinstance(form, Mapping):
        named["response_format"] = {"type": form if isinstance(form, str) else "json_schema"}
    added = kwargs.get("model_extras") or getattr(instance, "_model_extras", None)
    if isinstance(added, Mapping):
        named |= added
    if named.get("model") is None and (deployment := deployment_in(str(instance._config.endpoint))) is not None:
        named["model"] = deployment
    return Arguments(named, path=str(instance._config.endpoint), streaming=kwargs.get("stream") is True)


class _Settings:
    """Azure's settings as the SDK's tracing sees them: no implementation of spans."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._settings, name)

    def tracing_implementation(self) -> None:
        """Name no implementation."""
        return


_METHODS: Mapping[str, tuple[str, Dialect]] = {
    "ChatCompletionsClient.complete": ("chat", chat_completions),
    "EmbeddingsClient.embed": ("embeddings", embeddings),
    "ImageEmbeddingsClient.embed": ("embeddings", embeddings),
}
AZURE_INFERENCE = Sdk(
    name="azure_inference",
    requires="azure-ai-inference >= 1.0.0b4",
    points=tuple(
        PatchPoint(f"azure.ai.inference{place}._patch:{method}", operation, dialect, open=open_stream)
        for method, (operation, dialect) in _METHODS.items()
        for place in ("", ".aio")
    ),
    read=read,
    identify=identify_as("azure.ai.inference"),
    native=(Patch("azure-ai-inference", "azure.ai.inference.tracing:settings", _Settings),),
)
