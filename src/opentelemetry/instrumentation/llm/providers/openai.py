"""Instrument openai: OpenAI, Azure OpenAI, and other hosts that this SDK calls."""

from ..calls.declaration import Sdk
from ..dialects.batches import batch_job
from ..dialects.openai.assistants import assistant_run, fetched_run, vector_store_search
from ..dialects.openai.chat_completions import chat_completions, completions
from ..dialects.openai.embeddings import embeddings
from ..dialects.openai.media import decisions, fetched_video, images, moderation, plain, speech, transcription, video
from ..dialects.openai.responses import fetched_response, responses
from ._generated import batch_files, generated

OPENAI: Sdk = generated(
    "openai",
    "openai >= 1.26",
    "openai",
    {
        "POST /chat/completions": ("chat", chat_completions),
        "POST /completions": ("text_completion", completions),
        "POST /responses": ("chat", responses),
        "POST /responses/compact": ("chat", responses),
        "GET /responses/*": ("fetch_response", fetched_response),
        "POST /responses/input_tokens": ("count_tokens", plain),
        "POST /threads/*/runs": ("invoke_agent", assistant_run),
        "POST /threads/runs": ("invoke_agent", assistant_run),
        "GET /threads/*/runs/*": ("fetch_response", fetched_run),
        "POST /vector_stores/*/search": ("retrieval", vector_store_search),
        "POST /embeddings": ("embeddings", embeddings),
        "POST /images/generations": ("image_generation", images),
        "POST /images/edits": ("image_generation", images),
        "POST /images/variations": ("image_generation", images),
        "POST /videos": ("generate_content", video),
        "GET /videos/*": ("fetch_response", fetched_video),
        "POST /audio/speech": ("speech", speech),
        "POST /audio/transcriptions": ("transcription", transcription),
        "POST /audio/translations": ("translation", transcription),
        "POST /moderations": ("moderation", moderation),
        "POST /decisions": ("generate_content", decisions),
        "POST /batches": ("create_batch", batch_job),
        "GET /batches/*": ("fetch_batch", batch_job),
    },
    batch_files("openai"),
)
