"""Calls of cerebras-cloud-sdk."""

from __future__ import annotations

from typing import Any

from .generated import asking, samples

NEEDS = "cerebras.cloud.sdk"
MODEL = "llama3.1-8b"
MESSAGES = [{"role": "user", "content": "say three words"}]
CHAT: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
PROMPT: dict[str, Any] = {"model": MODEL, "prompt": "say three words"}


def client(base_url: str) -> Any:
    from cerebras.cloud import sdk

    return sdk.Cerebras(base_url=f"{base_url}/cerebras", api_key="canary-key-5ecret", max_retries=0, **_no_warming(sdk.Cerebras))


def async_client(base_url: str) -> Any:
    from cerebras.cloud import sdk

    return sdk.AsyncCerebras(base_url=f"{base_url}/cerebras", api_key="canary-key-5ecret", max_retries=0, **_no_warming(sdk.AsyncCerebras))


def _no_warming(kind: Any) -> dict[str, bool]:
    """Switch off the request that newer releases send when a client is created."""
    import inspect

    name = "warm_tcp_connection"
    return {name: False} if name in inspect.signature(kind).parameters else {}


PATH = "/v1/completions"
CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat.completions.create", False, asking("chat.completions.create", **CHAT)),
    ("POST /chat/completions", "chat.completions.create", True, asking("chat.completions.create", **CHAT, stream=True)),
    ("POST /completions", "completions.create", False, asking("completions.create", PATH, **PROMPT)),
    ("POST /completions", "completions.create", True, asking("completions.create", PATH, **PROMPT, stream=True)),
]

SAMPLES: list[dict[str, Any]] = samples("cerebras", client, async_client, CALLS)
