"""Calls of together."""

from __future__ import annotations

import io
from typing import Any

from .generated import asking, samples

MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
MESSAGES = [{"role": "user", "content": "say three words"}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
PROMPT: dict[str, Any] = {"model": MODEL, "prompt": "say three words"}


def client(base_url: str) -> Any:
    import together

    return together.Together(base_url=f"{base_url}/together", api_key="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import together

    return together.AsyncTogether(base_url=f"{base_url}/together", api_key="canary-key-5ecret", max_retries=0)


def _file() -> tuple[str, io.BytesIO]:
    return "sound.wav", io.BytesIO(b"RIFF")


WHISPER: dict[str, Any] = {"model": "openai/whisper-large-v3", "file": _file}
RANK: dict[str, Any] = {"model": "Salesforce/Llama-Rank-V1", "query": "a", "documents": ["a b", "c"]}
IMAGE: dict[str, Any] = {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "a boat"}
SPEECH: dict[str, Any] = {"model": "cartesia/sonic", "voice": "a", "input": "say it"}
BATCH: dict[str, Any] = {"endpoint": "/v1/chat/completions", "input_file_id": "file_1"}

CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat.completions.create", False, asking("chat.completions.create", **CHAT)),
    ("POST /chat/completions", "chat.completions.create", True, asking("chat.completions.create", **CHAT, stream=True)),
    ("POST /completions", "completions.create", False, asking("completions.create", **PROMPT)),
    ("POST /completions", "completions.create", True, asking("completions.create", **PROMPT, stream=True)),
    ("POST /embeddings", "embeddings.create", False, asking("embeddings.create", model="BAAI/bge-base-en-v1.5", input=["a b", "c"])),
    ("POST /rerank", "rerank.create", False, asking("rerank.create", **RANK)),
    ("POST /images/generations", "images.generate", False, asking("images.generate", **IMAGE)),
    ("POST /audio/speech", "audio.speech.create", False, asking("audio.speech.create", **SPEECH)),
    ("POST /audio/transcriptions", "audio.transcriptions.create", False, asking("audio.transcriptions.create", **WHISPER)),
    ("POST /audio/translations", "audio.translations.create", False, asking("audio.translations.create", **WHISPER)),
    ("POST /batches", "batches.create", False, asking("batches.create", **BATCH)),
]

SAMPLES: list[dict[str, Any]] = samples("together", client, async_client, CALLS)
