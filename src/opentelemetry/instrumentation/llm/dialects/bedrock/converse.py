"""The Converse API of Amazon Bedrock: complete responses and event streams.

Amazon's own models use this format as their native body too, which ``invoke_model`` passes to this module. Guardrails
and token counting are also read here.
"""

from __future__ import annotations

from ...extraction.finish_reasons import aligned
from ...extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, get_path, invalid
from ...schema.records import Request, Response, Usage
from .. import Arguments, Dialect
from . import converse_content

_REQUEST = fields(
    Request,
    {
        "model": "modelId",
        "temperature": "inferenceConfig.temperature",
        "top_p": "inferenceConfig.topP",
        "top_k": ("additionalModelRequestFields.top_k", "additionalModelRequestFields.inferenceConfig.topK"),
        "max_tokens": "inferenceConfig.maxTokens",
        "stop_sequences": "inferenceConfig.stopSequences",
        "reasoning_level": (
            "outputConfig.effort",
            "additionalModelRequestFields.output_config.effort",
            "additionalModelRequestFields.reasoning_effort",
            "additionalModelRequestFields.reasoningConfig.maxReasoningEffort",
        ),
        "requested_service_tier": "serviceTier.type",
        "guardrail_id": "guardrailConfig.guardrailIdentifier",
    },
)
_REPLY = fields(
    Response,
    {"response_model": "trace.promptRouter.invokedModelId", "service_tier": "serviceTier.type", "latency": "performanceConfig.latency"},
)
_GUARDRAIL = fields(Request, {"model": "modelId", "guardrail_id": "guardrailIdentifier"})
_COUNTS = {
    "input": ("inputTokens", "inputTokenCount"),
    "output": ("outputTokens", "outputTokenCount"),
    "total": ("totalTokens", "totalTokenCount"),
    "read": ("cacheReadInputTokens", "cacheReadInputTokenCount"),
    "written": ("cacheWriteInputTokens", "cacheWriteInputTokenCount"),
}
STREAM_EVENTS = frozenset({"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"})


def usage(reported: object) -> Usage:
    """Read a usage block in either spelling.

    Bedrock's input tokens exclude tokens that were read from or written to a cache; they are added here.
    """
    counts = {
        name: next((count for way in ways if (count := as_int(get_path(reported, (way,)))) is not None), None)
        for name, ways in _COUNTS.items()
    }
    read, written, given = counts["read"], counts["written"], counts["input"]
    if given is not None:
        said_in_total = (counts["total"] or 0) - (counts["output"] or 0)
        # SDK releases without cache support drop the cache counts, but the total still includes them.
        given = max(given, said_in_total) if read is None and written is None else given + (read or 0) + (written or 0)
    details = [d for d in as_sequence(get_path(reported, ("cacheDetails",))) if get_path(d, ("ttl",)) == "1h"]
    return Usage(
        invalid=invalid(get_path(reported, (way,)) for ways in _COUNTS.values() for way in ways)
        if None in (given, counts["output"])
        else None,
        input_tokens=given,
        output_tokens=counts["output"],
        total_tokens=counts["total"],
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=sum(as_int(get_path(d, ("inputTokens",))) or 0 for d in details) if details else None,
    )


def request(arguments: Arguments) -> Request:
    """Read the parameters of a call."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    record.output_type = "json" if get_path(arguments.named, ("outputConfig", "textFormat", "type")) == "json_schema" else None
    return record


def response(answer: object) -> Response:
    """Read a complete response."""
    record = Response()
    copy_fields(record, answer, _REPLY)
    record.usage = usage(get_path(answer, ("usage",)))
    reason = as_str(get_path(answer, ("stopReason",)))
    record.finish_reasons = None if reason is None else aligned([reason])
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one event: ``messageStop`` has the stop reason, ``metadata`` the usage."""
    if draft.scratch is None:
        draft.scratch = {"blocks": {}}
    if draft.content is None and chunk.__class__ is dict and "contentBlockDelta" in chunk:
        return  # Nearly all events end here: a piece of a message has nothing else to read.
    if (reason := as_str(get_path(chunk, ("messageStop", "stopReason")))) is not None:
        draft.finish_reasons = aligned([reason])
    elif (reported := get_path(chunk, ("metadata",))) is not None:
        copy_fields(draft, reported, _REPLY)
        draft.usage = usage(get_path(reported, ("usage",)))
    elif draft.content is not None:
        converse_content.join(draft.scratch["blocks"], chunk)


def finish(draft: Response) -> None:
    """Set the finish reason ``error`` if the stream had no stop reason."""
    if draft.scratch is not None and draft.finish_reasons is None:
        draft.finish_reasons = ["error"]
    if draft.content is not None and draft.scratch is not None:
        draft.content.output_messages = converse_content.joined(draft.scratch["blocks"])


converse = Dialect("converse", request, response, absorb, converse_content.content, converse_content.output, finish)


def _guarded_request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, _GUARDRAIL)
    return record


beside = Dialect("converse_beside", _guarded_request, lambda answer: Response())
"""Operations other than inference: guardrails applied alone, and token counting."""
