"""Instrument cohere: both API versions, and Cohere's models on other clouds.

The public functions are patched, and the functions below them that ``with_raw_response`` calls: a client stores
``chat`` when it is made, so a client that is older than the patch is only seen by the functions below.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..calls.declaration import Destination, PatchPoint, Sdk
from ..dialects import Arguments, Dialect
from ..dialects.cohere.operations import chat, chat_stream, embed, rerank
from ..dialects.openai.media import plain, transcription
from ._generated import identify_as

_Operations = Mapping[str, tuple[str, Dialect]]


def _kept_raw(operations: _Operations) -> _Operations:
    """Return operations whose results are wrapped in a raw response."""

    def reads(dialect: Dialect) -> Dialect:
        return replace(dialect, response=lambda answer: dialect.response(getattr(answer, "_data", answer)))

    return {name: (operation, reads(dialect)) for name, (operation, dialect) in operations.items()}


_V2: _Operations = {"chat": ("chat", chat), "embed": ("embeddings", embed), "rerank": ("rerank", rerank)}
_V1: _Operations = {
    "chat": ("chat", chat),
    "generate": ("text_completion", chat),
    "summarize": ("text_completion", chat),
    "rerank": ("rerank", rerank),
    "classify": ("moderation", rerank),
}
_TRANSCRIPTIONS: _Operations = {"create": ("transcription", transcription)}
_BATCHES: _Operations = {"create": ("create_batch", plain)}
_CLASSES: Mapping[str, _Operations] = {
    "v2.client:{}V2Client": {**_V2, "chat_stream": ("chat", chat_stream)},
    "v2.raw_client:{}RawV2Client": _V2,
    "base_client:{}BaseCohere": {**_V1, "chat_stream": ("chat", chat_stream), "generate_stream": ("text_completion", chat_stream)},
    "raw_base_client:{}RawBaseCohere": _V1,
    # This function splits texts into batches and sends them from its own threads: nested calls are part of it.
    "client:{}Client": {"embed": ("embeddings", embed)},
    "client:Client": {"embed_stream": ("embeddings", embed)},
    "audio.transcriptions.client:{}TranscriptionsClient": _TRANSCRIPTIONS,
    "audio.transcriptions.raw_client:{}RawTranscriptionsClient": _kept_raw(_TRANSCRIPTIONS),
    "embed_jobs.client:{}EmbedJobsClient": _BATCHES,
    "embed_jobs.raw_client:{}RawEmbedJobsClient": _kept_raw(_BATCHES),
    "batches.client:{}BatchesClient": _BATCHES,
    "batches.raw_client:{}RawBatchesClient": _kept_raw(_BATCHES),
}
_CLOUDS: Mapping[str, str] = {"bedrock": "aws.bedrock", "sagemaker": "aws.sagemaker"}
_identify = identify_as("cohere")


def _session(instance: Any) -> Any:
    """Return the object with address and HTTP client; parts of a client wrap it once."""
    return getattr(instance, "_client_wrapper", None) or instance._raw_client._client_wrapper


def read(instance: object, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read keyword arguments; the additional body of the options overrides them."""
    options = kwargs.get("request_options")
    added = options.get("additional_body_parameters") if isinstance(options, Mapping) else None
    named = {**kwargs, **added} if isinstance(added, Mapping) else kwargs
    return Arguments(named, path=str(_session(instance).get_base_url()))


def identify(instance: object, arguments: Arguments) -> Destination:
    """Identify the provider; clients for clouds redirect requests in an HTTP hook."""
    http_client = getattr(getattr(_session(instance), "httpx_client", None), "httpx_client", None)
    for hook in getattr(http_client, "event_hooks", {}).get("request", ()):
        if getattr(hook, "__module__", "") == "cohere.oci_client":
            return Destination("oci.generative_ai")
        if getattr(hook, "__module__", "") == "cohere.aws_client":
            known = dict(zip(hook.__code__.co_freevars, hook.__closure__ or (), strict=False))
            service = known["service"].cell_contents if "service" in known else "bedrock"
            return Destination(_CLOUDS.get(service, f"aws.{service}"))
    return _identify(instance, arguments)


COHERE = Sdk(
    name="cohere",
    requires="cohere >= 5.9",
    points=tuple(
        PatchPoint(f"cohere.{place.format(mode)}.{method}", operation, dialect)
        for place, operations in _CLASSES.items()
        for method, (operation, dialect) in operations.items()
        for mode in (("", "Async") if "{}" in place else ("",))
    ),
    read=read,
    identify=identify,
    releases={
        "cohere.v2.client:*.chat*": "cohere >= 5.9",
        "cohere.v2.client:*": "cohere >= 5.9.3",
        "cohere.audio.*": "cohere >= 5.21",
        "cohere.batches.*": "cohere >= 5.19",
        "cohere.*raw_*": "cohere >= 5.16",
        "cohere.client:*.embed_stream": "cohere >= 6.1",
    },
)
