"""Instrument google-genai: Gemini on its own API and on Vertex AI.

The patched functions of ``models`` are below the SDK's loops, so that a function that the SDK calls itself, or a
response that it continues, gives one call for each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..calls.results import open_results
from ..dialects import Arguments, Dialect
from ..dialects.batches import batch_results, gemini_batch
from ..dialects.google.gemini import generate_content, generate_content_stream
from ..dialects.google.media import embed_content, generate_images, only_named
from ..dialects.google.usage import either
from ..extraction.paths import as_sequence, as_str, get_path
from ._endpoint import destination

_OPERATIONS: Mapping[str, tuple[str, Dialect]] = {
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
    "batches:{}Batches.get": ("fetch_batch", gemini_batch),
}
# Responses of embedContent contain token counts, which embed_content drops in releases before 3.
_REQUESTS = ("google.genai._api_client:BaseApiClient.request", "google.genai._api_client:BaseApiClient.async_request")


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
    return destination(url or "", "gcp.vertex_ai" if client.vertexai else "gcp.gemini")


GOOGLE_GENAI = Sdk(
    name="google_genai",
    requires="google-genai >= 1.30",
    points=tuple(
        PatchPoint(f"google.genai.{target.format(kind)}", operation, dialect)
        for target, (operation, dialect) in _OPERATIONS.items()
        for kind in ("", "Async")
    )
    + tuple(
        PatchPoint(target, "embeddings", embed_content, f"POST /{operation}")
        for target in _REQUESTS
        for operation in ("embedContent", "batchEmbedContents")
    )
    + tuple(
        PatchPoint(
            f"google.genai.files:{kind}Files.download",
            "fetch_batch",
            batch_results,
            open=open_results,
            recorded_if_batch=lambda files: files,
        )
        for kind in ("", "Async")
    ),
    read=read,
    releases={"*.batches:*._create_embeddings": "google-genai >= 1.34"},
    identify=identify,
)
