"""Instrument sambanova: SambaNova Cloud."""

from __future__ import annotations

from ..calls.declaration import Sdk
from ..dialects.openai.chat_completions import chat_completions, completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import transcription
from ..dialects.openai.responses import responses
from ._generated import generated

SAMBANOVA: Sdk = generated(
    "sambanova",
    "sambanova >= 1.3",
    "sambanova",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /completions": ("text_completion", completions),
        "POST /responses": ("chat", responses),
        "POST /embeddings": ("embeddings", embeddings),
        "POST /audio/transcriptions": ("transcription", transcription),
        "POST /audio/translations": ("translation", transcription),
    },
)
