"""Instrument mistralai: Mistral, and its models on Azure and Google Cloud.

Every public function is patched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..calls.results import open_results
from ..dialects import Arguments, Dialect
from ..dialects.batches import batch_job, batch_results
from ..dialects.mistral import content
from ..dialects.mistral.conversations import conversations
from ..dialects.mistral.envelopes import in_envelopes
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import moderation, plain, speech, transcription
from ..dialects.openai.responses import responses
from ..dialects.streamed import streamed
from ..wrapper import Patch
from ._generated import identify_as
from ._native import enabled_and_tracer

_chat = replace(in_envelopes(chat_completions), content=content.content, output=content.output)
_conversations, _transcription = in_envelopes(conversations), in_envelopes(transcription)
_ON_AZURE: dict[str, tuple[str, Dialect]] = {
    "chat:Chat.complete": ("chat", _chat),
    "chat:Chat.stream": ("chat", streamed(_chat)),
}
_AT_GOOGLE: dict[str, tuple[str, Dialect]] = {
    **_ON_AZURE,
    "fim:Fim.complete": ("text_completion", _chat),
    "fim:Fim.stream": ("text_completion", streamed(_chat)),
}
_AT_MISTRAL: dict[str, tuple[str, Dialect]] = {
    **_AT_GOOGLE,
    "agents:Agents.complete": ("chat", _chat),
    "agents:Agents.stream": ("chat", streamed(_chat)),
    "conversations:Conversations.append": ("chat", _conversations),
    "conversations:Conversations.append_stream": ("chat", streamed(_conversations)),
    "conversations:Conversations.restart": ("chat", _conversations),
    "conversations:Conversations.restart_stream": ("chat", streamed(_conversations)),
    "conversations:Conversations.start": ("chat", _conversations),
    "conversations:Conversations.start_stream": ("chat", streamed(_conversations)),
    "embeddings:Embeddings.create": ("embeddings", in_envelopes(embeddings)),
    "classifiers:Classifiers.moderate": ("moderation", moderation),
    "classifiers:Classifiers.moderate_chat": ("moderation", moderation),
    "classifiers:Classifiers.classify": ("moderation", moderation),
    "classifiers:Classifiers.classify_chat": ("moderation", moderation),
    "transcriptions:Transcriptions.complete": ("transcription", _transcription),
    "transcriptions:Transcriptions.stream": ("transcription", streamed(_transcription)),
}
_SINCE_2: dict[str, tuple[str, Dialect]] = {
    "responses:Responses.create": ("chat", in_envelopes(responses)),
    "responses:Responses.count_input_tokens": ("count_tokens", plain),
    "speech:Speech.complete": ("speech", in_envelopes(speech)),
    "jobs:Jobs.create": ("create_batch", batch_job),
    "jobs:Jobs.get": ("fetch_batch", batch_job),
    "batch_jobs:BatchJobs.create": ("create_batch", batch_job),
    "batch_jobs:BatchJobs.get": ("fetch_batch", batch_job),
}
# Release 2.0 moved the SDK to ``mistralai.client``, batch jobs moved again, and each cloud has a copy of the SDK.
_ROOTS: Mapping[str, Mapping[str, tuple[str, Dialect]]] = {
    "mistralai.client": _AT_MISTRAL | _SINCE_2,
    "mistralai": _AT_MISTRAL
    | {"mistral_jobs:MistralJobs.create": ("create_batch", batch_job), "mistral_jobs:MistralJobs.get": ("fetch_batch", batch_job)},
    "mistralai.azure.client": _ON_AZURE,
    "mistralai.gcp.client": _AT_GOOGLE,
    "mistralai_azure": _ON_AZURE,
    "mistralai_gcp": _AT_GOOGLE,
}


def read(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Read keyword arguments and the server, which a single call may override."""
    url = kwargs.get("server_url") or instance.sdk_configuration.get_server_details()[0]
    return Arguments(kwargs, path=str(url), streaming=kwargs.get("stream") is True)


_TRACERS = tuple(f"{root}._hooks.tracing:get_or_create_otel_tracer" for root in ("mistralai.client", "mistralai"))

MISTRALAI = Sdk(
    name="mistralai",
    requires="mistralai >= 1.0.2",
    points=tuple(
        PatchPoint(f"{root}.{target}{mode}", operation, dialect, stream_in="generator")
        for root, targets in _ROOTS.items()
        for target, (operation, dialect) in targets.items()
        for mode in ("", "_async")
    )
    + tuple(
        PatchPoint(
            f"{root}.files:Files.download{mode}", "fetch_batch", batch_results, open=open_results, recorded_if_batch=lambda files: files
        )
        for root in ("mistralai.client", "mistralai")
        for mode in ("", "_async")
    ),
    read=read,
    identify=identify_as("mistral_ai"),
    releases={
        "mistralai.client.responses:*": "mistralai >= 3.4",
        "mistralai.client.speech:*": "mistralai >= 2.1",
        "mistralai.client.jobs:*": "mistralai >= 2.5.2",
        "mistralai.client.batch_jobs:*": "mistralai >= 2, < 2.5.2",
        "mistralai.client.*": "mistralai >= 2",
        "mistralai.azure.*": "mistralai >= 2",
        "mistralai.gcp.*": "mistralai >= 2",
        "mistralai.conversations:*": "mistralai >= 1.8, < 2",
        "mistralai.classifiers:*.moderate*": "mistralai >= 1.2, < 2",
        "mistralai.classifiers:*.classify*": "mistralai >= 1.7, < 2",
        "mistralai.transcriptions:*": "mistralai >= 1.9.3, < 2",
        "mistralai.mistral_jobs:*": "mistralai >= 1.2, < 2",
        "*": "mistralai < 2",
    },
    native=tuple(Patch("mistralai", target, enabled_and_tracer(silent=True)) for target in _TRACERS),
    native_kept=tuple(Patch("mistralai", target, enabled_and_tracer(silent=False)) for target in _TRACERS),
)
