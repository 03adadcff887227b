"""groq: Groq's own hosts."""

from ..calls.declaration import Sdk
from ..dialects.openai.chat_completions import chat_completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import plain, speech, transcription
from ._generated import batch_files, generated

GROQ: Sdk = generated(
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
    batch_files("groq"),
)
