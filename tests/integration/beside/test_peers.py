"""Test other instrumentations beside this package, in both orders.

Each call is recorded once. Run by ``tox -e beside``. Each case has its own process, because most of these packages cannot be
removed again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
OURS = "opentelemetry.instrumentation.llm"
START = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.instrumentation.llm import LLMInstrumentor
from opentelemetry.instrumentation.llm.doctor import report
from stand_in import StandIn
spans = InMemorySpanExporter()
def provider():
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(made)
MESSAGES = [{"role": "user", "content": "say three words"}]
def show(**more):
    scopes = sorted(span.instrumentation_scope.name for span in spans.get_finished_spans())
    names = sorted(span.name for span in spans.get_finished_spans())
    print(json.dumps({"scopes": scopes, "names": names, "causes": [f.cause + ": " + f.description for f in report().findings], **more}))
"""
OPENAI = """
import openai, asyncio
with StandIn() as server:
    client = openai.OpenAI(base_url=server.url + "/v1", api_key="k", max_retries=0)
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    list(client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True))
    async def ask():
        async with openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="k", max_retries=0) as client:
            await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    asyncio.run(ask())
"""
ANTHROPIC = """
import anthropic, asyncio
with StandIn() as server:
    about = {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": MESSAGES}
    client = anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0)
    client.messages.create(**about)
    list(client.messages.create(**about, stream=True))
    async def ask():
        async with anthropic.AsyncAnthropic(base_url=server.url, api_key="k", max_retries=0) as client:
            await client.messages.create(**about)
    asyncio.run(ask())
"""
BEDROCK = """
import boto3, os
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="us-east-1", AWS_MAX_ATTEMPTS="1")
with StandIn() as server:
    about = {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "say three words"}]}]}
    client = boto3.client("bedrock-runtime", endpoint_url=server.url)
    client.converse(**about)
    list(client.converse_stream(**about)["stream"])
    body = json.dumps({"schemaVersion": "messages-v1", "messages": about["messages"]})
    client.invoke_model(modelId=about["modelId"], body=body)["body"].read()
    for service, operation, arguments in (("s3", "list_buckets", {}), ("sqs", "list_queues", {})):
        try:
            getattr(boto3.client(service, endpoint_url=server.url), operation)(**arguments)
        except Exception:
            pass
"""
LOGFIRE = """
import logfire
logfire.configure(send_to_logfire=False, console=False, inspect_arguments=False, additional_span_processors=[SimpleSpanProcessor(spans)])
"""


def run(*parts: str) -> dict[str, Any]:
    """Run a program and return its output."""
    code = START + "".join(textwrap.dedent(part) for part in parts)
    paths = f"{ROOT / 'src'}:{ROOT / 'examples'}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": paths}
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return shown


def _needs(*modules: str) -> None:
    for module in modules:
        try:
            found = find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            pytest.skip(f"{module} is not installed: tox -e beside")


PEERS = {
    "openinference openai": ("openinference.instrumentation.openai", "OpenAIInstrumentor", "openai", OPENAI),
    "openinference anthropic": ("openinference.instrumentation.anthropic", "AnthropicInstrumentor", "anthropic", ANTHROPIC),
    "openllmetry openai": ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor", "openai", OPENAI),
    "openllmetry anthropic": ("opentelemetry.instrumentation.anthropic", "AnthropicInstrumentor", "anthropic", ANTHROPIC),
}
ORDERS = {
    "peer first": ("{peer}", "LLMInstrumentor().instrument()\n"),
    "ours first": ("LLMInstrumentor().instrument()\n", "{peer}"),
    "SDK first, then peer": ("import {sdk}\n", "{peer}", "LLMInstrumentor().instrument()\n"),
    "SDK first, then ours": ("import {sdk}\n", "LLMInstrumentor().instrument()\n", "{peer}"),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("peer", PEERS)
def test_each_call_is_recorded_once_beside_a_peer(peer: str, order: str) -> None:
    module, name, sdk, calls = PEERS[peer]
    _needs(module, sdk)
    begin = f"from {module} import {name}; {name}().instrument()\n"
    shown = run("provider()\n", *(part.format(peer=begin, sdk=sdk) for part in ORDERS[order]), calls, "show()\n")
    assert shown["scopes"].count(OURS) == 3
    assert sum(scope != OURS for scope in shown["scopes"]) == 3
    assert not any(cause.startswith("not_reached") for cause in shown["causes"])
    assert any(cause.startswith("instrumented_twice") for cause in shown["causes"])


def test_doctor_names_the_package_that_removed_our_wrapper() -> None:
    _needs("openinference.instrumentation.openai", "openai")
    peer = "from openinference.instrumentation.openai import OpenAIInstrumentor\n"
    order = "OpenAIInstrumentor().instrument()\nLLMInstrumentor().instrument()\nOpenAIInstrumentor().uninstrument()\n"
    shown = run("provider()\n", peer, order, OPENAI, "show()\n")
    assert shown["scopes"] == []
    assert any(cause.startswith("not_reached") and "openai:OpenAI.request" in cause.replace("._client", "") for cause in shown["causes"])


@pytest.mark.parametrize("order", ["peer first", "ours first"])
@pytest.mark.parametrize("setting", ["replace", "keep"])
def test_botocore_instrumentation_is_suppressed_for_bedrock_only(setting: str, order: str) -> None:
    _needs("opentelemetry.instrumentation.botocore", "boto3")
    peer = "from opentelemetry.instrumentation.botocore import BotocoreInstrumentor; BotocoreInstrumentor().instrument()\n"
    ours = f"LLMInstrumentor().instrument(native_telemetry={setting!r})\n"
    shown = run("provider()\n", *((peer, ours) if order == "peer first" else (ours, peer)), BEDROCK, "show()\n")
    assert shown["scopes"].count(OURS) == 3
    others = [name for name in shown["names"] if name.startswith(("S3", "SQS"))]
    assert others == ["S3.ListBuckets", "SQS.ListQueues"]
    assert len(shown["scopes"]) == 3 + len(others) + (3 if setting == "keep" else 0)
    assert any(cause.startswith("instrumented_twice: botocore") for cause in shown["causes"]) is (setting == "keep")
    assert any(cause.startswith("gives_way: ") for cause in shown["causes"]) is (setting == "replace")


@pytest.mark.parametrize("order", ["logfire first", "ours first"])
def test_every_call_is_recorded_beside_logfire(order: str) -> None:
    _needs("logfire", "openai")
    ours = "LLMInstrumentor().instrument()\n"
    shown = run(*((LOGFIRE, ours) if order == "logfire first" else (ours, LOGFIRE)), OPENAI, "show()\n")
    assert shown["scopes"] == [OURS] * 3
    assert not any(cause.startswith("no_exporter") for cause in shown["causes"])


def test_logfire_and_this_package_record_each_call_once() -> None:
    _needs("logfire", "openai")
    shown = run(LOGFIRE, "logfire.instrument_openai()\nLLMInstrumentor().instrument()\n", OPENAI, "show()\n")
    assert shown["scopes"].count(OURS) == 3
