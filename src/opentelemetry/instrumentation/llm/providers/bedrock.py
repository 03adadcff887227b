"""Instrument Bedrock in boto3 and aiobotocore: models, agents, knowledge bases.

All clients of botocore share one function; calls of other services pass through it unobserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..calls.declaration import Destination, PatchPoint, ResultHandler, Sdk
from ..calls.streams.body import body_in
from ..calls.streams.event_stream import events_in
from ..dialects import Arguments, Dialect
from ..dialects.bedrock import agents
from ..dialects.bedrock.converse import beside, converse
from ..dialects.bedrock.invoke_model import invoke_model, invoked_embeddings, invoked_images, invoked_rerank
from ..dialects.bedrock.invoke_model_request import operation, parsed
from ..extraction.arguments import by_name
from ._botocore import botocore_error, other_services_only
from ._endpoint import endpoint

_SERVICES = frozenset({"bedrock-runtime", "bedrock-agent-runtime", "bedrock-agentcore"})
_TARGETS = ("botocore.client:BaseClient._make_api_call", "aiobotocore.client:AioBaseClient._make_api_call")
_INVOKE, _INVOKE_STREAM = "InvokeModel", "InvokeModelWithResponseStream"
_STREAMS = frozenset({"ConverseStream", _INVOKE_STREAM, "InvokeAgent", "InvokeInlineAgent", "InvokeHarness", "RetrieveAndGenerateStream"})
_NOT_OURS = Arguments({})

_BODY = body_in("body", botocore_error)
_OPERATIONS: tuple[tuple[str, str, Dialect, ResultHandler | None], ...] = (
    ("Converse", "chat", converse, None),
    ("ConverseStream", "chat", converse, events_in("stream")),
    (f"{_INVOKE}/chat", "chat", invoke_model, _BODY),
    (f"{_INVOKE}/text_completion", "text_completion", invoke_model, _BODY),
    (f"{_INVOKE}/embeddings", "embeddings", invoked_embeddings, _BODY),
    (f"{_INVOKE}/image_generation", "image_generation", invoked_images, _BODY),
    (f"{_INVOKE}/rerank", "rerank", invoked_rerank, _BODY),
    (f"{_INVOKE_STREAM}/chat", "chat", invoke_model, events_in("body")),
    (f"{_INVOKE_STREAM}/text_completion", "text_completion", invoke_model, events_in("body")),
    ("ApplyGuardrail", "moderation", beside, None),
    ("InvokeGuardrailChecks", "moderation", beside, None),
    ("CountTokens", "count_tokens", beside, None),
    ("InvokeAgent", "invoke_agent", agents.agent, events_in("completion")),
    ("InvokeInlineAgent", "invoke_agent", agents.agent, events_in("completion")),
    ("InvokeHarness", "invoke_agent", agents.harness, events_in("stream")),
    ("RetrieveAndGenerate", "chat", agents.generation, None),
    ("RetrieveAndGenerateStream", "chat", agents.generation, events_in("stream")),
    ("Retrieve", "retrieval", agents.knowledge_base, None),
    ("Rerank", "rerank", agents.rerank, None),
)


def read(client: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the name and parameters of an operation.

    For an operation with a model, the body decides the purpose, which becomes part of the path.
    """
    if client.meta.service_model.service_name not in _SERVICES:
        return _NOT_OURS
    given = by_name(("operation_name", "api_params"), args, kwargs)
    name, named = str(given.get("operation_name")), given.get("api_params")
    named = named if isinstance(named, Mapping) else {}
    path = name
    if name in (_INVOKE, _INVOKE_STREAM):
        named = {**named, "body": parsed(named.get("body"))}
        path = f"{name}/{operation(named.get('modelId'), named['body'])}"
    return Arguments(named, path, streaming=name in _STREAMS)


@lru_cache(maxsize=256)
def _at(url: str) -> Destination:
    host, port, _ = endpoint(url)
    return Destination("aws.bedrock", host or None, port)


BEDROCK = Sdk(
    name="bedrock",
    requires="botocore >= 1.34.116",
    points=tuple(
        PatchPoint(target, does, dialect, f"POST /{path}", open=opened)
        for path, does, dialect, opened in _OPERATIONS
        for target in _TARGETS
    ),
    read=read,
    identify=lambda client, arguments: _at(str(client.meta.endpoint_url)),
    native=(other_services_only(_SERVICES, frozenset(path.partition("/")[0] for path, *_ in _OPERATIONS)),),
)
