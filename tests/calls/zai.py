"""Calls of zai-sdk; ``zhipuai`` has the same functions, all of them sync."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

from calls.generated import asking
from opentelemetry.instrumentation.llm.calls.patches import installed

NEEDS = "zai"
MODEL = "glm-4.6"
SAY = [{"role": "user", "content": "say three words"}]
ORDERS = [{"role": "user", "content": "call the tool"}]
TOOLS = [{
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}},
}]  # fmt: skip
AS_TEXT = {} if installed("zai-sdk < 0.0.3.7")[1] else {"encode_format": "base64"}
CHAT, SPOKEN = "POST /chat/completions", "POST /audio/transcriptions"
ROWS: list[tuple[str, str, bool, Any]] = [
    (CHAT, "chat.completions.create", False, asking("chat.completions.create", model=MODEL, messages=SAY)),
    (CHAT, "chat.completions.create", True, asking("chat.completions.create", model=MODEL, messages=SAY, stream=True)),
    (CHAT, "chat.completions.create:tools", True,
     asking("chat.completions.create", model=MODEL, messages=ORDERS, tools=TOOLS, stream=True)),
    ("POST /embeddings", "embeddings.create", False, asking("embeddings.create", model="embedding-3", input=["a b", "c"])),
    ("POST /images/generations", "images.generations", False, asking("images.generations", model="cogview-4", prompt="a boat")),
    ("POST /audio/speech", "audio.speech", False, asking("audio.speech", model="glm-tts", input="hello", voice="tongtong", **AS_TEXT)),
    (SPOKEN, "audio.transcriptions.create", False,
     asking("audio.transcriptions.create", model="glm-asr", file=lambda: ("a.wav", b"RIFF"))),
    ("POST /moderations", "moderations.create", False, asking("moderations.create", model="moderation", input="a b")),
    ("POST /batches", "batches.create", False,
     asking("batches.create", input_file_id="f", endpoint="/v4/chat/completions", completion_window="24h")),
]  # fmt: skip
ABSENT = {
    "POST /images/generations": ("gen_ai.response.model", "gen_ai.response.id"),
    "POST /audio/speech": ("gen_ai.response.model", "gen_ai.response.id"),
    SPOKEN: ("gen_ai.response.model", "gen_ai.response.id"),
}


def samples(name: str, kind: str) -> list[dict[str, Any]]:
    """Make the samples of one of the two SDKs."""

    def client(base_url: str) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            sdk = importlib.import_module(name)
        return getattr(sdk, kind)(api_key="stand.in", base_url=f"{base_url}/zai/v1", max_retries=0)

    return [_sample(name, client, row) for row in ROWS]


def _sample(name: str, client: Callable[[str], Any], row: tuple[str, str, bool, Any]) -> dict[str, Any]:
    route, function, stream, call = row
    return {
        "provider": name, "point": route, "route": route, "name": function, "stream": stream, "module": name,
        "client": client, "sync": call, "absent": ABSENT.get(route, ()),
    }  # fmt: skip


SAMPLES: list[dict[str, Any]] = samples("zai", "ZaiClient")
