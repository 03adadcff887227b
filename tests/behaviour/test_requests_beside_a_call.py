"""Test that only requests to the provider are attempts of a call.

Token providers, tools and callbacks send other requests.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

import calls
from harness.servers.loopback import Response, serving
from opentelemetry.instrumentation.llm.testing import capture_events

TURN = [{"role": "user", "content": "x"}]
ATTEMPTS = "ex_llm.provider.request.start"


def _chat(model: str) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }


class Server:
    """A server for a model, for tokens and for a hub.

    It refuses the first request for a token.
    """

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, method: str, path: str, body: Any) -> Any:
        self.paths.append(path)
        if "chat/completions" in path:
            return _chat("gpt-4o")
        if "/messages" in path:
            return {
                "id": "m",
                "type": "message",
                "role": "assistant",
                "model": "claude-sonnet-4-6",
                "content": [{"type": "text", "text": "x"}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 10, "output_tokens": 2},
            }
        return Response(b"{}", 429) if self.paths.count(path) == 1 else {"access_token": "t"}


@pytest.fixture
def servers() -> Iterator[tuple[str, str]]:
    """Return the URL of the models, and the URL for all other requests."""
    with serving(Server()) as models, serving(Server()) as others:
        yield models, others


def _fetch(url: str) -> str:
    import httpx

    while httpx.post(f"{url}/token").status_code != 200:
        pass
    return "token"


async def _fetch_async(url: str) -> str:
    import httpx

    async with httpx.AsyncClient() as client:
        while (await client.post(f"{url}/token")).status_code != 200:
            pass
    return "token"


def _fetch_by_urllib3(url: str) -> str:
    import urllib3

    with urllib3.PoolManager() as pool:
        while pool.request("POST", f"{url}/token").status != 200:
            pass
    return "token"


def _only_the_inference(emitted: Any, seen: Any) -> None:
    started = [e for e in emitted if e.name == ATTEMPTS]
    assert [e.metadata["attempt"] for e in started] == [1]
    assert [e for e in emitted if e.name == "ex_llm.provider.rate_limit"] == []
    assert "http.request.resend_count" not in seen.span().attributes
    assert "ex_llm.error.kind" not in seen.span().attributes


@pytest.mark.parametrize("same_server", [True, False])
@pytest.mark.parametrize("fetch", [_fetch, _fetch_by_urllib3])
def test_a_token_provider_sends_no_attempts(fetch: Any, same_server: bool, seen: Any, servers: Any) -> None:
    import openai

    models, others = servers
    with (
        openai.AzureOpenAI(
            azure_ad_token_provider=lambda: fetch(models if same_server else others), azure_endpoint=models, api_version="1", max_retries=0
        ) as client,
        capture_events("ex_llm.*") as emitted,
    ):
        client.chat.completions.create(model="gpt-4o", messages=TURN)
    if same_server and fetch is _fetch_by_urllib3:
        pytest.skip("urllib3 does not show the path of a request to this point")
    _only_the_inference(emitted, seen)


def test_an_async_token_provider_sends_no_attempts(seen: Any, servers: Any) -> None:
    import openai

    async def ask() -> None:
        async def provide() -> str:
            return await _fetch_async(servers[1])

        async with openai.AsyncAzureOpenAI(
            azure_ad_token_provider=provide, azure_endpoint=servers[0], api_version="1", max_retries=0
        ) as client:
            await client.chat.completions.create(model="gpt-4o", messages=TURN)

    with capture_events("ex_llm.*") as emitted:
        asyncio.run(ask())
    _only_the_inference(emitted, seen)


def test_a_hook_of_the_http_client_sends_no_attempts(seen: Any, servers: Any) -> None:
    anthropic = pytest.importorskip("anthropic")

    http = anthropic.DefaultHttpxClient(event_hooks={"request": [lambda request: _fetch(servers[1]) and None]})
    with (
        anthropic.Anthropic(base_url=servers[0], api_key="k", max_retries=0, http_client=http) as client,
        capture_events("ex_llm.*") as emitted,
    ):
        client.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=TURN)
    _only_the_inference(emitted, seen)


def test_a_tool_that_lists_models_in_a_call_sends_no_attempts(seen: Any, servers: Any) -> None:
    import openai

    made: list[Any] = []

    def provide() -> str:
        other = made[0]
        with contextlib.suppress(openai.APIStatusError):
            other.models.list()
        return "token"

    with openai.OpenAI(base_url=f"{servers[0]}/v1", api_key="k", max_retries=0) as inner:
        made.append(inner)
        with (
            openai.AzureOpenAI(azure_ad_token_provider=provide, azure_endpoint=servers[0], api_version="1", max_retries=0) as client,
            capture_events("ex_llm.*") as emitted,
        ):
            client.chat.completions.create(model="gpt-4o", messages=TURN)
    _only_the_inference(emitted, seen)


@pytest.mark.skipif(not calls.installed("litellm"), reason="litellm is not installed")
def test_a_token_provider_below_litellm_sends_no_attempts(seen: Any, servers: Any) -> None:
    import litellm

    with capture_events("ex_llm.*") as emitted:
        litellm.completion(
            model="azure/gpt-4o", messages=TURN, api_base=servers[0], api_version="1", azure_ad_token_provider=lambda: _fetch(servers[1])
        )
    _only_the_inference(emitted, seen)


def test_requests_through_another_client_of_the_sdk_are_attempts(seen: Any, servers: Any) -> None:
    import httpx2
    import openai

    class Pool(httpx2.Client):
        """Send by one of several clients."""

        def send(self, request: Any, **options: Any) -> Any:
            return below.send(request, **options)

    with (
        httpx2.Client() as below,
        openai.OpenAI(base_url=f"{servers[0]}/v1", api_key="k", http_client=Pool()) as client,
        capture_events("ex_llm.*") as emitted,
    ):
        client.chat.completions.create(model="gpt-4o", messages=TURN)
    _only_the_inference(emitted, seen)
