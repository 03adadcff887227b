"""Calls of writer-sdk."""

from __future__ import annotations

from typing import Any

from .generated import asking, samples

NEEDS = "writerai"
MODEL = "palmyra-x5"
MESSAGES = [{"role": "user", "content": "say three words"}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
PROMPT: dict[str, Any] = {"model": MODEL, "prompt": "say three words"}


def client(base_url: str) -> Any:
    import writerai

    return writerai.Writer(base_url=f"{base_url}/writer", api_key="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import writerai

    return writerai.AsyncWriter(base_url=f"{base_url}/writer", api_key="canary-key-5ecret", max_retries=0)


LOOK: dict[str, Any] = {"model": "palmyra-vision", "prompt": "say three words", "variables": [{"name": "picture", "file_id": "f"}]}

CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /v1/chat", "chat.chat", False, asking("chat.chat", **CHAT)),
    ("POST /v1/chat", "chat.chat", True, asking("chat.chat", **CHAT, stream=True)),
    ("POST /v1/completions", "completions.create", False, asking("completions.create", **PROMPT)),
    ("POST /v1/completions", "completions.create", True, asking("completions.create", **PROMPT, stream=True)),
    ("POST /v1/vision", "vision.analyze", False, asking("vision.analyze", "/v1/vision", **LOOK)),
]
_USAGE = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.response.id", "gen_ai.response.finish_reasons")
ABSENT = {"POST /v1/completions": (*_USAGE, "gen_ai.response.model"), "POST /v1/vision": (*_USAGE, "gen_ai.response.model")}
"""Recommended attributes that the answers on a route do not give."""

SAMPLES: list[dict[str, Any]] = samples("writer", client, async_client, CALLS, absent=ABSENT)
