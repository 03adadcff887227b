"""Every point of cloudflare, against the stand-in's Workers AI."""

from __future__ import annotations

from typing import Any

from .generated import asking, samples


def client(base_url: str) -> Any:
    import cloudflare

    return cloudflare.Cloudflare(base_url=f"{base_url}/cloudflare", api_token="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import cloudflare

    return cloudflare.AsyncCloudflare(base_url=f"{base_url}/cloudflare", api_token="canary-key-5ecret", max_retries=0)


MESSAGES = [{"role": "user", "content": "say three words"}]
CALLS: list[tuple[str, str, bool, Any]] = [
    (
        "POST /ai/run/chat", "ai.run:chat", False,
        asking("ai.run", model_name="@cf/meta/llama-3.1-8b-instruct", account_id="acc", messages=MESSAGES),
    ),
    ("POST /ai/run/embeddings", "ai.run:embeddings", False, asking("ai.run", model_name="@cf/baai/bge-m3", account_id="acc", text=["a b", "c"])),
]  # fmt: skip

# Workers AI returns no id, no model and no finish reason.
_MISSING = ("gen_ai.response.id", "gen_ai.response.model", "gen_ai.response.finish_reasons")
SAMPLES: list[dict[str, Any]] = samples(
    "cloudflare",
    client,
    async_client,
    CALLS,
    absent={"POST /ai/run/chat": _MISSING, "POST /ai/run/embeddings": (*_MISSING, "gen_ai.usage.input_tokens")},
)
