"""groq: Groq's own hosts."""

from ..calls.point import Provider
from ..dialects.chat_completions import chat_completions
from ..dialects.embeddings import embeddings
from ..dialects.media import plain, speech, transcription
from .generated import generated

GROQ: Provider = generated(
    "groq",
    "groq >= 0.9",
    "groq",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /embeddings": ("embeddings", embeddings),
        "POST /audio/speech": ("speech", speech),
        "POST /audio/transcriptions": ("transcription", transcription),
        "POST /audio/translations": ("translation", transcription),
        "POST /batches": ("create_batch", plain),
    },
)
