"""Test responses that arrive but make the SDK raise: they are recorded."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import calls
from harness.servers.loopback import Response, serving
from opentelemetry.instrumentation.llm.testing import capture_events

TURN = [{"role": "user", "content": "x"}]
BAD = '{"count": "no'


class Count(BaseModel):
    """The output schema of the request."""

    count: int


def _chat(reason: str) -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": BAD}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }


RESPONSE = {
    "id": "c1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-4o-2024-08-06",
    "output": [
        {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": BAD, "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 200,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1200,
    },
}
MESSAGE = {
    "id": "c1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [{"type": "text", "text": BAD}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 200},
}
OLLAMA = {
    "model": "llama3.2",
    "created_at": "2026-01-01T00:00:00Z",
    "message": {"role": "assistant", "content": BAD, "tool_calls": "none"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 1000,
    "eval_count": 200,
}


def _respond(method: str, path: str, body: Any) -> Any:
    if "/messages" in path:
        return MESSAGE
    if "/responses" in path:
        return RESPONSE
    if "/api/chat" in path:
        return OLLAMA
    if "broken" in str(body):
        return Response(b'{"id": "c1", ')
    reason = {"long": "length", "filtered": "content_filter"}.get(body.get("user", ""), "stop") if isinstance(body, dict) else "stop"
    chat = _chat(reason)
    return {**chat, "created": "never"} if isinstance(body, dict) and body.get("user") == "odd" else chat


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(_respond) as made:
        yield made


def _openai(kind: str) -> Callable[[str], Any]:
    def make(url: str) -> Any:
        import openai

        if "Azure" in kind:
            return getattr(openai, kind)(azure_endpoint=url, api_key="k", api_version="1", max_retries=0)
        return getattr(openai, kind)(base_url=f"{url}/v1", api_key="k", max_retries=0)

    return make


def _strict(package: str) -> Callable[[str], Any]:
    def make(url: str) -> Any:
        module = __import__(package)
        kind = getattr(module, package.capitalize())
        return kind(base_url=url, api_key="k", max_retries=0, _strict_response_validation=True)

    return make


def _anthropic(kind: str) -> Callable[[str], Any]:
    def make(url: str) -> Any:
        import anthropic

        return getattr(anthropic, kind)(base_url=url, api_key="k", max_retries=0)

    return make


def _ollama(url: str) -> Any:
    import ollama

    return ollama.Client(host=url)


def _parse_chat(client: Any, **more: Any) -> Any:
    return client.chat.completions.parse(model="gpt-4o", messages=TURN, response_format=Count, **more)


def _parse_message(client: Any) -> Any:
    return client.messages.parse(model="claude-sonnet-4-6", max_tokens=9, messages=TURN, output_format=Count)


def _parse_beta_message(client: Any) -> Any:
    return client.beta.messages.parse(model="claude-sonnet-4-6", max_tokens=9, messages=TURN, output_format=Count)


def _create_strictly(client: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=TURN, user="odd")


CASES: dict[str, tuple[str, Callable[[str], Any], Callable[[Any], Any], str]] = {
    "openai-chat": ("openai", _openai("OpenAI"), _parse_chat, "invalid_output"),
    "openai-chat-async": ("openai", _openai("AsyncOpenAI"), _parse_chat, "invalid_output"),
    "azure-chat": ("openai", _openai("AzureOpenAI"), _parse_chat, "invalid_output"),
    "openai-responses": (
        "openai",
        _openai("OpenAI"),
        lambda c: c.responses.parse(model="gpt-4o", input="x", text_format=Count),
        "invalid_output",
    ),
    "openai-length": ("openai", _openai("OpenAI"), lambda c: _parse_chat(c, user="long"), "max_tokens"),
    "openai-length-async": ("openai", _openai("AsyncOpenAI"), lambda c: _parse_chat(c, user="long"), "max_tokens"),
    "openai-filtered": ("openai", _openai("OpenAI"), lambda c: _parse_chat(c, user="filtered"), "content_filter"),
    "anthropic": ("anthropic", _anthropic("Anthropic"), _parse_message, "invalid_output"),
    "anthropic-async": ("anthropic", _anthropic("AsyncAnthropic"), _parse_message, "invalid_output"),
    "anthropic-beta": ("anthropic", _anthropic("Anthropic"), _parse_beta_message, "invalid_output"),
    "groq-strict": ("groq", _strict("groq"), lambda c: _create_strictly(c), "invalid_output"),
    "ollama": ("ollama", _ollama, lambda c: c.chat("llama3.2", TURN), "invalid_output"),
}


def _ask(make: Callable[[str], Any], call: Callable[[Any], Any], url: str) -> BaseException:
    async def awaited(client: Any, made: Any) -> None:
        try:
            await made
        finally:
            await client.close()

    client = make(url)
    with pytest.raises(Exception) as raised:
        made = call(client)
        if inspect.isawaitable(made):
            asyncio.run(awaited(client, made))
    if hasattr(client, "close") and not inspect.iscoroutinefunction(client.close):
        client.close()
    return raised.value


@pytest.mark.parametrize("case", CASES)
def test_a_response_is_recorded_although_the_sdk_raises(case: str, watch: Any, url: str) -> None:
    package, make, call, kind = CASES[case]
    if not calls.installed(package):
        pytest.skip(f"{package} is not installed")
    seen = watch(capture_message_content="span_only")
    with capture_events("ex_llm.*") as emitted:
        error = _ask(make, call, url)
    span = seen.span()
    known = span.attributes
    assert (known["gen_ai.usage.input_tokens"], known["gen_ai.usage.output_tokens"]) == (1000, 200), error
    assert known["ex_llm.error.kind"] == kind
    assert not span.status.is_ok
    assert known["gen_ai.response.model"] and known["gen_ai.response.finish_reasons"]
    assert "no" in known["gen_ai.output.messages"]
    assert ("ex_llm.cost.cents" in known) == (package in ("openai", "anthropic"))
    assert [e for e in emitted if e.name == "ex_llm.context.window_exceeded"] == []


def test_a_body_that_is_not_json_is_an_invalid_response(seen: Any, url: str) -> None:
    client = _openai("OpenAI")(url)
    with pytest.raises(ValueError, match="Expecting"):
        client.chat.completions.create(model="broken", messages=TURN)
    client.close()
    assert seen.span().attributes["ex_llm.error.kind"] == "invalid_output"


def test_a_refused_request_is_still_an_invalid_request(seen: Any) -> None:
    import openai

    with serving(lambda *_: Response(b'{"error": {"message": "no"}}', 400)) as url:
        client = _openai("OpenAI")(url)
        with pytest.raises(openai.BadRequestError):
            _parse_chat(client)
        client.close()
    assert seen.span().attributes["ex_llm.error.kind"] == "invalid_request"
    assert "gen_ai.usage.input_tokens" not in seen.span().attributes
