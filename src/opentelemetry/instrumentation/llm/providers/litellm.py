"""Instrument litellm: one function for a hundred providers.

The patch is below LiteLLM's decorator, which reads caches and retries. The function inside the decorator is used by
all references to it, including older references. LiteLLM sets price and provider after the response; the call waits
until they are set.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .. import context
from ..calls.call import ABANDONED, Call
from ..calls.declaration import Destination, PatchPoint, Sdk
from ..calls.streams import class_iterator
from ..calls.streams.finalize import end_when_collected
from ..dialects import Arguments, Dialect
from ..dialects.litellm.names import provider_name, selected_provider
from ..dialects.litellm.operations import (
    cost_in_cents,
    counted_in,
    lite_chat,
    lite_embeddings,
    lite_images,
    lite_messages,
    lite_moderation,
    lite_rerank,
    lite_responses,
    lite_speech,
    lite_text,
    lite_transcription,
)
from ..extraction.paths import as_str, get_path
from ..guard import guarded
from ..transports.own import same_server
from ..wrapper import Patch, driven
from ._generated import _server

_ASKED = "/selected_provider"
_MOCKS = ("mock_response", "mock_tool_calls")
_HOPS = (
    "acompletion",
    "aembedding",
    "aimg_generation",
    "aimage_edit",
    "atranscription",
    "aspeech",
    "arerank",
    "aresponses",
    "atext_completion",
)
"""The argument that an asynchronous function passes to its plain function.

The plain function then returns a coroutine for the same call.
"""


def identify(instance: Any, arguments: Arguments) -> Destination:
    """Return the provider, and the server if the call names one."""
    url = as_str(arguments.named.get("api_base")) or as_str(arguments.named.get("base_url"))
    server = None if url is None else _server(url)
    provider = provider_name(selected_provider(arguments.named)) or ("litellm" if url is None else "openai")
    host, port = (None, None) if server is None else (server.host or None, server.port)
    return Destination(provider, host, port, mocked=any(arguments.named.get(name) is not None for name in _MOCKS))


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the arguments, which have their names by now."""
    hop = any(kwargs.get(name) is True for name in _HOPS)
    logging = kwargs.get("litellm_logging_obj")
    sends = None if logging is None else partial(_sends, weakref.ref(logging))
    return Arguments(kwargs, path="" if hop else _ASKED, streaming=kwargs.get("stream") is True, sends=sends)


def _sends(logging: weakref.ref[Any], client: Any, method: str, server: Any) -> bool | None:
    """Return whether a request goes to the address that LiteLLM has just recorded.

    Returns ``None`` if it has recorded no address.
    """
    details = getattr(logging(), "model_call_details", None)
    url = as_str(get_path(details, ("additional_args", "api_base")))
    target = None if url is None else _server(url)
    return None if target is None or not target.host else same_server(target.host, target.port, server)


def _resolved(call: Call, known: Any) -> None:
    """Use the provider and address that LiteLLM's own record of the call contains."""
    details = getattr(known, "model_call_details", None)
    provider = provider_name(get_path(details, ("custom_llm_provider",)))
    if provider is not None and provider != "cached_response":
        call.identity = call.identity._replace(provider=provider)
        call.known["provider"] = provider
    url = as_str(get_path(details, ("additional_args", "api_base"))) or as_str(get_path(details, ("litellm_params", "api_base")))
    if "server_address" not in call.known and url is not None and (server := _server(url)).host:
        call.known |= {"server_address": server.host, "server_port": server.port}


_priced_soon: dict[int, Call] = {}


def _seen_through(call: Call, result: Any) -> bool:
    """Follow a stream through its steps; let a whole answer wait for its price."""
    if class_iterator.is_stepped(result):
        _follow(call, result)
        return True
    if not hasattr(result, "_hidden_params") or not hasattr(result, "__weakref__"):
        return False
    call.hold_response(result)
    _priced_soon[id(result)] = call
    # Stored by id: data about a response must not keep the response alive.
    call.forget = partial(_forget, id(result))
    end_when_collected(result, call)
    return True


def _forget(key: int) -> None:
    _priced_soon.pop(key, None)


def _follow(call: Call, stream: Any) -> None:
    inner = stream if hasattr(stream, "chunks") else getattr(stream, "completion_stream", None)
    guarded(_resolved, call, getattr(stream, "logging_obj", None) or getattr(inner, "logging_obj", None))
    class_iterator.observe(stream, call)
    chunks = getattr(inner, "chunks", None)
    if isinstance(chunks, list):
        # The list itself: it does not hold the stream, and the stream may be gone when its call ends.
        call.forget = lambda: _count(call, chunks)


def _count(call: Call, chunks: list[Any]) -> None:
    if call.draft is not None:
        call.draft.usage = counted_in(chunks)


def _priced(original: Any) -> Callable[..., Any]:
    """Wrap the function that stores a response's price: it ends the call.

    The end of the call has the time of the response.
    """

    def around(wrapped: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        try:
            return wrapped(*args, **kwargs)
        finally:
            guarded(_end, instance, next(iter((*args, *kwargs.values())), None))

    return around


def _end(metadata: Any, known: Any) -> None:
    call = _priced_soon.get(id(getattr(metadata, "result", None)))
    if call is None or call.draft is None:
        return
    guarded(_resolved, call, known)
    hidden = getattr(metadata, "_hidden_params", None)
    # LiteLLM writes zero for a model that it does not know, as for a model that is free.
    if cost := cost_in_cents(get_path(hidden, ("response_cost",))):
        call.draft.usage.reported_cost_cents = cost
    call.on_stream_end(ABANDONED)


_MODEL_FIRST, _PROMPT_FIRST = ("model",), ("prompt", "model")
_Row = tuple[str, Dialect, tuple[str, ...]]
_IMAGES: _Row = ("image_generation", lite_images, _PROMPT_FIRST)
_FUNCTIONS: Mapping[str, Mapping[str, _Row]] = {
    "litellm.main": {
        "completion": ("chat", lite_chat, ("model", "messages", "timeout", "temperature", "top_p", "n", "stream")),
        "text_completion": ("text_completion", lite_text, _PROMPT_FIRST),
        "embedding": ("embeddings", lite_embeddings, ("model", "input", "dimensions", "encoding_format")),
        "transcription": ("transcription", lite_transcription, ("model", "file")),
        "speech": ("speech", lite_speech, ("model", "input", "voice")),
        "moderation": ("moderation", lite_moderation, ("input", "model")),
        "image_generation": _IMAGES,
    },
    "litellm.images.main": {
        "image_generation": _IMAGES,
        "image_edit": ("image_generation", lite_images, ("image", "prompt", "model")),
    },
    "litellm.rerank_api.main": {"rerank": ("rerank", lite_rerank, ("model", "query", "documents"))},
    "litellm.responses.main": {"responses": ("chat", lite_responses, ("input", "model"))},
}
_MESSAGES: _Row = ("chat", lite_messages, ("max_tokens", "messages", "model"))
_UNDECORATED = (("", "moderation"),)
"""A function without a decorator to look into; it uses the openai SDK."""
_TARGETS: Mapping[str, _Row] = {
    **{
        f"{module}:{a}{name}": row
        for module, rows in _FUNCTIONS.items()
        for name, row in rows.items()
        for a in ("", "a")
        if (a, name) not in _UNDECORATED
    },
    "litellm.llms.anthropic.messages.native.handler:anthropic_messages": _MESSAGES,
    "litellm.llms.anthropic.experimental_pass_through.messages.handler:anthropic_messages": _MESSAGES,
}
_STREAMS = (
    "litellm.litellm_core_utils.streaming_handler:CustomStreamWrapper",
    "litellm.utils:TextCompletionStreamWrapper",
    "litellm.text_completions.streaming_iterator:TextCompletionStreamWrapper",
    "litellm.responses.streaming_iterator:ResponsesAPIStreamingIterator",
    "litellm.responses.streaming_iterator:SyncResponsesAPIStreamingIterator",
    "litellm.responses.streaming_iterator:MockResponsesAPIStreamingIterator",
    "litellm.responses.litellm_completion_transformation.streaming_iterator:LiteLLMCompletionStreamingIterator",
    "litellm.llms.anthropic.messages.native.streaming_iterator:AnthropicMessagesStreamingResponse",
    "litellm.llms.anthropic.messages.native.fake_stream_iterator:FakeAnthropicMessagesStreamIterator",
    "litellm.llms.anthropic.messages.adapters.streaming_iterator:AnthropicSSEStream",
    "litellm.llms.anthropic.messages.responses_adapters.streaming_iterator:AnthropicResponsesSSEByteStream",
)
_METHODS = dict.fromkeys(class_iterator.STEPS, class_iterator.step) | dict.fromkeys(class_iterator.CLOSES, class_iterator.close)

_CALLBACK = "OpenTelemetry"
_TELLS = f"litellm.integrations.opentelemetry:{_CALLBACK}"


def _is_its_own(callback: Any) -> bool:
    """Return whether this is the callback ``otel`` itself.

    Subclasses export to their own backend and stay enabled.
    """
    return type(callback).__name__ == _CALLBACK


def _without_spans(original: Any) -> Any:
    def tracer(callback: Any, *args: Any, **kwargs: Any) -> Any:
        return context.silent_tracer() if guarded(_is_its_own, callback) else original(callback, *args, **kwargs)

    return tracer


class _Silent:
    """Stand for a callback, but for the tracer that it makes its spans with."""

    def __init__(self, callback: Any) -> None:
        self._callback = callback
        self.tracer = context.silent_tracer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._callback, name)


def _with_silent_tracer(original: Any) -> Any:
    def handle(callback: Any, *args: Any, **kwargs: Any) -> Any:
        silent = guarded(_silenced, callback)
        return original(callback if silent is None else silent, *args, **kwargs)

    return handle


def _silenced(callback: Any) -> _Silent | None:
    """Replace a callback of a release that requests no tracer before it makes spans."""
    asks = hasattr(type(callback), "get_tracer_to_use_for_request")
    return _Silent(callback) if _is_its_own(callback) and not asks else None


def _without_attributes(original: Any) -> Any:
    def nothing(callback: Any, *args: Any, **kwargs: Any) -> None:
        if not guarded(_is_its_own, callback):
            original(callback, *args, **kwargs)

    return nothing


_METADATA = "litellm.litellm_core_utils.llm_response_utils.response_metadata"

LITELLM = Sdk(
    name="litellm",
    requires="litellm >= 1.61",
    points=tuple(
        PatchPoint(f"{target}@original_function", operation, dialect, f"POST {_ASKED}", open=_seen_through, names=names)
        for target, (operation, dialect, names) in _TARGETS.items()
    ),
    read=read,
    identify=identify,
    releases={
        "litellm.main:*image*": "litellm >= 1.61, < 1.70.4",
        "litellm.images.main:*": "litellm >= 1.70.4",
        "litellm.responses.main:*": "litellm >= 1.63.8",
        "litellm.llms.anthropic.messages.*": "litellm >= 1.109",
        "litellm.llms.anthropic.experimental_pass_through.*": "litellm >= 1.63.2, < 1.109",
    },
    patches=(
        *(Patch("litellm", f"{kind}.{name}", driven(driver)) for kind in _STREAMS for name, driver in _METHODS.items()),
        Patch("litellm", f"{_METADATA}:ResponseMetadata.set_hidden_params", driven(_priced)),
    ),
    native=(
        Patch("litellm", f"{_TELLS}.get_tracer_to_use_for_request", _without_spans),
        *(Patch("litellm", f"{_TELLS}.{name}", _with_silent_tracer) for name in ("_handle_sucess", "_handle_failure")),
        # It also writes all that it knows of a call onto whatever span is current when it ends.
        Patch("litellm", f"{_TELLS}.set_attributes", _without_attributes),
    ),
)
