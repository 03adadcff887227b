"""Every point of anthropic, against the stand-in's Anthropic wire format."""

from __future__ import annotations

from typing import Any

from . import installed
from .generated import asking, samples

MODEL = "claude-3-5-haiku"
MESSAGES = [{"role": "user", "content": "say three words"}]
TOOLS = [{"name": "look_up", "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}}}]
ASKED: dict[str, Any] = {"model": MODEL, "max_tokens": 100, "messages": MESSAGES}
PROMPT: dict[str, Any] = {"model": "claude-2.1", "max_tokens_to_sample": 100, "prompt": "\n\nHuman: say three words\n\nAssistant:"}


def client(base_url: str) -> Any:
    import anthropic

    return anthropic.Anthropic(base_url=base_url, api_key="canary-key-5ecret", max_retries=0)


def async_client(base_url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropic(base_url=base_url, api_key="canary-key-5ecret", max_retries=0)


def vertex(base_url: str) -> Any:
    import anthropic

    return anthropic.AnthropicVertex(base_url=f"{base_url}/v1", region="r", project_id="p", access_token="canary-key-5ecret", max_retries=0)


def async_vertex(base_url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropicVertex(
        base_url=f"{base_url}/v1", region="r", project_id="p", access_token="canary-key-5ecret", max_retries=0
    )


def bedrock(base_url: str) -> Any:
    import anthropic

    return anthropic.AnthropicBedrock(base_url=base_url, **_AWS, max_retries=0)


def async_bedrock(base_url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropicBedrock(base_url=base_url, **_AWS, max_retries=0)


_AWS = {"aws_region": "us-east-1", "aws_access_key": "none", "aws_secret_key": "none"}
MESSAGE = "POST /v1/messages"
# Tools as every release takes them: the first ones have no parameter for them.
USE = asking("messages.create", **ASKED, extra_body={"tools": TOOLS, "tool_choice": {"type": "any"}}, stream=True)
BATCH = [{"custom_id": "first", "params": ASKED}]
BETA, COMPLETE = "/v1/messages?beta=true", "/v1/complete"

CALLS: list[tuple[str, str, bool, Any]] = [
    (MESSAGE, "messages.create", False, asking("messages.create", **ASKED)),
    (MESSAGE, "messages.create", True, asking("messages.create", **ASKED, stream=True)),
    (MESSAGE, "messages.create:tools", True, USE),
    (MESSAGE, "beta.messages.create", False, asking("beta.messages.create", BETA, **ASKED)),
    (MESSAGE, "beta.messages.create", True, asking("beta.messages.create", BETA, **ASKED, stream=True)),
    ("POST /v1/complete", "completions.create", False, asking("completions.create", COMPLETE, **PROMPT)),
    ("POST /v1/complete", "completions.create", True, asking("completions.create", COMPLETE, **PROMPT, stream=True)),
    # 1.0 has no function for it any more.
    ("POST /v1/complete", "post:completions", False, asking("completions.create", COMPLETE, **PROMPT)),
    ("POST /v1/complete", "post:completions", True, asking("completions.create", COMPLETE, **PROMPT, stream=True)),
    (
        "POST /v1/messages/count_tokens", "messages.count_tokens", False,
        asking("messages.count_tokens", "/v1/messages/count_tokens", model=MODEL, messages=MESSAGES),
    ),
    (
        "POST /v1/messages/batches", "messages.batches.create", False,
        asking("messages.batches.create", "/v1/messages/batches", requests=BATCH),
    ),
]  # fmt: skip


RESULTS: list[tuple[str, str, bool, Any]] = [
    (
        "GET /v1/messages/batches/*/results", "messages.batches.results", True,
        asking("messages.batches.results", message_batch_id="msgbatch_1"),
    ),
]  # fmt: skip


def _cloud(name: str, model: str) -> list[tuple[str, str, bool, Any]]:
    requested = {**ASKED, "model": model}
    return [
        (MESSAGE, f"messages.create:{name}", False, asking("messages.create", **requested)),
        (MESSAGE, f"messages.create:{name}", True, asking("messages.create", **requested, stream=True)),
    ]


ABSENT = {"POST /v1/complete": ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")}
"""Recommended attributes that the answers on a route do not give."""

SAMPLES: list[dict[str, Any]] = [
    *samples("anthropic", client, async_client, CALLS, absent=ABSENT),
    *samples("anthropic", client, async_client, RESULTS, of_answers=True),
    *samples("anthropic", vertex, async_vertex, _cloud("vertex", MODEL)),
    # Requests are signed by a library that boto3 installs.
    *(samples("anthropic", bedrock, async_bedrock, _cloud("bedrock", "anthropic.claude-3-5-haiku")) if installed("botocore") else ()),
]
