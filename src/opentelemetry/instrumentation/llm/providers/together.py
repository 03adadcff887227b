"""Instrument together: Together AI, since the release that is generated."""

from dataclasses import replace

from ..calls.declaration import Sdk
from ..dialects.openai.chat_completions import chat_completions, completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import images, moderation, plain, speech, transcription
from ._generated import batch_files, generated

# A ranking answers with model, id and usage, as a moderation does.
_rerank = replace(moderation, name="rerank")

TOGETHER: Sdk = generated(
    "together",
    "together >= 2.0",
    "together",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /completions": ("text_completion", completions),
        "POST /embeddings": ("embeddings", embeddings),
        "POST /rerank": ("rerank", _rerank),
        "POST /images/generations": ("image_generation", images),
        "POST /audio/speech": ("speech", speech),
        "POST /audio/transcriptions": ("transcription", transcription),
        "POST /audio/translations": ("translation", transcription),
        "POST /batches": ("create_batch", plain),
    },
    batch_files("together", "FilesResource"),
)
