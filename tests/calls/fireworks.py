"""Calls of fireworks-ai."""

from __future__ import annotations

from typing import Any

from .generated import asking, samples

MODEL = "accounts/fireworks/models/llama-v3p1-8b-instruct"
MESSAGES = [{"role": "user", "content": "say three words"}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
PROMPT: dict[str, Any] = {"model": MODEL, "prompt": "say three words"}


def client(base_url: str) -> Any:
    import fireworks

    return fireworks.Fireworks(base_url=f"{base_url}/fireworks", api_key="canary-key-5ecret", max_retries=0, account_id="a")


def async_client(base_url: str) -> Any:
    import fireworks

    return fireworks.AsyncFireworks(base_url=f"{base_url}/fireworks", api_key="canary-key-5ecret", max_retries=0, account_id="a")


CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat.completions.create", False, asking("chat.completions.create", **CHAT)),
    ("POST /chat/completions", "chat.completions.create", True, asking("chat.completions.create", **CHAT, stream=True)),
    ("POST /completions", "completions.create", False, asking("completions.create", **PROMPT)),
    ("POST /completions", "completions.create", True, asking("completions.create", **PROMPT, stream=True)),
    ("POST /v1/messages", "messages.create", False, asking("messages.create", **CHAT, max_tokens=100)),
]

SAMPLES: list[dict[str, Any]] = samples("fireworks", client, async_client, CALLS)
