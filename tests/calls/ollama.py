"""Every point of ollama, against the stand-in's Ollama wire format."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

MODEL = "llama3.2"
MESSAGES = [{"role": "user", "content": "say three words"}]
ORDERS = [{"role": "user", "content": "call the tool"}]
ASKED: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
TOOLS = [{
    "type": "function",
    "function": {
        "name": "look_up", "description": "Look something up.",
        "parameters": {"type": "object", "required": ["q"], "properties": {"q": {"type": "string", "description": "what"}}},
    },
}]  # fmt: skip


def client(base_url: str) -> Any:
    import ollama

    return ollama.Client(host=base_url)


def async_client(base_url: str) -> Any:
    import ollama

    return ollama.AsyncClient(host=base_url)


def _has_scores() -> bool:
    spec = importlib.util.find_spec("ollama")
    places = () if spec is None else spec.submodule_search_locations or ()
    return any("def systemone" in (Path(place) / "_client.py").read_text() for place in places)


QUESTIONS = {"tidy": {"type": "noul", "instructions": "Is it tidy?"}}
CALLS: list[tuple[str, str, bool, Any]] = [
    ("POST /api/chat", "chat", False, lambda c: c.chat(**ASKED)),
    ("POST /api/chat", "chat", True, lambda c: c.chat(**ASKED, stream=True)),
    ("POST /api/chat", "chat:tools", True, lambda c: c.chat(model=MODEL, messages=ORDERS, tools=TOOLS, stream=True)),
    ("POST /api/generate", "generate", False, lambda c: c.generate(model=MODEL, prompt="say three words")),
    ("POST /api/generate", "generate", True, lambda c: c.generate(model=MODEL, prompt="say three words", stream=True)),
    ("POST /api/embed", "embed", False, lambda c: c.embed(model="nomic-embed-text", input=["a b", "c"])),
    ("POST /api/embeddings", "embeddings", False, lambda c: c.embeddings(model="nomic-embed-text", prompt="a b")),
    *([("POST /v1/systemone", "systemone", False, lambda c: c.systemone(MODEL, "a desk", QUESTIONS))] if _has_scores() else []),
]  # fmt: skip
"""Route, name, whether it streams, and the call (sync and async)."""

ABSENT = {
    "POST /api/embeddings": ("gen_ai.response.model", "gen_ai.usage.input_tokens"),
    "POST /v1/systemone": ("gen_ai.response.id", "gen_ai.response.finish_reasons"),
}
"""Recommended attributes that responses lack; none of Ollama's has an id."""

SAMPLES: list[dict[str, Any]] = [
    {
        "provider": "ollama", "point": route, "route": route, "name": name, "stream": stream,
        "client": client, "async_client": async_client, "sync": call, "async": call,
        "absent": ABSENT.get(route, ("gen_ai.response.id",)),
    }
    for route, name, stream, call in CALLS
]  # fmt: skip
