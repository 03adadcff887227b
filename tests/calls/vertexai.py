"""Calls of vertexai over gRPC, its default, and sync ones over HTTP too."""

from __future__ import annotations

import atexit
import copy
import importlib
import importlib.util
import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

NEEDS = "vertexai"
MODEL, EMBEDDER = "gemini-2.5-flash", "text-embedding-005"
WHERE = "projects/p/locations/us-central1"
ASKED: dict[str, Any] = {"contents": "say three words", "generation_config": {"temperature": 0.2, "max_output_tokens": 100}}
TOOL: dict[str, Any] = {"type": "object", "properties": {"q": {"type": "string"}}}


@cache
def _front(url: str) -> Any:
    from stand_in.grpc_front import GrpcFront
    from stand_in.vertex_front import RPCS

    front = GrpcFront(url, RPCS).start()
    atexit.register(front.stop)
    return front


def _quietly() -> None:
    """Ignore the SDK's warnings about its end of life and its imports."""
    warnings.filterwarnings("ignore", ".*deprecated", UserWarning)
    warnings.filterwarnings("ignore", module="google|vertexai|proto")


def _credentials() -> Any:
    from google.auth.credentials import AnonymousCredentials

    credentials = AnonymousCredentials()
    credentials.token, credentials.expiry, credentials.refresh = "canary-key-5ecret", None, lambda request: None
    return credentials


_SERVICES = ("prediction_service:PredictionService", "llm_utility_service:LlmUtilityService")


class _Client:
    """Models and their calls, by the names that the SDK uses."""

    def __init__(self, kind: str, made: Callable[[str, str], Any]) -> None:
        from vertexai.generative_models import _generative_models
        from vertexai.language_models import TextEmbeddingModel

        of_models = getattr(_generative_models, "prediction_service_v1", _generative_models.prediction_service).__name__.split(".")[2]
        self._asking = [made(package, service) for package in (of_models, "aiplatform_v1") for service in _SERVICES]
        self.model = _generative_models.GenerativeModel(MODEL)
        self.embedder = TextEmbeddingModel(EMBEDDER, f"{WHERE}/publishers/google/models/{EMBEDDER}")
        for owner, asking in ((self.model, self._asking[:2]), (self.embedder._endpoint, self._asking[2:])):
            for name, one in zip(("prediction", "llm_utility"), asking, strict=True):
                # By the one name or by the other, which is the older one for models.
                vars(owner).update({f"_{name}_{kind}client{end}": one for end in ("", "_value")})

    def close(self) -> None:
        for asking in self._asking:
            asking.transport.close()

    async def aclose(self) -> None:
        for asking in self._asking:
            await asking.transport.close()


def _opened(package: str, service: str, kind: str, transport: str, **how: Any) -> Any:
    """Open a client of one of the services."""
    place, _, name = service.partition(":")
    module = importlib.import_module(f"google.cloud.{package}.services.{place}")
    transports = importlib.import_module(f"google.cloud.{package}.services.{place}.transports")
    return getattr(module, f"{name}{kind}Client")(transport=getattr(transports, f"{name}{transport}Transport")(**how))


def _init(url: str) -> None:
    # Otherwise the library writes to stderr about every connection that ends.
    os.environ["GRPC_VERBOSITY"] = "NONE"
    _quietly()
    import vertexai

    vertexai.init(project="p", location="us-central1", credentials=_credentials(), api_endpoint=url)


def _client(url: str) -> Any:
    _init(url)
    import grpc

    host = _front(url).host
    channel = lambda: grpc.insecure_channel(host, [("grpc.enable_retries", 0)])  # noqa: E731
    return _Client("", lambda package, service: _opened(package, service, "", "Grpc", host=host, channel=channel()))


def _async_client(url: str) -> Any:
    _init(url)
    import grpc

    host = _front(url).host
    channel = lambda: grpc.aio.insecure_channel(host, [("grpc.enable_retries", 0)])  # noqa: E731
    return _Client("async_", lambda package, service: _opened(package, service, "Async", "GrpcAsyncIO", host=host, channel=channel()))


def _rest_client(url: str) -> Any:
    _init(url)
    return _Client("", lambda package, service: _opened(package, service, "", "Rest", host=url, credentials=_credentials()))


def _tools() -> Any:
    from vertexai.generative_models import FunctionDeclaration, Tool

    return [Tool(function_declarations=[FunctionDeclaration(name="look_up", description="Look it up.", parameters=copy.deepcopy(TOOL))])]


_GENERATE, _STREAM = "_GenerativeModel._generate_content", "_GenerativeModel._generate_content_streaming"
_EMBED = "_TextEmbeddingModel.get_embeddings"
Call = Callable[[Any], Any]
CALLS: list[tuple[str, str, bool, Call, Call]] = [
    (
        _GENERATE, "model.generate_content", False,
        lambda c: c.model.generate_content(**ASKED), lambda c: c.model.generate_content_async(**ASKED),
    ),
    (
        _GENERATE, "model.generate_content:tools", False,
        lambda c: c.model.generate_content("call the tool", tools=_tools()),
        lambda c: c.model.generate_content_async("call the tool", tools=_tools()),
    ),
    (
        _STREAM, "model.generate_content", True,
        lambda c: c.model.generate_content(**ASKED, stream=True), lambda c: c.model.generate_content_async(**ASKED, stream=True),
    ),
    (
        _STREAM, "model.generate_content:tools", True,
        lambda c: c.model.generate_content("call the tool", tools=_tools(), stream=True),
        lambda c: c.model.generate_content_async("call the tool", tools=_tools(), stream=True),
    ),
    (
        "_GenerativeModel.count_tokens", "model.count_tokens", False,
        lambda c: c.model.count_tokens("a b"), lambda c: c.model.count_tokens_async("a b"),
    ),
    (
        _EMBED, "embedder.get_embeddings", False,
        lambda c: c.embedder.get_embeddings(["a b", "c"], output_dimensionality=4),
        lambda c: c.embedder.get_embeddings_async(["a b", "c"], output_dimensionality=4),
    ),
]  # fmt: skip
_ID, _MODEL = "gen_ai.response.id", "gen_ai.response.model"


@cache
def _names_answers() -> bool:
    """Return True if the release keeps response id and model.

    It reads the source, because the import is slow.
    """
    found = importlib.util.find_spec("google.cloud.aiplatform_v1") if importlib.util.find_spec(NEEDS) else None
    source = Path(str(found.origin)).parent / "types" / "prediction_service.py" if found else None
    return source is not None and "response_id" in source.read_text(encoding="utf-8")


def _absent(name: str) -> tuple[str, ...]:
    if "generate" not in name:
        return (_MODEL,)
    return () if _names_answers() else (_ID, _MODEL)


def _sample(point: str, name: str, stream: bool, call: Call, call_async: Call) -> dict[str, Any]:
    module = "language_models._language_models" if point == _EMBED else "generative_models._generative_models"
    return {
        "provider": "vertexai", "point": f"vertexai.{module}:{point}", "name": name, "stream": stream, "module": NEEDS,
        "client": _client, "async_client": _async_client, "sync": call, "async": call_async, "absent": _absent(name),
    }  # fmt: skip


def _over_http(point: str, name: str, stream: bool, call: Call, call_async: Call) -> dict[str, Any]:
    return {**_sample(point, f"{name}:http", stream, call, call_async), "client": _rest_client, "async_client": None, "async": None}


SAMPLES: list[dict[str, Any]] = [
    *(_sample(*row) for row in CALLS),
    *(_over_http(*row) for row in CALLS[:1]),
]
