"""Test instructor over the SDKs: each request is one inference.

Also the requests that it repeats because a response was not valid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from calls import installed
from opentelemetry.instrumentation.llm.testing import capture_events

pytestmark = [
    pytest.mark.skipif(not installed("instructor"), reason="instructor is in an environment of its own: tox -e frameworks"),
    pytest.mark.filterwarnings("ignore"),
]
MESSAGES = [{"role": "user", "content": "say three words"}]
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4"}


def response_classes(refusals: int) -> Any:
    """Return a response class that refuses its first few responses as invalid."""
    from pydantic import BaseModel, field_validator

    remaining = iter(range(refusals))

    class Answer(BaseModel):
        q: str

        @field_validator("q")
        @classmethod
        def valid(cls, value: str) -> str:
            if next(remaining, None) is not None:
                raise ValueError("say something else")
            return value

    return Answer


def client(sdk: str, url: str, asynchronous: bool) -> tuple[Any, Any]:
    """Return a client of the SDK, wrapped by instructor."""
    import instructor

    if sdk == "openai":
        import openai

        made: Any = (openai.AsyncOpenAI if asynchronous else openai.OpenAI)(base_url=f"{url}/v1", api_key="k", max_retries=0)
        return made, instructor.from_openai(made)
    anthropic = pytest.importorskip("anthropic")
    made = (anthropic.AsyncAnthropic if asynchronous else anthropic.Anthropic)(base_url=url, api_key="k", max_retries=0)
    return made, instructor.from_anthropic(made)


def request_arguments(sdk: str, refusals: int) -> dict[str, Any]:
    """Return the arguments of a request; Anthropic requires ``max_tokens``."""
    keywords = {"model": MODELS[sdk], "messages": MESSAGES, "response_model": response_classes(refusals), "max_retries": refusals + 1}
    return keywords if sdk == "openai" else {**keywords, "max_tokens": 100}


def plain(sdk: str, url: str, use: Callable[[Any], Any]) -> Any:
    """Send one request, synchronously."""
    made, patched = client(sdk, url, False)
    with made:
        return use(patched)


def asynchronously(sdk: str, url: str, use: Callable[[Any], Any]) -> Any:
    """Send one request in an event loop."""

    async def send() -> Any:
        made, patched = client(sdk, url, True)
        async with made:
            return await use(patched)

    return asyncio.run(send())


@pytest.mark.parametrize("refusals", [0, 2])
@pytest.mark.parametrize("run", [plain, asynchronously])
@pytest.mark.parametrize("sdk", MODELS)
def test_each_request_is_one_inference(sdk: str, run: Any, refusals: int, seen: Any, stand_in: Any) -> None:
    with capture_events() as emitted:
        result = run(sdk, stand_in.url, lambda patched: patched.chat.completions.create(**request_arguments(sdk, refusals)))
    assert type(result).__name__ == "Answer"
    assert [span.attributes["gen_ai.operation.name"] for span in seen.spans()] == ["chat"] * len(stand_in.journal)
    assert len(stand_in.journal) == refusals + 1
    assert [event.name for event in emitted].count("ex_llm.chat.stop") == refusals + 1
    assert all(span.attributes["gen_ai.request.model"] == MODELS[sdk] for span in seen.spans())


def test_a_partial_response_is_one_stream(seen: Any, stand_in: Any) -> None:
    def use(patched: Any) -> list[Any]:
        from instructor.dsl.partial import Partial

        keywords = request_arguments("openai", 0)
        return list(patched.chat.completions.create(**{**keywords, "response_model": Partial[keywords["response_model"]]}, stream=True))

    assert plain("openai", stand_in.url, use)
    assert seen.span().attributes["ex_llm.stream.end"] == "complete"
