"""Test errors inside responses with status 200.

Each is a failure with a kind, a status and an error type of low cardinality.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from harness.servers.loopback import events, serving
from opentelemetry.instrumentation.llm.extraction import errors_in_response

TURN = [{"role": "user", "content": "x"}]
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
CHAT = {"id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
ERRORS: dict[str, tuple[Any, str, int | None, str]] = {
    "a number": ({"error": {"code": 429, "message": "slow"}}, "rate_limited", 429, "429"),
    "digits": ({"error": {"code": "503", "message": "no"}}, "overloaded", 503, "503"),
    "a number of its own": ({"object": "error", "message": "invalid model", "code": 40301}, "invalid_request", None, "40301"),
    "a message alone": ({"error": {"message": "Rate limit exceeded"}}, "rate_limited", None, "error"),
    "a text": ({"error": "Internal server error"}, "server_error", None, "error"),
    "a detail": ({"detail": "Model not found"}, "invalid_request", None, "error"),
    "a word": ({"error": {"code": "context_length_exceeded", "message": "x"}}, "context_length", None, "context_length_exceeded"),
    "a type": ({"error": {"type": "overloaded_error", "message": "x"}}, "overloaded", None, "overloaded_error"),
    "a choice": (
        {
            **CHAT,
            "choices": [
                {"index": 0, "finish_reason": "error", "message": None, "error": {"code": 502, "message": "Provider returned error"}}
            ],
        },
        "server_error",
        502,
        "502",
    ),
    "base_resp": ({"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, "rate_limited", None, "1002"),
}


@contextlib.contextmanager
def _client(package: str, respond: Any) -> Iterator[Any]:
    module = pytest.importorskip(package)
    kind = getattr(module, {"openai": "OpenAI", "groq": "Groq", "anthropic": "Anthropic"}[package])
    with serving(lambda method, path, body: respond) as url, kind(base_url=url, api_key="k", max_retries=0) as client:
        yield client


def _check(seen: Any, kind: str, status: int | None, error_type: str) -> None:
    span = seen.span()
    assert not span.status.is_ok
    assert (span.attributes["ex_llm.error.kind"], span.attributes["error.type"]) == (kind, error_type)
    (point,) = seen.metrics()["ex_llm.chat.errors.total"]
    assert point.attributes["kind"] == kind
    assert "ex_llm.cost.unknown_reason" not in span.attributes


@pytest.mark.parametrize("package", ["openai", "groq"])
@pytest.mark.parametrize("case", ERRORS)
def test_an_error_in_a_whole_response_is_a_failure(case: str, package: str, seen: Any) -> None:
    body, kind, status, error_type = ERRORS[case]
    with _client(package, body) as client:
        client.chat.completions.create(model="gpt-4o", messages=TURN)
    _check(seen, kind, status, error_type)


def test_an_error_in_a_whole_message_is_a_failure(seen: Any) -> None:
    with _client("anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}) as client:
        client.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=TURN)
    _check(seen, "overloaded", None, "overloaded_error")


def test_an_error_in_a_choice_of_a_chunk_is_a_failure(seen: Any) -> None:
    failed = {"index": 0, "delta": {"content": ""}, "finish_reason": "error", "error": {"code": 429, "message": "x"}}
    with _client("openai", events({**CHUNK, "choices": [failed]})) as client:
        list(client.chat.completions.create(model="gpt-4o", messages=TURN, stream=True))
    _check(seen, "rate_limited", 429, "429")


@pytest.mark.parametrize(
    ("error", "kind"), [({"code": 429, "message": "x"}, "rate_limited"), ({"code": "503", "message": "x"}, "overloaded")]
)
def test_an_error_chunk_that_the_sdk_raises_has_its_kind(error: Any, kind: str, seen: Any) -> None:
    import openai

    with _client("openai", events({**CHUNK, "choices": []}, {"error": error})) as client, pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="gpt-4o", messages=TURN, stream=True))
    assert seen.span().attributes["ex_llm.error.kind"] == kind


@pytest.mark.parametrize("package", ["openai"])
def test_a_failed_response_with_a_numeric_code_has_its_kind(package: str, seen: Any) -> None:
    body = {"id": "r", "object": "response", "created_at": 1, "model": "gpt-4o", "status": "failed", "output": [], "tools": []}
    with _client(package, {**body, "error": {"code": 429, "message": "x"}}) as client:
        client.responses.create(model="gpt-4o", input="x")
    _check(seen, "rate_limited", 429, "429")


def test_embeddings_report_an_error_of_their_response(seen: Any) -> None:
    with _client("openai", {"object": "error", "message": "too many", "code": 429, "data": []}) as client, contextlib.suppress(ValueError):
        client.embeddings.create(model="text-embedding-3-small", input="x")
    assert seen.span().attributes["ex_llm.error.kind"] in ("rate_limited", "invalid_output")


def test_a_sound_response_reports_no_error(seen: Any) -> None:
    sound = {**CHAT, "error": None, "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}]}
    with _client("openai", sound) as client:
        client.chat.completions.create(model="gpt-4o", messages=TURN)
    assert "error.type" not in seen.span().attributes


def test_error_codes_invented_by_a_provider_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors_in_response, "_names", set())
    named = {errors_in_response.bounded(f"code_{n}") for n in range(1000)}
    assert len(named) == 201
    assert errors_in_response.bounded("code_7") == "code_7"
