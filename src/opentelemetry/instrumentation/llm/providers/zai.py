"""Instrument zai-sdk and zhipuai: GLM at Z.ai and Zhipu, in older generated code."""

from __future__ import annotations

from collections.abc import Mapping

from ..calls.declaration import PatchPoint, Sdk
from ..calls.result import raw_responses
from ..dialects import Dialect
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import images, moderation, plain, speech, transcription
from ._generated import RAW_RESPONSES, identify_as, read

_ROUTES: Mapping[str, tuple[str, Dialect]] = {
    "POST /chat/completions": ("chat", chat_completions),
    "POST /embeddings": ("embeddings", embeddings),
    "POST /images/generations": ("image_generation", images),
    "POST /audio/speech": ("speech", speech),
    "POST /audio/transcriptions": ("transcription", transcription),
    "POST /moderations": ("moderation", moderation),
    "POST /batches": ("create_batch", plain),
}


def _of(name: str, requires: str, package: str) -> Sdk:
    return Sdk(
        name=name,
        requires=requires,
        points=tuple(
            PatchPoint(f"{package}.core._http_client:HttpClient.request", operation, dialect, route, stream_in="_stream_chunks")
            for route, (operation, dialect) in _ROUTES.items()
        ),
        read=read,
        identify=identify_as(name),
        patches=raw_responses(requires, (f"{package}.core.{target}" for target in RAW_RESPONSES), stream_in="_stream_chunks"),
    )


ZAI = _of("zai", "zai-sdk >= 0.0.1", "zai")
ZHIPUAI = _of("zhipuai", "zhipuai >= 2.1", "zhipuai")
