"""Calls of the Amazon Bedrock runtime."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from . import installed

NEEDS = "botocore"
AIO = importlib.util.find_spec("aiobotocore") is not None
# Nothing here speaks TLS, and reading certificates takes longer than the calls do.
_KEYS = {"aws_access_key_id": "none", "aws_secret_access_key": "none", "region_name": "us-east-1", "verify": False}

MESSAGES = [{"role": "user", "content": [{"text": "say three words"}]}]
TOOLS = {
    "tools": [{"toolSpec": {"name": "look_up", "inputSchema": {"json": {"type": "object", "properties": {"q": {"type": "string"}}}}}}],
    "toolChoice": {"any": {}},
}
CLAUDE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 50, "messages": [{"role": "user", "content": "say three words"}]}
NOVA = {"messages": MESSAGES, "inferenceConfig": {"maxTokens": 50}}
GPT = {"messages": [{"role": "user", "content": "say three words"}], "max_completion_tokens": 50}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "anthropic.claude-sonnet-4": ("chat", CLAUDE),
    "amazon.nova-lite-v1:0": ("chat", NOVA),
    "openai.gpt-oss-20b-1:0": ("chat", GPT),
    "ai21.jamba-1-5-mini-v1:0": ("chat", GPT),
    "cohere.command-r-v1:0": ("chat", {"message": "say three words"}),
    "anthropic.claude-v2": ("text_completion", {"prompt": "\n\nHuman: say three words\n\nAssistant:", "max_tokens_to_sample": 50}),
    "amazon.titan-text-express-v1": ("text_completion", {"inputText": "say three words", "textGenerationConfig": {"maxTokenCount": 50}}),
    "meta.llama3-8b-instruct-v1:0": ("text_completion", {"prompt": "say three words", "max_gen_len": 50}),
    "mistral.mistral-7b-instruct-v0:2": ("text_completion", {"prompt": "say three words", "max_tokens": 50}),
    "cohere.command-text-v14": ("text_completion", {"prompt": "say three words", "max_tokens": 50}),
    "deepseek.r1-v1:0": ("text_completion", {"prompt": "say three words", "max_tokens": 50}),
}
"""One text model of each family: purpose of its call, and its request body."""
OTHER_BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "ai21.j2-mid-v1": ("text_completion", {"prompt": "say three words", "maxTokens": 50}),
    "amazon.titan-embed-text-v2:0": ("embeddings", {"inputText": "three words here"}),
    "cohere.embed-english-v3": ("embeddings", {"texts": ["three words here"], "input_type": "search_query"}),
    "cohere.rerank-v3-5:0": ("rerank", {"query": "which", "documents": ["one", "two"], "api_version": 2}),
    "stability.sd3-large-v1:0": ("image_generation", {"prompt": "a boat"}),
    "amazon.nova-canvas-v1:0": ("image_generation", {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a boat"}}),
}
"""Models that only ever answer whole."""

GUARDED = {
    "guardrailConfig": {"guardrailIdentifier": "gr-1", "guardrailVersion": "1"},
    "inferenceConfig": {"maxTokens": 50, "temperature": 0.5},
}
_CONVERSED = {"modelId": "amazon.nova-lite-v1:0", "messages": MESSAGES}
_BESIDE: list[tuple[str, str, dict[str, Any]]] = [
    ("ApplyGuardrail", "apply_guardrail", {
        "guardrailIdentifier": "gr-1", "guardrailVersion": "1", "source": "INPUT", "content": [{"text": {"text": "three words here"}}]}),
    ("InvokeGuardrailChecks", "invoke_guardrail_checks", {"messages": MESSAGES, "checks": {}}),
    ("CountTokens", "count_tokens", {"modelId": "anthropic.claude-sonnet-4", "input": {"converse": {"messages": MESSAGES}}}),
]  # fmt: skip

_NEVER = ("gen_ai.response.model", "gen_ai.response.id")
_MODELS_THAT_NAME_THEMSELVES = ("anthropic.claude-sonnet", "anthropic.claude-v2", "openai.", "ai21.jamba")
_MODELS_WITH_AN_ID = (*_MODELS_THAT_NAME_THEMSELVES, "cohere.command-text", "cohere.embed")


@cache
def _session() -> Any:
    """Return one session for all clients, because reading service models is slow."""
    import botocore.session

    return botocore.session.Session()


@cache
def _operations(service: str = "bedrock-runtime") -> dict[str, frozenset[str]]:
    """Return the methods of the installed release, with the parameters of each."""
    from botocore import xform_name
    from botocore.exceptions import UnknownServiceError

    try:
        model = _session().get_service_model(service)
    except UnknownServiceError:
        return {}
    return {xform_name(name): frozenset(model.operation_model(name).input_shape.members) for name in model.operation_names}


_GUARDS = installed(NEEDS) and "guardrailConfig" in _operations().get("converse", ())
_PLAIN: dict[str, dict[str, Any]] = {
    "": _CONVERSED, ":tools": {**_CONVERSED, "toolConfig": TOOLS}, **({":guarded": {**_CONVERSED, **GUARDED}} if _GUARDS else {}),
}  # fmt: skip


@cache
def _async_session() -> Any:
    from aiobotocore.session import AioSession

    return AioSession()


def _settings() -> dict[str, Any]:
    from botocore import UNSIGNED

    # A signature holds the time, so that no two requests would be alike. A stream that is cancelled keeps its connection, and who has
    # used up all of the pool waits without end.
    return {"retries": {"total_max_attempts": 1}, "signature_version": UNSIGNED, "max_pool_connections": 200}


def client(base_url: str, service: str = "bedrock-runtime") -> Any:
    from botocore.config import Config

    return _session().create_client(
        service if _operations(service) else "bedrock-runtime", endpoint_url=base_url, config=Config(**_settings()), **_KEYS
    )


class AsyncClient:
    """A client of aiobotocore that opens at first use and has all sync methods."""

    def __init__(self, base_url: str, service: str = "bedrock-runtime") -> None:
        from aiobotocore.config import AioConfig

        config = AioConfig(**_settings())
        self._operations = _operations(service)
        self._open = partial(_async_session().create_client, service, endpoint_url=base_url, config=config, **_KEYS)
        self._opening: Any = None
        self._client: Any = None

    async def call(self, name: str, requested: dict[str, Any]) -> Any:
        """Call a method of the client."""
        if self._client is None:
            self._opening = self._open()
            self._client = await self._opening.__aenter__()
        return await getattr(self._client, name)(**requested)

    def __getattr__(self, name: str) -> Any:
        if name not in self._operations:
            raise AttributeError(name)
        return lambda **requested: self.call(name, requested)

    async def aclose(self) -> None:
        """Close it, if it was opened."""
        if self._client is not None:
            await self._opening.__aexit__(None, None, None)


def _calls(name: str, requested: dict[str, Any], inside: str, stream: bool) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Make the sync and async call.

    It returns the stream of a streamed response, and otherwise the result with its body read.
    """
    method = name.partition(":")[0]

    def call(client: Any) -> Any:
        result = getattr(client, method)(**requested)
        if inside and not stream:
            result[inside].read()
        return result[inside] if stream else result

    async def call_async(client: Any) -> Any:
        result = await getattr(client, method)(**requested)
        if inside and not stream:
            await result[inside].read()
        return result[inside] if stream else result

    return call, call_async


def _sample(
    point: str, name: str, requested: dict[str, Any], inside: str = "", stream: bool = False, absent: tuple[str, ...] = ()
) -> dict[str, Any]:
    plain, asynchronous = _calls(name, requested, inside, stream)
    return {
        "provider": "bedrock", "point": f"POST /{point}", "name": name, "stream": stream, "absent": absent,
        "client": client, "sync": plain, "async_client": AsyncClient if AIO else None, "async": asynchronous if AIO else None,
    }  # fmt: skip


def _at_aws(service: str, point: str, requested: dict[str, Any], inside: str = "", absent: tuple[str, ...] = _NEVER) -> dict[str, Any]:
    made = _sample(point, re.sub(r"(?<!^)(?=[A-Z])", "_", point).lower(), requested, inside, bool(inside), absent)
    ours = partial(client, service=service)
    return {**made, "client": ours, "async_client": partial(AsyncClient, service=service) if AIO else None}


def _absent(model: str) -> tuple[str, ...]:
    reported = (_MODELS_THAT_NAME_THEMSELVES, _MODELS_WITH_AN_ID)
    return tuple(name for name, models in zip(_NEVER, reported, strict=True) if not model.startswith(models))


_WHOLE = ("InvokeModel", "invoke_model")
_STREAMED = ("InvokeModelWithResponseStream", "invoke_model_with_response_stream")


def _invoke(model: str, what: str, body: dict[str, Any], stream: bool) -> dict[str, Any]:
    operation, method = _STREAMED if stream else _WHOLE
    requested = {"modelId": model, "body": json.dumps(body)}
    return _sample(f"{operation}/{what}", f"{method}:{model}", requested, "body", stream, _absent(model))


_CLAUDE_ARN = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-5-sonnet-20241022-v2:0"
_RERANK_ARN = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
_FROM_KB = {
    "input": {"text": "three words here"},
    "retrieveAndGenerateConfiguration": {
        "type": "KNOWLEDGE_BASE",
        "knowledgeBaseConfiguration": {"knowledgeBaseId": "KBKBKBKBKB", "modelArn": _CLAUDE_ARN},
    },
}
_SOURCE = {"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": "one"}}}
_RANKED = {"type": "BEDROCK_RERANKING_MODEL", "bedrockRerankingConfiguration": {"modelConfiguration": {"modelArn": _RERANK_ARN}}}
_AGENTS, _CORE = "bedrock-agent-runtime", "bedrock-agentcore"
_AGENT = {
    "agentId": "AAAAAAAAAA",
    "agentAliasId": "BBBBBBBBBB",
    "sessionId": "session-1",
    "inputText": "three words here",
    "enableTrace": True,
}
_INLINE = {
    "foundationModel": "anthropic.claude-3-5-sonnet-20241022-v2:0", "instruction": "x" * 40, "sessionId": "session-1",
    "inputText": "three words here", "enableTrace": True,
}  # fmt: skip
_HARNESS = {
    "harnessArn": "arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/h-abcdefghij",
    "runtimeSessionId": "s" * 40, "messages": MESSAGES, "model": {"bedrockModelConfig": {"modelId": "amazon.nova-lite-v1:0"}},
}  # fmt: skip
_NO_MODEL = ("gen_ai.response.model", "gen_ai.response.id", "gen_ai.request.model")
_UNCOUNTED = (*_NEVER, "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
AT_AWS = (
    _at_aws(_AGENTS, "InvokeAgent", _AGENT, "completion", _NO_MODEL),
    _at_aws(_AGENTS, "InvokeInlineAgent", _INLINE, "completion"),
    _at_aws(_AGENTS, "RetrieveAndGenerate", _FROM_KB, absent=_UNCOUNTED),
    _at_aws(_AGENTS, "RetrieveAndGenerateStream", _FROM_KB, "stream", _UNCOUNTED),
    _at_aws(_AGENTS, "Retrieve", {"knowledgeBaseId": "KBKBKBKBKB", "retrievalQuery": {"text": "three words here"}}),
    _at_aws(
        _AGENTS, "Rerank",
        {"queries": [{"type": "TEXT", "textQuery": {"text": "which"}}], "sources": [_SOURCE, _SOURCE], "rerankingConfiguration": _RANKED},
    ),
    _at_aws(_CORE, "InvokeHarness", _HARNESS, "stream"),
)  # fmt: skip

SAMPLES: list[dict[str, Any]] = [
    *(_sample("Converse", f"converse{variant}", requested, absent=_NEVER) for variant, requested in _PLAIN.items()),
    *(_sample("ConverseStream", f"converse_stream{variant}", requested, "stream", True, _NEVER) for variant, requested in _PLAIN.items()),
    *(_invoke(model, what, body, False) for model, (what, body) in (BODIES | OTHER_BODIES).items()),
    *(_invoke(model, what, body, True) for model, (what, body) in BODIES.items()),
    *(_sample(point, name, requested) for point, name, requested in _BESIDE),
    *AT_AWS,
]
