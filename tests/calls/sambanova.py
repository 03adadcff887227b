"""Calls of sambanova."""

from __future__ import annotations

import io
from typing import Any

from .generated import asking, samples

MODEL = "Meta-Llama-3.1-8B-Instruct"
CHAT: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "say three words"}]}
PROMPT: dict[str, Any] = {"model": MODEL, "prompt": "say three words"}
INPUT: dict[str, Any] = {"model": MODEL, "input": "say three words"}


def client(base_url: str) -> Any:
    import sambanova as sdk

    return sdk.SambaNova(base_url=f"{base_url}/v1", api_key="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import sambanova as sdk

    return sdk.AsyncSambaNova(base_url=f"{base_url}/v1", api_key="canary-key-5ecret", max_retries=0)


def _file() -> tuple[str, io.BytesIO]:
    return "sound.wav", io.BytesIO(b"RIFF")


WHISPER: dict[str, Any] = {"model": "Whisper-Large-v3", "file": _file}
CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat.completions.create", False, asking("chat.completions.create", **CHAT)),
    ("POST /chat/completions", "chat.completions.create", True, asking("chat.completions.create", **CHAT, stream=True)),
    ("POST /completions", "completions.create", False, asking("completions.create", "/completions", **PROMPT)),
    ("POST /responses", "responses.create", False, asking("responses.create", "/responses", **INPUT)),
    ("POST /embeddings", "embeddings.create", False, asking("embeddings.create", model="E5-Mistral-7B-Instruct", input=["a b", "c"])),
    ("POST /audio/transcriptions", "audio.transcriptions.create", False, asking("audio.transcriptions.create", **WHISPER)),
    ("POST /audio/translations", "audio.translations.create", False, asking("audio.translations.create", **WHISPER)),
]

SAMPLES: list[dict[str, Any]] = samples("sambanova", client, async_client, CALLS)
