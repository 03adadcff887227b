"""google-genai: Gemini on its own API and on Vertex AI, and its interactions.

The patched functions of ``models`` are below the SDK's loops, so that a function that the SDK calls itself, or a
response that it continues, gives one call for each request. Interactions are requested through generated code; that
of the releases before 2 belongs to the family of ``_generated``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..calls.result import raw_responses
from ..calls.streams.inner_iterator import rewrapped
from ..dialects import Arguments, Dialect
from ..dialects.google.gemini import generate_content, generate_content_stream
from ..dialects.google.interactions import decisions, fetched_interaction, interactions
from ..dialects.google.media import embed_content, generate_images, only_named
from ..dialects.google.usage import either
from ..extraction.paths import as_sequence, as_str, get_path
from ..extraction.urls import port_of
from ..wrapper import Patch, driven
from ._generated import generated
from ._hosts import provider_of

_FUNCTIONS: Mapping[str, tuple[str, Dialect]] = {
    "models:{}Models._generate_content": ("generate_content", generate_content),
    "models:{}Models._generate_content_stream": ("generate_content", generate_content_stream),
    "models:{}Models.embed_content": ("embeddings", embed_content),
    "models:{}Models._generate_images": ("image_generation", generate_images),
    "models:{}Models._edit_image": ("image_generation", generate_images),
    "models:{}Models._upscale_image": ("image_generation", generate_images),
    "models:{}Models.recontext_image": ("image_generation", generate_images),
    "models:{}Models.count_tokens": ("count_tokens", only_named),
    "batches:{}Batches._create": ("create_batch", only_named),
    "batches:{}Batches._create_embeddings": ("create_batch", only_named),
}
# Responses of embedContent contain token counts, which embed_content drops in releases before 3.
_REQUESTS = ("google.genai._api_client:BaseApiClient.request", "google.genai._api_client:BaseApiClient.async_request")
_ASKED: Mapping[str, tuple[str, str, Dialect]] = {
    "POST /interactions": ("Interactions.create", "generate_content", interactions),
    "POST /agents": ("Interactions.create", "invoke_agent", interactions),
    "GET /interactions": ("Interactions.get", "fetch_response", fetched_interaction),
    "POST /decisions": ("Decisions.create", "generate_content", decisions),
}


@lru_cache(maxsize=256)
def _at(url: str, on_vertex: bool) -> Destination:
    parts = urlsplit(url)
    host, port = parts.hostname or "", port_of(parts) or {"https": 443, "http": 80}.get(parts.scheme)
    return Destination(provider_of(host, port, parts.path, "gcp.vertex_ai" if on_vertex else "gcp.gemini"), host or None, port)


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the keyword arguments of a ``models`` function, or those of a request."""
    if len(args) < 3:
        return Arguments(kwargs)
    path, body = str(args[1]), args[2]
    model, _, operation = path.partition("?")[0].rpartition(":")
    if operation == "predict" and get_path(next(iter(as_sequence(get_path(body, ("instances",)))), None), ("content",)) is not None:
        operation = "embedContent"
    return Arguments({"model": model, "config": {"http_options": args[3] if len(args) > 3 else None}}, path=operation)


def identify(instance: Any, arguments: Arguments) -> Destination:
    """Return which of the two APIs a client uses, and its address; a call may differ."""
    client = getattr(instance, "_api_client", instance)
    url = as_str(either(arguments.named.get("config"), "http_options.base_url")) or as_str(get_path(client, ("_http_options", "base_url")))
    return _at(url or "", bool(client.vertexai))


def _read_request(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read the body of a request that has named fields, or is one object."""
    if args or "id" in kwargs:
        return Arguments({"id": args[0] if args else None, **kwargs}, path="/interactions", method="GET")
    whole = get_path(kwargs.get("request"), ("body",))
    body = kwargs if whole is None else whole if isinstance(whole, Mapping) else dict(whole)
    extra = kwargs.get("extra_body")
    named = {**body, **extra} if isinstance(extra, Mapping) else body
    path = "/decisions" if "questions" in named else "/agents" if as_str(named.get("agent")) else "/interactions"
    return Arguments(named, path=path, streaming=named.get("stream") is True)


def _identify_request(instance: Any, arguments: Arguments) -> Destination:
    about = instance.sdk_configuration
    return _at(about.get_server_details()[0], "/projects/" in str(about.globals.api_version))


def _identify_before_2(instance: Any, arguments: Arguments) -> Destination:
    return _at(str(instance._base_url), bool(getattr(instance, "_is_vertex", False)))


GOOGLE_GENAI = Sdk(
    name="google_genai",
    requires="google-genai >= 1.30",
    points=tuple(
        PatchPoint(f"google.genai.{target.format(kind)}", operation, dialect)
        for target, (operation, dialect) in _FUNCTIONS.items()
        for kind in ("", "Async")
    )
    + tuple(
        PatchPoint(target, "embeddings", embed_content, f"POST /{operation}")
        for target in _REQUESTS
        for operation in ("embedContent", "batchEmbedContents")
    ),
    read=read,
    releases={"*.batches:*._create_embeddings": "google-genai >= 1.34"},
    identify=identify,
)
_RESPONSES, _ERRORS = "google.genai._gaos.utils.response_helpers", "google.genai._gaos.lib.compat_errors"
_stream_of_other_generator = driven(lambda original: rewrapped("generator"))

GOOGLE_GENAI_INTERACTIONS = Sdk(
    name="google_genai_interactions",
    requires="google-genai >= 2.9",
    points=tuple(
        PatchPoint(f"google.genai._gaos.google_genai:{kind}GeminiNextGen{method}", operation, dialect, route, stream_in="generator")
        for route, (method, operation, dialect) in _ASKED.items()
        for kind in ("", "Async")
    ),
    read=_read_request,
    releases={"*GeminiNextGenDecisions.*": "google-genai >= 3.2"},
    identify=_identify_request,
    patches=(
        *raw_responses("google-genai >= 2.9", (f"{_RESPONSES}:_{kind}APIResponseBase._parse" for kind in ("", "Async")), "generator"),
        *(Patch("google-genai", f"{_ERRORS}:wrap_{kind}stream_errors", _stream_of_other_generator) for kind in ("", "async_")),
    ),
)
GOOGLE_GENAI_INTERACTIONS_BEFORE_2 = replace(
    generated(
        "google_genai_interactions_before_2",
        "google-genai >= 1.55, < 2.9",
        "google.genai._interactions",
        {
            "POST /interactions": ("generate_content", interactions),
            "GET /interactions/*": ("fetch_response", fetched_interaction),
        },
    ),
    identify=_identify_before_2,
)
