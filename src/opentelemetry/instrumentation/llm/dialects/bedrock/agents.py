"""Amazon Bedrock agents, agent harnesses and knowledge bases, which run at AWS.

The response of an agent has no usage of its own. If the application requests traces, each model call of the run is an
event with its usage, and an earlier event with the same trace id has its model.
"""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import message, text_part
from ...extraction.paths import as_sequence, as_str, copy_fields, fields, full_text, get_path
from ...schema.records import Content, Request, Response, Usage, UsagePart, total
from .. import Arguments, Dialect
from . import converse as conversation

_AGENT = fields(
    Request,
    {"agent_id": ("agentId", "harnessArn"), "agent_name": "agentName", "model": "foundationModel", "conversation_id": "sessionId"},
)
_HARNESS = fields(
    Request,
    {
        "agent_id": "harnessArn",
        "conversation_id": "runtimeSessionId",
        "model": ("model.bedrockModelConfig.modelId", "model.openAiModelConfig.modelId", "model.geminiModelConfig.modelId"),
    },
)
_GENERATION = ("retrieveAndGenerateConfiguration", "knowledgeBaseConfiguration")
_SOURCES = ("retrieveAndGenerateConfiguration", "externalSourcesConfiguration")
_TOP_K = fields(
    Request,
    {
        "data_source_id": "knowledgeBaseId",
        "top_k": (
            "retrievalConfiguration.vectorSearchConfiguration.numberOfResults",
            "retrievalConfiguration.managedSearchConfiguration.numberOfResults",
        ),
    },
)
_RERANKING = ("rerankingConfiguration", "bedrockRerankingConfiguration", "modelConfiguration", "modelArn")
_USED = ("modelInvocationOutput", "metadata", "usage")
_MODELS_KEPT = 1_000


def _without_resource(arn: str | None) -> str | None:
    """Return the last part of an ARN, which has an account."""
    return arn if arn is None or not arn.startswith("arn:") else arn.rpartition("/")[2] or None


def _agent_request(arguments: Arguments) -> Request:
    record = Request(stream=True)
    copy_fields(record, arguments.named, _AGENT)
    return record


def _absorb(draft: Response, chunk: object) -> None:
    """Add the usage of each model call in the traces of a run."""
    for trace in _traces(get_path(chunk, ("trace", "trace"))):
        begun = get_path(trace, ("modelInvocationInput",))
        models = draft.scratch = {} if draft.scratch is None else draft.scratch
        if (model := as_str(get_path(begun, ("foundationModel",)))) is not None and len(models) < _MODELS_KEPT:
            models[as_str(get_path(begun, ("traceId",)))] = _without_resource(model)
        reported = get_path(trace, _USED)
        if reported is not None:
            model = models.pop(as_str(get_path(trace, ("modelInvocationOutput", "traceId"))), None)
            draft.response_model = model or draft.response_model
            draft.parts = [*(draft.parts or ()), UsagePart(model, conversation.usage(reported))]
            draft.usage = total(part.usage for part in draft.parts)
    if get_path(chunk, ("returnControl",)) is not None:
        draft.finish_reasons = ["tool_call"]
    elif draft.finish_reasons is None and get_path(chunk, ("chunk",)) is not None:
        draft.finish_reasons = ["stop"]
    if draft.content is not None and isinstance(text := get_path(chunk, ("chunk", "bytes")), bytes):
        draft.kept = {} if draft.kept is None else draft.kept
        draft.kept.setdefault("text", []).append(text.decode("utf-8", "replace"))


def _traces(trace: object) -> list[Any]:
    held = trace if isinstance(trace, dict) else {}
    return [one for one in held.values() if isinstance(one, dict)]


def _finish(draft: Response) -> None:
    if draft.content is not None and draft.kept:
        draft.content.output_messages = [message("assistant", [text_part("".join(draft.kept["text"]))])]


def _agent_content(arguments: Arguments) -> Content:
    text, instruction = full_text(arguments.named.get("inputText")), full_text(arguments.named.get("instruction"))
    return Content(
        system_instructions=None if instruction is None else [text_part(instruction)],
        input_messages=None if text is None else [message("user", [text_part(text)])],
    )


def _harness_request(arguments: Arguments) -> Request:
    record = Request(stream=True)
    copy_fields(record, arguments.named, _HARNESS)
    record.agent_id = _without_resource(record.agent_id)
    return record


def _generation_request(arguments: Arguments) -> Request:
    about = get_path(arguments.named, _GENERATION)
    model = get_path(about, ("modelArn",)) or get_path(arguments.named, (*_SOURCES, "modelArn"))
    return Request(
        model=_without_resource(as_str(model)),
        stream=arguments.streaming or None,
        conversation_id=as_str(arguments.named.get("sessionId")),
        data_source_id=as_str(get_path(about, ("knowledgeBaseId",))),
    )


def _generated(body: object) -> Response:
    return Response(conversation_id=as_str(get_path(body, ("sessionId",))), finish_reasons=["stop"])


def _generation_content(arguments: Arguments) -> Content:
    text = full_text(get_path(arguments.named, ("input", "text")))
    return Content(input_messages=None if text is None else [message("user", [text_part(text)])])


def _generation_output(body: object) -> list[dict[str, Any]] | None:
    text = full_text(get_path(body, ("output", "text")))
    return None if text is None else [message("assistant", [text_part(text)])]


def _absorb_generation(draft: Response, chunk: object) -> None:
    if (text := full_text(get_path(chunk, ("output", "text")))) is not None:
        draft.finish_reasons = ["stop"]
        if draft.content is not None:
            draft.kept = {} if draft.kept is None else draft.kept
            draft.kept.setdefault("text", []).append(text)


def _retrieval_request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, _TOP_K)
    return record


def _retrieved(body: object) -> Response:
    return Response(documents=len(as_sequence(get_path(body, ("retrievalResults",)))))


def _retrieval_content(arguments: Arguments) -> Content:
    return Content(query=full_text(get_path(arguments.named, ("retrievalQuery", "text"))))


def _rerank_request(arguments: Arguments) -> Request:
    return Request(model=_without_resource(as_str(get_path(arguments.named, _RERANKING))))


agent = Dialect("bedrock_agent", _agent_request, lambda body: Response(), _absorb, _agent_content, finish=_finish)
harness = Dialect(
    "bedrock_harness",
    _harness_request,
    lambda body: Response(),
    conversation.absorb,
    conversation.converse.content,
    conversation.converse.output,
    conversation.finish,
)
generation = Dialect(
    "bedrock_generation", _generation_request, _generated, _absorb_generation, _generation_content, _generation_output, _finish
)
knowledge_base = Dialect("bedrock_retrieval", _retrieval_request, _retrieved, content=_retrieval_content)
rerank = Dialect("bedrock_rerank", _rerank_request, lambda body: Response(usage=Usage()))
