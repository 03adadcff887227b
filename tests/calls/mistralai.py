"""Every point of mistralai, against the stand-in's Mistral wire format."""

from __future__ import annotations

import importlib.util
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

MODEL = "mistral-small"
MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]
ASKED: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
SAID, TALK = {"inputs": "say three words"}, {"conversation_id": "conv_1"}
FILE = {"file_name": "sound.wav", "content": b"RIFF"}


def native() -> AbstractContextManager[Any]:
    """Switch on spans. Earlier releases create them with any tracer provider."""
    return mock.patch.dict(os.environ, {"MISTRAL_SDK_TELEMETRY": "global"})


def _found(file: str) -> bool:
    spec = importlib.util.find_spec("mistralai")
    places = () if spec is None else spec.submodule_search_locations or ()
    return any((Path(place) / file).exists() for place in places)


NEWER = _found("client/chat.py")
ROOT = "mistralai.client" if NEWER else "mistralai"


def client(base_url: str) -> Any:
    from importlib import import_module

    made = import_module(ROOT).Mistral(api_key="canary-key-5ecret", server_url=f"{base_url}/mistral")
    made.close = made.sdk_configuration.client.close
    return made


def async_client(base_url: str) -> Any:
    made = client(base_url)

    async def close() -> None:
        made.sdk_configuration.client.close()
        await made.sdk_configuration.async_client.aclose()

    made.close = close
    return made


def _has(place: str) -> bool:
    return _found(("client/" if NEWER else "") + place.partition(":")[0] + ".py")


CALLS: list[tuple[str, str, bool, dict[str, Any]]] = [
    ("chat:Chat.complete", "chat.complete", False, ASKED),
    ("chat:Chat.stream", "chat.stream", True, ASKED),
    ("chat:Chat.stream", "chat.stream:tools", True, {**ASKED, "tools": TOOLS, "tool_choice": "any"}),
    ("fim:Fim.complete", "fim.complete", False, {"model": "codestral", "prompt": "def", "suffix": "return"}),
    ("fim:Fim.stream", "fim.stream", True, {"model": "codestral", "prompt": "def", "suffix": "return"}),
    ("agents:Agents.complete", "agents.complete", False, {"agent_id": "ag_1", "messages": MESSAGES}),
    ("agents:Agents.stream", "agents.stream", True, {"agent_id": "ag_1", "messages": MESSAGES}),
    ("conversations:Conversations.start", "beta.conversations.start", False, {"model": MODEL, **SAID}),
    ("conversations:Conversations.start_stream", "beta.conversations.start_stream", True, {"model": MODEL, **SAID}),
    ("conversations:Conversations.append", "beta.conversations.append", False, {**TALK, **SAID}),
    ("conversations:Conversations.append_stream", "beta.conversations.append_stream", True, {**TALK, **SAID}),
    ("conversations:Conversations.restart", "beta.conversations.restart", False, {**TALK, **SAID, "from_entry_id": "msg_1"}),
    ("conversations:Conversations.restart_stream", "beta.conversations.restart_stream", True, {**TALK, **SAID, "from_entry_id": "msg_1"}),
    ("responses:Responses.create", "responses.create", False, {"model": MODEL, "input": "say three words"}),
    ("responses:Responses.create", "responses.create", True, {"model": MODEL, "input": "say three words", "stream": True}),
    ("responses:Responses.count_input_tokens", "responses.count_input_tokens", False, {"model": MODEL, "input": "a b"}),
    ("embeddings:Embeddings.create", "embeddings.create", False, {"model": "mistral-embed", "inputs": ["a b", "c"]}),
    ("classifiers:Classifiers.moderate", "classifiers.moderate", False, {"model": "mistral-moderation", "inputs": ["a b"]}),
    ("classifiers:Classifiers.moderate_chat", "classifiers.moderate_chat", False, {"model": "mistral-moderation", "inputs": MESSAGES}),
    ("classifiers:Classifiers.classify", "classifiers.classify", False, {"model": "ft:classifier", "inputs": ["a b"]}),
    (
        "classifiers:Classifiers.classify_chat", "classifiers.classify_chat", False,
        {"model": "ft:classifier", "input" if NEWER else "inputs": [{"messages": MESSAGES}]},
    ),
    ("transcriptions:Transcriptions.complete", "audio.transcriptions.complete", False, {"model": "voxtral-mini", "file": FILE}),
    ("transcriptions:Transcriptions.stream", "audio.transcriptions.stream", True, {"model": "voxtral-mini", "file": FILE}),
    ("speech:Speech.complete", "audio.speech.complete", False, {"model": "voxtral-tts", "input": "say it", "voice_id": "v"}),
    ("speech:Speech.complete", "audio.speech.complete", True, {"model": "voxtral-tts", "input": "say it", "voice_id": "v", "stream": True}),
    (
        "jobs:Jobs.create" if NEWER else "mistral_jobs:MistralJobs.create", "batch.jobs.create", False,
        {"input_files": ["f"], "model": MODEL, "endpoint": "/v1/chat/completions"},
    ),
    ("jobs:Jobs.get" if NEWER else "mistral_jobs:MistralJobs.get", "batch.jobs.get", False, {"job_id": "b"}),
]  # fmt: skip
"""Function, name, whether it streams, and arguments; async adds a suffix."""


def _call(name: str, mode: str, arguments: dict[str, Any]) -> Any:
    def call(mistral: Any) -> Any:
        *parts, method = name.partition(":")[0].split(".")
        owner = mistral
        for part in parts:
            owner = getattr(owner, part)
        return getattr(owner, method + mode)(**arguments)

    return call


ABSENT: dict[str, tuple[str, ...]] = {
    "agents": ("gen_ai.request.model",),
    "beta.conversations.append": ("gen_ai.request.model",),
    "beta.conversations.restart": ("gen_ai.request.model",),
    "beta.conversations": ("gen_ai.response.id",),
}
"""Recommended attributes that the answers of some functions do not give."""

SAMPLES: list[dict[str, Any]] = [
    {
        "provider": "mistralai", "point": f"{ROOT}.{place}", "name": name, "stream": stream,
        "client": client, "async_client": async_client, "sync": _call(name, "", arguments), "async": _call(name, "_async", arguments),
        "module": ROOT, "absent": tuple(attribute for start, names in ABSENT.items() if name.startswith(start) for attribute in names),
    }
    for place, name, stream, arguments in CALLS
    if _has(place)
]  # fmt: skip
