"""instructor asks through the SDKs below it: each request is one inference, those that it repeats because an answer was not valid too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from opentelemetry.instrumentation.llm.testing import capture_events
from payloads import installed

pytestmark = [
    pytest.mark.skipif(not installed("instructor"), reason="instructor is in an environment of its own: tox -e frameworks"),
    pytest.mark.filterwarnings("ignore"),
]
MESSAGES = [{"role": "user", "content": "say three words"}]
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4"}


def answers(refusals: int) -> Any:
    """Return a class of answers that finds the first few of them not valid."""
    from pydantic import BaseModel, field_validator

    left = iter(range(refusals))

    class Answer(BaseModel):
        q: str

        @field_validator("q")
        @classmethod
        def valid(cls, said: str) -> str:
            if next(left, None) is not None:
                raise ValueError("say something else")
            return said

    return Answer


def client(sdk: str, url: str, asynchronous: bool) -> tuple[Any, Any]:
    """Return a client of the SDK, and instructor's around it."""
    import instructor

    if sdk == "openai":
        import openai

        made: Any = (openai.AsyncOpenAI if asynchronous else openai.OpenAI)(base_url=f"{url}/v1", api_key="k", max_retries=0)
        return made, instructor.from_openai(made)
    anthropic = pytest.importorskip("anthropic")
    made = (anthropic.AsyncAnthropic if asynchronous else anthropic.Anthropic)(base_url=url, api_key="k", max_retries=0)
    return made, instructor.from_anthropic(made)


def asked(sdk: str, refusals: int) -> dict[str, Any]:
    """Return what is asked; Anthropic wants to know how much it may say."""
    known = {"model": MODELS[sdk], "messages": MESSAGES, "response_model": answers(refusals), "max_retries": refusals + 1}
    return known if sdk == "openai" else {**known, "max_tokens": 100}


def plain(sdk: str, url: str, use: Callable[[Any], Any]) -> Any:
    """Ask once, with plain functions."""
    made, around = client(sdk, url, False)
    with made:
        return use(around)


def asynchronously(sdk: str, url: str, use: Callable[[Any], Any]) -> Any:
    """Ask once, with coroutines."""

    async def ask() -> Any:
        made, around = client(sdk, url, True)
        async with made:
            return await use(around)

    return asyncio.run(ask())


@pytest.mark.parametrize("refusals", [0, 2])
@pytest.mark.parametrize("run", [plain, asynchronously])
@pytest.mark.parametrize("sdk", MODELS)
def test_each_request_is_one_inference(sdk: str, run: Any, refusals: int, seen: Any, stand_in: Any) -> None:
    with capture_events() as said:
        answer = run(sdk, stand_in.url, lambda around: around.chat.completions.create(**asked(sdk, refusals)))
    assert type(answer).__name__ == "Answer"
    assert [span.attributes["gen_ai.operation.name"] for span in seen.spans()] == ["chat"] * len(stand_in.journal)
    assert len(stand_in.journal) == refusals + 1
    assert [event.name for event in said].count("ex_llm.chat.stop") == refusals + 1
    assert all(span.attributes["gen_ai.request.model"] == MODELS[sdk] for span in seen.spans())


def test_a_partial_answer_is_one_stream(seen: Any, stand_in: Any) -> None:
    def use(around: Any) -> list[Any]:
        from instructor.dsl.partial import Partial

        known = asked("openai", 0)
        return list(around.chat.completions.create(**{**known, "response_model": Partial[known["response_model"]]}, stream=True))

    assert plain("openai", stand_in.url, use)
    assert seen.span().attributes["ex_llm.stream.end"] == "complete"
