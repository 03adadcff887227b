"""Calls of aleph-alpha-client."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from calls.generated import asking, samples
from opentelemetry.instrumentation.llm.calls.patches import installed

NEEDS = "aleph_alpha_client"
MODEL, SAID = "llama-3.1-8b-instruct", "say three words"
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}


def making(kind: str, retries: int = 0) -> Callable[[str], Any]:
    """Return a factory of clients, sync or async."""

    def client(base_url: str) -> Any:
        import aleph_alpha_client

        made = getattr(aleph_alpha_client, kind)("none", f"{base_url}/aleph", total_retries=retries)
        if kind == "Client":
            # It has no way of its own to be closed.
            made.close = made.session.close
        return made

    return client


class _Sdk:
    """Find the SDK's classes, some of which stand in its modules alone."""

    def __getattr__(self, name: str) -> Any:
        modules = (importlib.import_module(f"aleph_alpha_client{place}") for place in ("", ".chat", ".embedding", ".reranking"))
        return next(vars(module)[name] for module in modules if name in vars(module))


def _requested(kind: str, **fields: Any) -> Callable[[], Any]:
    """Make a request of the SDK's own class, of a text if nothing else is asked."""

    def requested() -> Any:
        made = {key: value(_Sdk()) if callable(value) else value for key, value in fields.items()}
        return getattr(_Sdk(), kind)(**made)

    return requested


def _prompt(sdk: Any) -> Any:
    return sdk.Prompt.from_text(SAID)


def _messages(text: str) -> Callable[[Any], Any]:
    return lambda sdk: [sdk.Message(role=sdk.Role.User, content=text)]


def _meant(sdk: Any) -> Any:
    return sdk.SemanticRepresentation.Symmetric


CHAT = _requested("ChatRequest", model=MODEL, messages=_messages(SAID), maximum_tokens=20, temperature=0.5)
COUNTED = _requested("ChatRequest", model=MODEL, messages=_messages(SAID), stream_options=lambda sdk: sdk.StreamOptions(include_usage=True))
TOOLS = _requested(
    "ChatRequest", model=MODEL, messages=_messages("call the tool"), tools=[TOOL],
    stream_options=lambda sdk: sdk.StreamOptions(include_usage=True),
)  # fmt: skip
COMPLETE = _requested("CompletionRequest", prompt=_prompt, maximum_tokens=20)
EMBED: dict[str, Any] = {"prompt": _prompt, "representation": _meant, "compress_to_size": 128}
_CLIENT = "aleph_alpha_client.aleph_alpha_client:AsyncClient."
_ID, _RESPONSE = "gen_ai.response.id", "gen_ai.response.model"
ABSENT = {
    "POST /complete": (_ID,),
    f"{_CLIENT}complete_with_streaming": (_ID,),
    f"{_CLIENT}chat_with_streaming": (_ID, _RESPONSE),
}
"""Recommended attributes that the responses lack.

Streams of objects have fewer than the responses on the wire.
"""

client, async_client = making("Client"), making("AsyncClient")
BATCH = _requested("BatchSemanticEmbeddingRequest", prompts=lambda sdk: [_prompt(sdk)], representation=_meant)
LAYERS = _requested("EmbeddingRequest", prompt=_prompt, layers=[-1], pooling=["mean"])
VALUES: list[tuple[str, str, bool, Any]] = [
    ("POST /chat/completions", "chat", False, asking("chat", request=CHAT, model=MODEL)),
    ("POST /complete", "complete", False, asking("complete", request=COMPLETE, model=MODEL)),
    ("POST /semantic_embed", "semantic_embed", False, asking("semantic_embed", request=_requested("SemanticEmbeddingRequest", **EMBED), model=MODEL)),
    ("POST /batch_semantic_embed", "batch_semantic_embed", False, asking("batch_semantic_embed", request=BATCH, model=MODEL)),
    ("POST /embed", "embed", False, asking("embed", request=LAYERS, model=MODEL)),
]  # fmt: skip
LATER: list[tuple[str, str, bool, Any]] = [
    ("POST /embeddings", "embeddings", False, asking("embeddings", request=_requested("EmbeddingV2Request", input=["a b", "c"]), model=MODEL)),
    (
        "POST /instructable_embed", "instructable_embed", False,
        asking("instructable_embed", request=_requested("InstructableEmbeddingRequest", input=_prompt, instruction="find it"), model=MODEL),
    ),
    ("POST /rerank", "rerank", False, asking("rerank", request=_requested("RerankRequest", query="a b", documents=["a", "b"]), model=MODEL)),
]  # fmt: skip
STREAMS: list[tuple[str, str, bool, Any]] = [
    (f"{_CLIENT}chat_with_streaming", "chat_with_streaming", True, asking("chat_with_streaming", request=COUNTED, model=MODEL)),
    *([(f"{_CLIENT}chat_with_streaming", "chat_with_streaming:tools", True, asking("chat_with_streaming", request=TOOLS, model=MODEL))]
      if installed("aleph-alpha-client >= 11.3")[1] else []),
    (f"{_CLIENT}complete_with_streaming", "complete_with_streaming", True, asking("complete_with_streaming", request=COMPLETE, model=MODEL)),
]  # fmt: skip
SAMPLES: list[dict[str, Any]] = [
    *samples("aleph_alpha", client, async_client, [*VALUES, *LATER], absent=ABSENT, on_the_wire=True),
    *({**streamed, "sync": None} for streamed in samples("aleph_alpha", client, async_client, STREAMS, absent=ABSENT)),
]
