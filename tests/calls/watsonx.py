"""Calls of ibm-watsonx-ai.

A stream of it that is dropped in a reference cycle collides with its own closing, and asyncio warns of it. A relayed stream does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

NEEDS = "ibm_watsonx_ai"
MODEL, EMBEDDER, RANKER = "ibm/granite-3-3-8b-instruct", "ibm/slate-125m-english-rtrvr-v2", "cross-encoder/ms-marco-minilm-l-12-v2"
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "say three words"}], "params": {"temperature": 0.2, "max_tokens": 100}}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}
TOOLS: dict[str, Any] = {"messages": [{"role": "user", "content": "call the tool"}], "tools": [TOOL]}
TEXT: dict[str, Any] = {"prompt": "say three words", "params": {"temperature": 0.2, "max_new_tokens": 100}}


class _Client:
    """A model, a deployment, and clients for embeddings and rankings."""

    def __init__(self, url: str) -> None:
        from ibm_watsonx_ai import APIClient, Credentials
        from ibm_watsonx_ai.foundation_models import Embeddings, ModelInference, Rerank

        warnings.filterwarnings("ignore", module="ibm_watsonx_ai")
        # A client is made for one of the provider's own addresses, which is then another one.
        api = APIClient(Credentials(url="https://us-south.ml.cloud.ibm.com", token="canary-key-5ecret"))
        api.credentials.url = api._href_definitions.url = url
        api.default_project_id = "p"
        self._api = api
        once: dict[str, Any] = {"api_client": api, "max_retries": 0}
        self.model = ModelInference(model_id=MODEL, validate=False, **once)
        self.deployed = ModelInference(deployment_id="d-1", validate=False, **once)
        self.embedder = Embeddings(model_id=EMBEDDER, **once)
        self.ranker = Rerank(model_id=RANKER, api_client=api)

    def close(self) -> None:
        self._api.httpx_client.close()

    async def aclose(self) -> None:
        await self._api.async_httpx_client.aclose()


_MODELS, _DEPLOYED = "inference.fm_model_inference:FMModelInference.", "inference.deployment_model_inference:DeploymentModelInference."
_ALL = "inference.base_model_inference:BaseModelInference."
Call = Callable[[Any], Any]
CALLS: list[tuple[str, str, bool, Call, Call | None]] = [
    (f"{_MODELS}chat", "model.chat", False, lambda c: c.model.chat(**CHAT), lambda c: c.model.achat(**CHAT)),
    (f"{_MODELS}chat", "model.chat:tools", False, lambda c: c.model.chat(**TOOLS), lambda c: c.model.achat(**TOOLS)),
    (
        f"{_MODELS}_generate_chat_stream_with_url", "model.chat_stream", True,
        lambda c: c.model.chat_stream(**CHAT), lambda c: c.model.achat_stream(**CHAT),
    ),
    (
        f"{_MODELS}_generate_chat_stream_with_url", "model.chat_stream:tools", True,
        lambda c: c.model.chat_stream(**TOOLS), lambda c: c.model.achat_stream(**TOOLS),
    ),
    (f"{_MODELS}generate", "model.generate", False, lambda c: c.model.generate(**TEXT), lambda c: c.model._agenerate_single(**TEXT)),
    (
        f"{_ALL}_generate_stream_with_url", "model.generate_text_stream", True,
        lambda c: c.model.generate_text_stream(**TEXT, raw_response=True), lambda c: c.model.agenerate_stream(**TEXT),
    ),
    (f"{_DEPLOYED}chat", "deployed.chat", False, lambda c: c.deployed.chat(**CHAT), lambda c: c.deployed.achat(**CHAT)),
    (
        f"{_DEPLOYED}_generate_deployment_chat_stream_with_url", "deployed.chat_stream", True,
        lambda c: c.deployed.chat_stream(**CHAT), lambda c: c.deployed.achat_stream(**CHAT),
    ),
    (f"{_DEPLOYED}generate", "deployed.generate", False, lambda c: c.deployed.generate(**TEXT), lambda c: c.deployed._agenerate_single(**TEXT)),
    (
        "embeddings.embeddings:Embeddings.generate", "embedder.embed_documents", False,
        lambda c: c.embedder.embed_documents(["a b", "c"]), lambda c: c.embedder.aembed_documents(["a b", "c"]),
    ),
    ("rerank.rerank:Rerank.generate", "ranker.generate", False, lambda c: c.ranker.generate("a b", ["a", "b"]), None),
]  # fmt: skip


def _sample(point: str, name: str, stream: bool, call: Call, call_async: Call | None) -> dict[str, Any]:
    return {
        "provider": "watsonx", "point": f"ibm_watsonx_ai.foundation_models.{point}", "name": name, "stream": stream, "module": NEEDS,
        "client": _Client, "async_client": _Client if call_async else None, "sync": call, "async": call_async,
        "noise": ("asyncio",) if stream else (), "absent": () if "chat" in name else ("gen_ai.response.id",),
    }  # fmt: skip


SAMPLES: list[dict[str, Any]] = [_sample(*row) for row in CALLS]
