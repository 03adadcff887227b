"""Every point of voyageai, against the stand-in's form of Voyage's wire format."""

from __future__ import annotations

import inspect
from typing import Any

from calls.generated import asking, samples
from opentelemetry.instrumentation.llm.calls.patches import installed


def _client(kind: str) -> Any:
    def client(base_url: str) -> Any:
        import voyageai

        # Otherwise it writes to stderr about every response that is cut off.
        voyageai.util.log_warn = lambda message, **params: None
        made, address = getattr(voyageai, kind), f"{base_url}/voyage/v1"
        if "base_url" not in inspect.signature(made).parameters:
            voyageai.api_base = address
            return made(api_key="none", max_retries=1)
        # The first attempt is counted too.
        return made(api_key="none", max_retries=1, base_url=address)

    return client


SIZED = {"output_dimension": 16} if installed("voyageai >= 0.3.2")[1] else {}
_CLIENT = "voyageai.client:Client."
SAMPLES: list[dict[str, Any]] = samples(
    "voyageai", _client("Client"), _client("AsyncClient"),
    [
        (f"{_CLIENT}embed", "embed", False, asking("embed", texts=["a b", "c"], model="voyage-3.5", **SIZED)),
        (f"{_CLIENT}contextualized_embed", "contextualized_embed", False,
         asking("contextualized_embed", inputs=[["a b", "c"]], model="voyage-context-3")),
        (f"{_CLIENT}multimodal_embed", "multimodal_embed", False,
         asking("multimodal_embed", inputs=[["a b"]], model="voyage-multimodal-3")),
        (f"{_CLIENT}rerank", "rerank", False, asking("rerank", query="a b", documents=["a", "b"], model="rerank-2.5")),
    ],
)  # fmt: skip
