"""Calls of xai-sdk over gRPC, with the stand-in's gRPC server."""

from __future__ import annotations

import atexit
import inspect
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from opentelemetry import trace

NEEDS = "xai_sdk"
MODEL = "grok-4"
TOOL = {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}


@contextmanager
def native() -> Iterator[None]:
    """Give its modules new tracers, because they keep the first tracer provider."""
    with ExitStack() as stack:
        for name in ("chat", "image", "tokenizer"):
            for module in (import_module(f"xai_sdk.{mode}.{name}") for mode in ("sync", "aio")):
                if isinstance(module.tracer, trace.ProxyTracer):
                    stack.enter_context(mock.patch.object(module, "tracer", trace.get_tracer(module.__name__)))
        yield


@cache
def _front(url: str) -> Any:
    from stand_in.grpc_front import GrpcFront
    from stand_in.xai_front import RPCS

    front = GrpcFront(url, RPCS).start()
    atexit.register(front.stop)
    return front


def _client(kind: str) -> Callable[[str], Any]:
    def client(base_url: str) -> Any:
        # Otherwise the library writes to stderr about every connection that ends.
        os.environ["GRPC_VERBOSITY"] = "NONE"
        import xai_sdk

        parts, made = urlsplit(base_url), getattr(xai_sdk, kind)
        host = _front(f"{parts.scheme}://{parts.netloc}").host
        if "use_insecure_channel" in inspect.signature(made).parameters:
            way: dict[str, Any] = {"api_host": host, "use_insecure_channel": True}
        else:  # it then asks no server of this machine for a certificate
            way = {"api_host": f"localhost:{host.rpartition(':')[2]}"}
        return made(api_key="none", metadata=(("x-stand-in-path", parts.path),), channel_options=[("grpc.enable_retries", 0)], **way)

    return client


def _chat(client: Any, text: str = "say three words", **more: Any) -> Any:
    from xai_sdk.chat import user

    return client.chat.create(model=MODEL, messages=[user(text)], **more)


def _tools() -> Any:
    from xai_sdk.chat import tool

    return [tool(name="look_up", description="Look something up.", parameters=TOOL)]


def _shape() -> Any:
    import pydantic

    return pydantic.create_model("Answer", q=(str, ...))


def _batch(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a call that the SDK has deprecated."""

    def call(client: Any) -> Any:
        warnings.filterwarnings("ignore", ".*will be deprecated", PendingDeprecationWarning)
        return function(client)

    return call


_CHAT, _IMAGE, _STORED = "chat:Chat.", "image:Client.", "chat:Client.get_stored_completion"
_PICTURE: dict[str, Any] = {"prompt": "a small boat", "model": "grok-imagine-image", "image_format": "base64"}
CALLS: list[tuple[str, str, bool, Callable[[Any], Any]]] = [
    (f"{_CHAT}sample", "chat.create.sample", False, lambda c: _chat(c, temperature=0.2).sample()),
    (f"{_CHAT}sample_batch", "chat.create.sample_batch", False, _batch(lambda c: _chat(c).sample_batch(2))),
    (f"{_CHAT}parse", "chat.create.parse", False, lambda c: _chat(c).parse(_shape())),
    (f"{_CHAT}_defer", "chat.create.defer", False, lambda c: _chat(c).defer()),
    (f"{_CHAT}stream", "chat.create.stream", True, lambda c: _chat(c).stream()),
    (f"{_CHAT}stream", "chat.create.stream:tools", True, lambda c: _chat(c, "call the tool", tools=_tools()).stream()),
    (f"{_CHAT}stream_batch", "chat.create.stream_batch", True, _batch(lambda c: _chat(c).stream_batch(2))),
    (_STORED, "chat.get_stored_completion", False, lambda c: c.chat.get_stored_completion("chatcmpl-1")),
    (f"{_IMAGE}sample", "image.sample", False, lambda c: c.image.sample(**_PICTURE)),
    (f"{_IMAGE}sample_batch", "image.sample_batch", False, lambda c: c.image.sample_batch(**_PICTURE, n=2)),
    ("tokenizer:Client.tokenize_text", "tokenize.tokenize_text", False, lambda c: c.tokenize.tokenize_text("a b", MODEL)),
]
"""Method, name, whether it streams, and the call (sync and async)."""


def _sample(target: str, name: str, stream: bool, call: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        "provider": "xai", "point": f"xai_sdk.sync.{target}", "stream": stream, "name": name.replace("create.", "create:"), "module": NEEDS,
        "client": _client("Client"), "async_client": _client("AsyncClient"), "sync": call, "async": call,
        "noise": ("opentelemetry.context",), "absent": ("gen_ai.response.status",) if target == _STORED else (),
    }  # fmt: skip


SAMPLES: list[dict[str, Any]] = [_sample(*row) for row in CALLS]
