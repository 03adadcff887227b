"""Calls of litellm, with the wire formats of OpenAI, Anthropic and Cohere."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import Any
from unittest import mock

from opentelemetry import trace

NEEDS = "litellm"
MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]
# Else it would fetch its prices from the network as it is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")


class KeepsNothing(dict[str, Any]):
    """Accept items to store, and drop them."""

    def __setitem__(self, name: str, value: Any) -> None:
        """Let it go."""


class InTurn(threading.Thread):
    """A thread that its starter waits for."""

    def start(self) -> None:
        """Run it to its end."""
        super().start()
        self.join(_SOON)


class _Threading:
    """Stand for the module ``threading``, with threads that are waited for."""

    Thread = InTurn

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


_SOON = 5.0
"""Maximum seconds to wait for background work of a call."""


def _one_after_another() -> None:
    """Make LiteLLM log before it continues, which it usually does in background.

    Otherwise no two runs are equal.
    """
    from litellm.litellm_core_utils import streaming_handler, thread_pool_executor

    streaming_handler.threading = _Threading()  # type: ignore[assignment]
    executor = thread_pool_executor.executor
    if "submit" not in vars(executor):
        submit = executor.submit

        def submit_and_wait(*work: Any, **named: Any) -> Future[Any]:
            future = submit(*work, **named)
            wait([future], _SOON)
            return future

        executor.submit = submit_and_wait  # type: ignore[method-assign]


class Functions:
    """The functions of the module as methods of a client that talks to one server."""

    def __init__(self, prefix: str, **always: Any) -> None:
        import litellm
        from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

        # It keeps HTTP clients, which cannot follow from one event loop to the next.
        litellm.in_memory_llm_clients_cache.flush_cache()
        if "module_level_aclient" in vars(litellm):
            litellm.module_level_aclient = AsyncHTTPHandler(timeout=litellm.request_timeout)
        litellm.suppress_debug_info = True
        # Zero is not taken for a number of retries everywhere.
        litellm.DEFAULT_MAX_RETRIES = 0
        # Earlier releases keep here all that their last call held, its stream too, until the next one.
        litellm.error_logs = KeepsNothing()
        # Cached errors get longer tracebacks, which keep more frames, each time that they are raised.
        for module in (litellm.utils, litellm.cost_calculator):
            module._cached_get_model_info_helper = litellm.utils._get_model_info_helper
        _one_after_another()
        self._lite, self._prefix, self._always = litellm, prefix, always

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._lite, name if name == "anthropic_messages" else self._prefix + name)
        return functools.partial(function, **self._always)


@contextlib.contextmanager
def calling_back(callback: Any) -> Iterator[None]:
    """Register a callback, which LiteLLM calls in its own thread."""
    import litellm

    before, litellm.callbacks = litellm.callbacks, [callback]
    try:
        yield
    finally:
        litellm.callbacks = before
        for places in (litellm.success_callback, litellm._async_success_callback, litellm.failure_callback, litellm.input_callback):
            places[:] = [place for place in places if place is not callback]


def otel(tracer_provider: Any) -> Any:
    """Make its callback ``otel``.

    Earlier releases accept no tracer provider and set their own as the global one.
    """
    from litellm.integrations.opentelemetry import OpenTelemetry, OpenTelemetryConfig

    takes = "tracer_provider" in inspect.signature(OpenTelemetry.__init__).parameters
    # They also try to report to LiteLLM's proxy, which is not installed.
    proxy = mock.patch.object(OpenTelemetry, "_init_otel_logger_on_litellm_proxy", lambda self: None, create=True)
    with proxy, mock.patch.object(trace, "set_tracer_provider"):
        made = OpenTelemetry(OpenTelemetryConfig(exporter="console"), **({"tracer_provider": tracer_provider} if takes else {}))
    made.tracer = tracer_provider.get_tracer("litellm")
    return made


@contextlib.contextmanager
def native() -> Iterator[None]:
    """Let LiteLLM make spans of its own, inside those of others too."""
    with mock.patch.dict(os.environ, USE_OTEL_LITELLM_REQUEST_SPAN="true"), calling_back(otel(trace.get_tracer_provider())):
        yield


def _client(prefix: str, path: str, **always: Any) -> Callable[[str], Functions]:
    def client(base_url: str) -> Functions:
        return Functions(prefix, api_base=base_url + path, api_key="sk-test", **always)

    return client


def _clients(path: str, **always: Any) -> tuple[Callable[[str], Functions], Callable[[str], Functions]]:
    return _client("", path, **always), _client("a", path, **always)


@functools.cache
def _that_never_tries_again(name: str) -> Any:
    """Return a client class whose number of retries cannot be set by a release.

    Earlier releases set it on the client that they receive.
    """
    import openai

    return type(name, (getattr(openai, name),), {"max_retries": property(lambda client: 0, lambda client, number: None)})


def _untried(prefix: str) -> Callable[[str], Functions]:
    def client(base_url: str) -> Functions:
        made = _that_never_tries_again("AsyncOpenAI" if prefix else "OpenAI")(base_url=f"{base_url}/v1", api_key="sk-test")
        return _client(prefix, "/v1", client=made)(base_url)

    return client


# Some functions hand no number of retries on, only a whole client.
UNTRIED = (_untried(""), _untried("a"))
OPENAI, AT_ANTHROPIC, AT_COHERE = _clients("/v1", max_retries=0), _clients("", max_retries=0), _clients("/cohere")
CHAT: dict[str, Any] = {"model": "openai/gpt-4o-mini", "messages": MESSAGES}
STREAM: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
CLAUDE: dict[str, Any] = {"model": "anthropic/claude-sonnet-4-5", "messages": MESSAGES}
INSTRUCT: dict[str, Any] = {"model": "gpt-3.5-turbo-instruct", "prompt": "say it"}


def _picture() -> io.BytesIO:
    picture = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    picture.name = "boat.png"
    return picture


_MAIN, _IMAGES, _FORCED = "litellm.main", "litellm.images.main", {"tools": TOOLS, "tool_choice": "required"}
_HANDLER = "litellm.llms.anthropic.messages.native.handler"
CALLS: list[tuple[Any, str, str, bool, Any]] = [
    (OPENAI, _MAIN, "completion", False, lambda c: c.completion(**CHAT)),
    (OPENAI, _MAIN, "completion", True, lambda c: c.completion(**CHAT, **STREAM)),
    (OPENAI, _MAIN, "completion:tools", True, lambda c: c.completion(**CHAT, **STREAM, **_FORCED)),
    (AT_ANTHROPIC, _MAIN, "completion:claude", False, lambda c: c.completion(**CLAUDE)),
    (AT_ANTHROPIC, _MAIN, "completion:claude", True, lambda c: c.completion(**CLAUDE, **STREAM)),
    (OPENAI, _MAIN, "text_completion", False, lambda c: c.text_completion(**INSTRUCT)),
    (OPENAI, _MAIN, "text_completion", True, lambda c: c.text_completion(**INSTRUCT, stream=True)),
    (OPENAI, _MAIN, "embedding", False, lambda c: c.embedding(model="text-embedding-3-small", input=["a b", "c"])),
    (OPENAI, "litellm.responses.main", "responses", False, lambda c: c.responses(model="gpt-4o-mini", input="say three words")),
    (OPENAI, "litellm.responses.main", "responses", True, lambda c: c.responses(model="gpt-4o-mini", input="say it", stream=True)),
    (UNTRIED, _IMAGES, "image_generation", False, lambda c: c.image_generation(model="openai/dall-e-3", prompt="a boat")),
    (OPENAI, _IMAGES, "image_edit", False, lambda c: c.image_edit(image=_picture(), model="openai/gpt-image-1", prompt="a boat")),
    (OPENAI, _MAIN, "speech", False, lambda c: c.speech(model="openai/tts-1", input="say it", voice="alloy")),
    (OPENAI, _MAIN, "transcription", False, lambda c: c.transcription(model="whisper-1", file=("sound.wav", b"RIFF"))),
    (AT_COHERE, "litellm.rerank_api.main", "rerank", False,
     lambda c: c.rerank(model="cohere/rerank-v3.5", query="a", documents=["a b", "c"])),
]  # fmt: skip
"""Clients, module, name, whether it streams, and the call (sync and async)."""
MESSAGES_CALLS: list[tuple[str, bool, Any]] = [
    ("anthropic_messages", False, lambda c: c.anthropic_messages(max_tokens=10, **CLAUDE)),
    ("anthropic_messages", True, lambda c: c.anthropic_messages(max_tokens=10, stream=True, **CLAUDE)),
]
"""These are asynchronous only."""
MODERATION: dict[str, Any] = {"model": "omni-moderation-latest", "input": "a b"}

_NO_MODEL = ("gen_ai.response.model", "gen_ai.response.id")
ABSENT = {
    "text_completion": ("openai.api.type",),
    "embedding": ("gen_ai.response.id",),
    "responses": ("openai.response.system_fingerprint",),
    "rerank": ("gen_ai.response.model", "gen_ai.usage.input_tokens"),
    "speech": _NO_MODEL,
    "transcription": _NO_MODEL,
    "image_generation": _NO_MODEL,
    "image_edit": _NO_MODEL,
}
"""Recommended attributes that a function's answers do not give."""


def _sample(clients: Any, module: str, name: str, stream: bool, plain: Any, asynchronous: Any) -> dict[str, Any]:
    client, async_client = clients
    function = name.partition(":")[0]
    return {
        "provider": "litellm", "point": f"{module}:{function}", "name": name, "stream": stream,
        "client": client, "async_client": async_client, "sync": plain, "async": asynchronous,
        "absent": ABSENT.get(function, ()),
    }  # fmt: skip


SAMPLES: list[dict[str, Any]] = [
    *(_sample(clients, module, name, stream, call, call) for clients, module, name, stream, call in CALLS),
    *(_sample(AT_ANTHROPIC, _HANDLER, name, stream, None, call) for name, stream, call in MESSAGES_CALLS),
    # Sync calls use the openai SDK, and are recorded there.
    _sample(UNTRIED, _MAIN, "moderation", False, None, lambda c: c.moderation(**MODERATION)),
]
