"""Earlier messages of a conversation, in the format of each provider.

They have a system prompt, an image, a tool call and its result, all with secrets.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

PROMPT, SYSTEM, RESULT, ARGUMENT, CALLED = (
    f"canary-{name}-5ecret" for name in ("prompt", "system", "tool-result", "tool-argument", "called")
)
IMAGE = b"canary-image-5ecret"
_ENCODED = base64.b64encode(IMAGE).decode()
_URL = f"data:image/png;base64,{_ENCODED}"
_ID, _TOOL, _ASKED, _FOUND, _LOOK = "call_1", "look_up", {"q": ARGUMENT}, f"{RESULT} found", f"{PROMPT} look"

Asked = dict[str, Any]


def _chat(requested: Asked) -> Asked:
    call = {"id": _ID, "type": "function", "function": {"name": _TOOL, "arguments": json.dumps(_ASKED)}}
    before = [
        {"role": "system", "content": f"{SYSTEM} be brief"},
        {"role": "user", "content": [{"type": "text", "text": _LOOK}, {"type": "image_url", "image_url": {"url": _URL}}]},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": _ID, "content": _FOUND},
    ]
    return {**requested, "messages": [*before, *requested["messages"]]}


def _messages(requested: Asked) -> Asked:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _ENCODED}}
    before = [
        {"role": "user", "content": [{"type": "text", "text": _LOOK}, image]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": _ID, "name": _TOOL, "input": _ASKED}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": _ID, "content": _FOUND}]},
        {"role": "assistant", "content": "well"},
    ]
    model = f"{requested['model']}-reasoning"
    return {**requested, "model": model, "system": f"{SYSTEM} be brief", "messages": [*before, *requested["messages"]]}


def _converse(requested: Asked) -> Asked:
    used, result = {"toolUseId": _ID, "name": _TOOL, "input": _ASKED}, {"toolUseId": _ID, "content": [{"text": _FOUND}]}
    before = [
        {"role": "user", "content": [{"text": _LOOK}, {"image": {"format": "png", "source": {"bytes": IMAGE}}}]},
        {"role": "assistant", "content": [{"toolUse": used}]},
        {"role": "user", "content": [{"toolResult": result}]},
    ]
    return {**requested, "system": [{"text": f"{SYSTEM} be brief"}], "messages": [*before, *requested["messages"]]}


def _responses(requested: Asked) -> Asked:
    before = [
        {"type": "function_call", "call_id": _ID, "name": _TOOL, "arguments": json.dumps(_ASKED)},
        {"type": "function_call_output", "call_id": _ID, "output": _FOUND},
        {"role": "user", "content": [{"type": "input_text", "text": _LOOK}, {"type": "input_image", "image_url": _URL, "detail": "auto"}]},
    ]
    return {**requested, "instructions": f"{SYSTEM} be brief", "input": [*before, {"role": "user", "content": requested["input"]}]}


def _ollama(requested: Asked) -> Asked:
    before = [
        {"role": "system", "content": f"{SYSTEM} be brief"},
        {"role": "user", "content": _LOOK, "images": [IMAGE]},
        {"role": "assistant", "tool_calls": [{"function": {"name": _TOOL, "arguments": _ASKED}}]},
        {"role": "tool", "content": _FOUND},
    ]
    return {**requested, "messages": [*before, *requested["messages"]]}


def _gemini(requested: Asked) -> Asked:
    before = [
        {"role": "user", "parts": [{"text": _LOOK}, {"inline_data": {"mime_type": "image/png", "data": IMAGE}}]},
        {"role": "model", "parts": [{"function_call": {"name": _TOOL, "args": _ASKED}}]},
        {"role": "user", "parts": [{"function_response": {"name": _TOOL, "response": {"result": _FOUND}}}]},
    ]
    config = {**(requested.get("config") or {}), "system_instruction": f"{SYSTEM} be brief"}
    return {**requested, "contents": [*before, {"role": "user", "parts": [{"text": requested["contents"]}]}], "config": config}


_SHAPES: tuple[tuple[Callable[[str, Asked], bool], Callable[[Asked], Asked]], ...] = (
    (
        lambda who, requested: who in ("anthropic", "fireworks", "litellm") and "messages" in requested and "max_tokens" in requested,
        _messages,
    ),
    (lambda who, requested: who == "bedrock" and "messages" in requested and "modelId" in requested, _converse),
    (lambda who, requested: who == "ollama" and "messages" in requested, _ollama),
    (lambda who, requested: who == "google_genai" and isinstance(requested.get("contents"), str) and "model" in requested, _gemini),
    (lambda who, requested: isinstance(requested.get("input"), str) and requested.get("model") == "gpt-4o-mini", _responses),
    (lambda who, requested: who != "bedrock" and isinstance(requested.get("messages"), list), _chat),
)
"""Which calls are conversations, and of which shape."""


def conversed(provider: str, requested: Asked) -> Asked:
    """Add the earlier messages to the arguments of a chat; return others unchanged."""
    return next((shaped(requested) for fits, shaped in _SHAPES if fits(provider, requested)), requested)
