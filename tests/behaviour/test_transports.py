"""Test the HTTP attempts of a call: attempts, waits, refusals, rate limits.

Nothing is recorded outside a call.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from opentelemetry.instrumentation.llm.testing import capture_events
from opentelemetry.instrumentation.llm.transports import rate_limit_headers

MESSAGES = [{"role": "user", "content": "say three words"}]


def _client(url: str, scenario: str, run: str, retries: int = 2, asynchronous: bool = False) -> Any:
    import openai

    made = openai.AsyncOpenAI if asynchronous else openai.OpenAI
    return made(base_url=f"{url}/scenario/{scenario}/v1", api_key="sk-x", max_retries=retries, default_headers={"x-stand-in-run": run})


async def _send_async(client: Any, **more: Any) -> None:
    async with client:
        await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, **more)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_two_refusals_and_a_response_are_three_attempts(mode: str, seen: Any, stand_in: Any) -> None:
    client = _client(stand_in.url, "flaky:429,500", f"flaky-{mode}", asynchronous=mode == "async")
    with capture_events("ex_llm.provider.*") as recorded:
        if mode == "async":
            asyncio.run(_send_async(client))
        else:
            with client:
                client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    reported = [(e.name.removeprefix("ex_llm.provider."), e.metadata.get("attempt"), e.metadata.get("status")) for e in recorded]
    assert reported == [
        ("request.start", 1, None), ("request.stop", 1, 429), ("rate_limit", 1, 429),
        ("request.start", 2, None), ("request.stop", 2, 500),
        ("request.start", 3, None), ("request.stop", 3, 200),
    ]  # fmt: skip
    assert all(e.metadata["ref"] == recorded[0].metadata["ref"] and e.metadata["provider"] == "openai" for e in recorded)
    assert [("waited" in e.measurements) for e in recorded if e.name.endswith("request.start")] == [False, True, True]
    assert recorded[2].measurements["retry_after_ms"] == 1
    span = seen.span()
    assert span.status.status_code.name == "UNSET" and span.attributes["http.request.resend_count"] == 2
    assert [e.attributes["status"] for e in span.events if e.name == "ex_llm.provider.request.stop"] == [429, 500, 200]
    assert len(stand_in.journal) == 3
    assert seen.total("ex_llm.provider.requests.total") == 3 and seen.total("ex_llm.provider.retries.total") == 2
    classes = {p.attributes["status_class"]: p.value for p in seen.metrics()["ex_llm.provider.requests.total"]}
    assert classes == {"4xx": 1, "5xx": 1, "2xx": 1}
    assert seen.total("ex_llm.provider.rate_limits.total") == 1
    assert seen.total("ex_llm.provider.retries.waited.milliseconds.total") > 0


def test_an_absent_server_gives_attempts_without_a_response(seen: Any, stand_in: Any) -> None:
    import openai

    with (
        capture_events("ex_llm.provider.*") as recorded,
        openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="sk-x", max_retries=0) as client,
        pytest.raises(openai.APIConnectionError),
    ):
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert [e.name for e in recorded] == ["ex_llm.provider.request.start", "ex_llm.provider.request.exception"]
    assert recorded[1].metadata["kind"] == "network" and recorded[1].metadata["server_port"] == 9
    assert seen.total("ex_llm.provider.errors.total") == 1


def test_fifty_calls_at_once_have_their_own_attempts(seen: Any, stand_in: Any) -> None:
    import openai

    async def many() -> None:
        async with openai.AsyncOpenAI(base_url=f"{stand_in.url}/v1", api_key="sk-x") as client:
            await asyncio.gather(*(client.chat.completions.create(model=f"model-{n}", messages=MESSAGES) for n in range(50)))

    with capture_events("ex_llm.*") as recorded:
        asyncio.run(many())
    models = {e.metadata["ref"]: e.metadata["model"] for e in recorded if e.name == "ex_llm.chat.start"}
    attempts = [e for e in recorded if e.name == "ex_llm.provider.request.stop"]
    assert len(attempts) == len(models) == 50
    assert all(models[e.metadata["ref"]] == e.metadata["model"] for e in attempts)
    assert [(span.attributes["http.response.status_code"], len(span.events)) for span in seen.spans()] == [(200, 0)] * 50


def test_a_request_outside_a_call_is_not_recorded(seen: Any, stand_in: Any) -> None:
    import httpx2

    with capture_events() as recorded, httpx2.Client() as client:
        client.get(f"{stand_in.url}/v1/models")
    assert recorded == []


def test_the_remaining_rate_becomes_a_gauge(seen: Any, stand_in: Any) -> None:
    with _client(stand_in.url, "slow:1", "gauge") as client:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    points = {p.attributes["kind"]: p.value for p in seen.metrics()["ex_llm.provider.rate_limit.remaining"]}
    sent = (
        {name.lower(): value for name, value in stand_in.journal[0].response_headers}
        if hasattr(stand_in.journal[0], "response_headers")
        else {}
    )
    assert set(points) == {"requests", "tokens"} and all(value >= 0 for value in points.values())
    if sent:
        assert points["requests"] == int(sent["x-ratelimit-remaining-requests"])


PROVIDERS = {
    "openai": (
        {"x-ratelimit-remaining-requests": "59", "x-ratelimit-remaining-tokens": "149984", "x-ratelimit-reset-tokens": "4ms",
         "x-ratelimit-remaining-tokens_usage_based": "149979", "x-ratelimit-remaining-input-images": "2"},
        {"remaining_requests": 59, "remaining_tokens": 149979, "reset_ms": 4},
    ),
    "anthropic": (
        {"anthropic-ratelimit-requests-remaining": "4", "anthropic-ratelimit-tokens-remaining": "3000",
         "anthropic-ratelimit-input-tokens-remaining": "2500", "anthropic-ratelimit-output-tokens-remaining": "500",
         "anthropic-ratelimit-unified-5h-remaining": "0"},
        {"remaining_requests": 4, "remaining_tokens": 500},
    ),
    "anthropic priority": ({"anthropic-priority-input-tokens-remaining": "10"}, {"remaining_tokens": 10}),
    "azure": (
        {"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "0", "x-ratelimit-renewalperiod-requests": "60",
         "x-ratelimit-limit-tokens": "80"},
        {"remaining_requests": 7, "reset_ms": 0},
    ),
    "groq": (
        {"x-ratelimit-remaining-requests": "996", "x-ratelimit-reset-requests": "5m45.6s", "x-ratelimit-remaining-tokens": "0",
         "x-ratelimit-reset-tokens": "15.93s"},
        {"remaining_requests": 996, "remaining_tokens": 0, "reset_ms": 15_930},
    ),
    "mistral": (
        {"x-ratelimit-remaining-req-minute": "351", "x-ratelimit-remaining-req-10-second": "53", "x-ratelimit-remaining-tokens-minute": "99326",
         "x-ratelimit-remaining-tokens-month": "9999999370", "x-ratelimit-tokens-query-cost": "152",
         "x-ratelimit-remaining-audio-seconds-minute": "3", "x-ratelimit-remaining-ocr-pages-minute": "2"},
        {"remaining_requests": 53, "remaining_tokens": 99326},
    ),
    "mistral before": ({"x-ratelimitbysize-remaining-minute": "499", "ratelimitbysize-reset": "21"}, {"remaining_tokens": 499, "reset_ms": 21_000}),
    "cerebras": (
        {"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": "24481.5", "x-ratelimit-remaining-tokens-minute": "998235",
         "x-ratelimit-reset-tokens-minute": "1.73"},
        {"remaining_requests": 0, "remaining_tokens": 998235, "reset_ms": 24_481_500},
    ),
    "cohere": ({"x-trial-endpoint-call-remaining": "38", "x-endpoint-monthly-call-remaining": "930"}, {"remaining_requests": 38}),
    "fireworks": (
        {"x-ratelimit-remaining-requests": "599", "x-ratelimit-remaining-tokens-prompt": "60000", "x-ratelimit-remaining-tokens-generated": "6000",
         "x-ratelimit-limit-tokens-prompt": "1"},
        {"remaining_requests": 599, "remaining_tokens": 6000},
    ),
    "together": (
        {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59", "x-ratelimit-reset": "2", "x-tokenlimit-remaining": "3000"},
        {"remaining_requests": 59, "remaining_tokens": 3000, "reset_ms": 2000},
    ),
    "hugging face": ({"ratelimit": '"api";r=489;t=189', "ratelimit-policy": '"api";q=500;w=300'}, {"remaining_requests": 489, "reset_ms": 189_000}),
    "ietf before": ({"ratelimit-limit": "10", "ratelimit-remaining": "5", "ratelimit-reset": "30"}, {"remaining_requests": 5, "reset_ms": 30_000}),
    "no number": ({"x-ratelimit-remaining-requests": "many"}, {}),
    "less than nothing": ({"x-ratelimit-remaining-requests": "-1"}, {}),
    "of other things": ({"remaining": "500", "x-ratelimit-abusepenalty-active": "False", "content-length": "3"}, {}),
    "nothing": ({}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "left"), PROVIDERS.values(), ids=PROVIDERS)
def test_headers_of_the_providers_are_parsed(headers: dict[str, str], left: dict[str, float]) -> None:
    assert rate_limit_headers.remaining(headers) == left


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("6m0s", 360_000), ("20ms", 20), ("1h2m3.5s", 3_723_500), ("7.66s", 7_660), ("12", 12_000), ("2d", 172_800_000)],
)
def test_durations_until_the_reset_of_the_rate_are_parsed(text: str, milliseconds: float) -> None:
    assert rate_limit_headers.remaining({"x-ratelimit-remaining": "1", "x-ratelimit-reset-requests": text})["reset_ms"] == pytest.approx(
        milliseconds
    )


@pytest.mark.parametrize("text", ["2100-01-01T00:00:00Z", "Fri, 01 Jan 2100 00:00:00 GMT", "4102444800", "4102444800000"])
def test_dates_and_epochs_become_durations_from_now(text: str) -> None:
    wait = rate_limit_headers.remaining({"x-ratelimit-remaining": "1", "x-ratelimit-reset": text})["reset_ms"]
    assert 1e12 < wait < 4.2e12
    if not text.isdigit():
        assert rate_limit_headers.retry_after({"retry-after": text})["retry_after_ms"] > 1e12


@pytest.mark.parametrize("text", ["soon", "", "1x", "nan", "-5", "inf"])
def test_values_that_do_not_parse_are_ignored(text: str) -> None:
    assert rate_limit_headers.retry_after({"retry-after": text}) == {}
    assert "reset_ms" not in rate_limit_headers.remaining({"x-ratelimit-remaining": "1", "x-ratelimit-reset": text})


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_key_function_is_reported_when_called_without_its_key(mode: str, seen: Any, stand_in: Any) -> None:
    import openai

    async def fetch() -> str:
        return "sk-fetched-secret"

    key: Any = fetch if mode == "async" else lambda: "sk-fetched-secret"
    made = openai.AsyncOpenAI if mode == "async" else openai.OpenAI
    client = made(base_url=f"{stand_in.url}/v1", api_key=key, max_retries=0)
    with capture_events("*") as recorded:
        if mode == "async":
            asyncio.run(_send_async(client))
        else:
            with client:
                client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    (refresh,) = [e for e in recorded if e.name == "ex_llm.provider.auth.refresh"]
    assert refresh.metadata["credential"] == type(client).__name__ and refresh.measurements["duration"] > 0
    assert "sk-fetched-secret" not in repr(recorded) + seen.span().to_json()


def test_a_constant_key_is_not_reported(seen: Any, stand_in: Any) -> None:
    with capture_events("ex_llm.provider.auth.*") as recorded, _client(stand_in.url, "slow:1", "plain") as client:
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    assert recorded == []


def test_a_throttling_without_status_429_is_a_refusal(seen: Any, stand_in: Any) -> None:
    from opentelemetry.instrumentation.llm.transports.attempt import Answered, Attempt, Sent

    class RunningCall:
        @property
        def outermost(self) -> Any:
            return self

        def event_identity(self) -> dict[str, Any]:
            return {"provider": "aws.bedrock"}

        def attempt_begins(self) -> tuple[int, None]:
            return 1, None

        def attempt_ended(self, refused: bool, status: int | None = None, unanswered: str | None = None) -> None:
            return None

    url = "https://bedrock.invalid"
    with capture_events("ex_llm.provider.rate_limit") as recorded:
        for errortype in ("ThrottlingException:http://internal.amazon.com/coral/", "ValidationException"):
            Attempt(RunningCall(), Sent("POST", url), urlsplit(url)).on_response(Answered(400, {"x-amzn-ErrorType": errortype}))
    assert [e.metadata["status"] for e in recorded] == [400]
