"""Every point of cohere, against the stand-in's Cohere wire format."""

from __future__ import annotations

import importlib.util
import inspect
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]
ONCE: dict[str, Any] = {"request_options": {"max_retries": 0}}
CHAT: dict[str, Any] = {"model": "command-a", "messages": MESSAGES, **ONCE}
ORDERED: dict[str, Any] = {"model": "command-a", "messages": [{"role": "user", "content": "call the tool"}], "tools": TOOLS, **ONCE}
OLD_CHAT: dict[str, Any] = {"model": "command-r", "message": "say three words", **ONCE}
PROMPT: dict[str, Any] = {"model": "command", "prompt": "say three words", **ONCE}
CLASSES: dict[str, Any] = {
    "model": "embed-english-v3.0", "inputs": ["a b"], "examples": [{"text": "a b", "label": "yes"}, {"text": "c", "label": "no"}], **ONCE,
}  # fmt: skip


def _client(name: str) -> Callable[[str], Any]:
    def client(base_url: str) -> Any:
        import cohere

        made = getattr(cohere, name)(api_key="canary-key-5ecret", base_url=f"{base_url}/cohere")
        http = made._client_wrapper.httpx_client.httpx_client
        made.close = getattr(http, "aclose", None) or http.close
        return made

    return client


client, async_client = _client("ClientV2"), _client("AsyncClientV2")
old_client, old_async_client = _client("Client"), _client("AsyncClient")


def _has(file: str) -> bool:
    spec = importlib.util.find_spec("cohere")
    places = () if spec is None else spec.submodule_search_locations or ()
    return any((Path(place) / file).exists() for place in places)


def _raw(name: str, arguments: dict[str, Any]) -> Any:
    return lambda c: getattr(c.with_raw_response, name)(**arguments)


VECTORS: dict[str, Any] = {
    "model": "embed-english-v3.0", "input_type": "search_document", "embedding_types": ["float"], "texts": ["a b", "c"], **ONCE,
}  # fmt: skip


def _old_embed(client: Any) -> Any:
    """Embed in batches. The SDK merges them in a way that pydantic warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        outcome = client.embed(**VECTORS)
    return _in_peace(outcome) if inspect.isawaitable(outcome) else outcome


async def _in_peace(awaitable: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return await awaitable


NEW: list[tuple[str, str, bool, Any]] = [
    ("v2.client:V2Client.chat", "chat", False, lambda c: c.chat(**CHAT)),
    ("v2.client:V2Client.chat_stream", "chat_stream", True, lambda c: c.chat_stream(**CHAT)),
    ("v2.client:V2Client.chat_stream", "chat_stream:tools", True, lambda c: c.chat_stream(**ORDERED)),
    ("v2.client:V2Client.embed", "embed", False, lambda c: c.embed(**VECTORS)),
    (
        "v2.client:V2Client.rerank", "rerank", False,
        lambda c: c.rerank(model="rerank-v3.5", query="a", documents=["a b", "c"], **ONCE),
    ),
]  # fmt: skip
OLD: list[tuple[str, str, bool, Any]] = [
    ("base_client:BaseCohere.chat", "chat:v1", False, lambda c: c.chat(**OLD_CHAT)),
    ("base_client:BaseCohere.chat_stream", "chat_stream:v1", True, lambda c: c.chat_stream(**OLD_CHAT)),
    ("base_client:BaseCohere.generate", "generate:v1", False, lambda c: c.generate(**PROMPT)),
    ("base_client:BaseCohere.generate_stream", "generate_stream:v1", True, lambda c: c.generate_stream(**PROMPT)),
    ("base_client:BaseCohere.summarize", "summarize:v1", False, lambda c: c.summarize(model="command", text="a b " * 100, **ONCE)),
    (
        "base_client:BaseCohere.rerank", "rerank:v1", False,
        lambda c: c.rerank(model="rerank-english-v3.0", query="a", documents=["a b", "c"], **ONCE),
    ),
    ("base_client:BaseCohere.classify", "classify:v1", False, lambda c: c.classify(**CLASSES)),
    ("client:Client.embed", "embed:v1", False, _old_embed),
    ("client:Client.embed_stream", "embed_stream:v1", True, lambda c: c.embed_stream(**VECTORS)),
    (
        "embed_jobs.client:EmbedJobsClient.create", "embed_jobs.create", False,
        lambda c: c.embed_jobs.create(model="embed-english-v3.0", dataset_id="d", input_type="search_document", **ONCE),
    ),
]  # fmt: skip
BESIDE: list[tuple[str, str, str, bool, Any]] = [
    ("v2/raw_client.py", "v2.raw_client:RawV2Client.chat", "with_raw_response.chat", False, _raw("chat", CHAT)),
    (
        "audio/transcriptions", "audio.transcriptions.client:TranscriptionsClient.create", "audio.transcriptions.create", False,
        lambda c: c.audio.transcriptions.create(model="transcribe", language="en", file=("sound.wav", io.BytesIO(b"RIFF")), **ONCE),
    ),
    (
        "batches", "batches.client:BatchesClient.create", "batches.create", False,
        lambda c: c.batches.create(request={"name": "canned", "input_dataset_id": "d", "model": "command-a"}, **ONCE),
    ),
]  # fmt: skip
"""Calls of newer releases: the file that shows the release, then as above."""

_ID, _MODEL = "gen_ai.response.id", "gen_ai.response.model"
ABSENT = {
    "summarize:v1": ("gen_ai.response.finish_reasons",),
}
"""Recommended attributes that responses lack; none of Cohere's has the model."""

ONLY_PLAIN = {"embed:v1": "its raw form is what the plain one calls for each batch, from threads of its own"}
"""Functions whose raw form is not instrumented, with the reason."""


def _sample(place: str, name: str, stream: bool, call: Any, clients: tuple[Any, Any]) -> dict[str, Any]:
    only_plainly = name.startswith("embed_stream")
    return {
        "provider": "cohere", "point": f"cohere.{place}", "name": name, "stream": stream, "client": clients[0],
        "async_client": clients[1], "sync": call, "async": None if only_plainly else call, "absent": (_MODEL, *ABSENT.get(name, ())),
        "only_plain": ONLY_PLAIN.get(name, ""), "of_answers": only_plainly,
    }  # fmt: skip


SAMPLES: list[dict[str, Any]] = [
    *(_sample(*row, (client, async_client)) for row in NEW),
    *(_sample(*row, (old_client, old_async_client)) for row in OLD),
    *(_sample(*row, (client, async_client)) for needs, *row in BESIDE if _has(needs)),  # type: ignore[arg-type]
]
