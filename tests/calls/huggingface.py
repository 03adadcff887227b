"""Calls of huggingface_hub; each client has one endpoint."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from opentelemetry.instrumentation.llm.calls.patches import installed

NEEDS = "huggingface_hub"
MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]
LISTEN = "automatic_speech_recognition"
FORCED: dict[str, Any] = {"tools": TOOLS, "tool_choice": "required"}
CHAT: dict[str, Any] = {"messages": MESSAGES, "model": "meta-llama/Llama-3.1-8B-Instruct"}
STREAMED: dict[str, Any] = {**CHAT, "stream": True}
if installed("huggingface_hub >= 0.26")[1]:
    STREAMED["stream_options"] = {"include_usage": True}


def _client(name: str, path: str) -> Callable[[str], Any]:
    def client(base_url: str) -> Any:
        import huggingface_hub
        from huggingface_hub import constants

        # Else the SDK would first ask the Hub who might be calling.
        constants.HF_HUB_DISABLE_TELEMETRY = True
        return getattr(huggingface_hub, name)(model=f"{base_url}/huggingface/{path}".rstrip("/"), token="canary-key-5ecret")

    return client


async def _in_peace(awaitable: Any) -> Any:
    """Wait for a call of which the SDK's own HTTP library disapproves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return await awaitable


CALLS: list[tuple[str, str, str, bool, Any]] = [
    ("chat_completion", "", "chat_completion", False, lambda c: c.chat_completion(**CHAT)),
    ("chat_completion", "", "chat_completion", True, lambda c: c.chat_completion(**STREAMED)),
    ("chat_completion", "", "chat.completions.create", True, lambda c: c.chat.completions.create(**STREAMED, **FORCED)),
    ("text_generation", "generate/gpt2", "text_generation", False, lambda c: c.text_generation("say it", details=True)),
    ("text_generation", "generate/gpt2", "text_generation", True, lambda c: c.text_generation("say it", details=True, stream=True)),
    ("feature_extraction", "embed/bge", "feature_extraction", False, lambda c: c.feature_extraction("a b")),
    ("text_to_image", "draw/flux", "text_to_image", False, lambda c: c.text_to_image("a boat")),
    ("image_to_image", "draw/flux", "image_to_image", False, lambda c: c.image_to_image(b"PNG", prompt="a boat")),
    ("text_to_speech", "speak/bark", "text_to_speech", False, lambda c: c.text_to_speech("say it")),
    (LISTEN, "listen/whisper", LISTEN, False, lambda c: c.automatic_speech_recognition(b"RIFF")),
]  # fmt: skip
"""Task, endpoint, name, whether it streams, and the call (sync and async)."""

_MODEL = ("gen_ai.request.model", "gen_ai.response.model")
ABSENT = {
    "text_generation": (*_MODEL, "gen_ai.response.id", "gen_ai.usage.input_tokens"),
    "feature_extraction": (*_MODEL, "gen_ai.usage.input_tokens"),
    "text_to_image": _MODEL,
    "image_to_image": _MODEL,
    "text_to_speech": _MODEL,
    LISTEN: _MODEL,
}
"""Recommended attributes that a task lacks: an endpoint needs no model name."""


def _async(task: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return (lambda c: _in_peace(call(c))) if task in ("image_to_image", LISTEN) else call


SAMPLES: list[dict[str, Any]] = [
    {
        "provider": "huggingface", "point": f"huggingface_hub.inference._client:InferenceClient.{task}", "name": name, "stream": stream,
        "client": _client("InferenceClient", path), "async_client": _client("AsyncInferenceClient", path),
        "sync": call, "async": _async(task, call),
        "absent": ABSENT.get(task, ()),
    }
    for task, path, name, stream, call in CALLS
]  # fmt: skip
