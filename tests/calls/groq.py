"""Calls of groq."""

from __future__ import annotations

import io
from typing import Any

from .generated import asking, samples

MODEL = "llama-3.1-8b-instant"
MESSAGES = [{"role": "user", "content": "say three words"}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}


def client(base_url: str) -> Any:
    import groq

    return groq.Groq(base_url=f"{base_url}/groq", api_key="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import groq

    return groq.AsyncGroq(base_url=f"{base_url}/groq", api_key="canary-key-5ecret", max_retries=0)


def _file() -> tuple[str, io.BytesIO]:
    return "sound.wav", io.BytesIO(b"RIFF")


WHISPER: dict[str, Any] = {"model": "whisper-large-v3", "file": _file}
BATCH: dict[str, Any] = {"completion_window": "24h", "endpoint": "/v1/chat/completions", "input_file_id": "file_1"}
SPEECH: dict[str, Any] = {"model": "playai-tts", "voice": "Fritz", "input": "say it"}
ROOT = "/openai/v1"

CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat.completions.create", False, asking("chat.completions.create", **CHAT)),
    ("POST /chat/completions", "chat.completions.create", True, asking("chat.completions.create", **CHAT, stream=True)),
    ("POST /embeddings", "embeddings.create", False, asking("embeddings.create", model="nomic-embed-text-v1.5", input=["a b", "c"])),
    ("POST /audio/speech", "audio.speech.create", False, asking("audio.speech.create", f"{ROOT}/audio/speech", **SPEECH)),
    ("POST /audio/transcriptions", "audio.transcriptions.create", False, asking("audio.transcriptions.create", **WHISPER)),
    ("POST /audio/translations", "audio.translations.create", False, asking("audio.translations.create", **WHISPER)),
    ("POST /batches", "batches.create", False, asking("batches.create", f"{ROOT}/batches", **BATCH)),
]

SAMPLES: list[dict[str, Any]] = samples("groq", client, async_client, CALLS)
