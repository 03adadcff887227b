"""EVENTS: everything that is ever said on the bus, as one table.

The left side says these names, handlers listen for them, and the documentation's table is made from them. Names are
``ex_llm.<component>.<operation>.<phase>``; an operation that takes time is a triple of phases (start, stop, exception).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

HANDLER_FAILURE = "telemetry.handler.failure"
CONTENT = "ex_llm.content"
EVALUATION = "ex_llm.evaluation.result"
STREAM_START, STREAM_CHUNK = "ex_llm.stream.start", "ex_llm.stream.chunk"
INTERRUPTED = "ex_llm.telemetry.interrupted"
STREAM_STOP, STREAM_EXCEPTION = "ex_llm.stream.stop", "ex_llm.stream.exception"


class Event(NamedTuple):
    """Describe one event: its measurements, its metadata keys, and when it is said."""

    name: str
    measurements: tuple[str, ...]
    metadata: tuple[str, ...]
    description: str


class Operation(NamedTuple):
    """Describe one operation: its event family (``ex_llm.<family>.*``), its name in spans, and what it is."""

    name: str
    family: str
    inference: bool
    doing: str


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        o.name: o
        for o in (
            Operation("chat", "chat", True, "a chat"),
            Operation("generate_content", "chat", True, "a multimodal generation"),
            Operation("text_completion", "chat", True, "a text completion"),
            Operation("embeddings", "embedding", False, "making embeddings"),
            Operation("fetch_response", "response", False, "fetching a response that was made earlier"),
            Operation("image_generation", "image", False, "making or changing images"),
            Operation("speech", "audio", False, "speaking a text"),
            Operation("transcription", "audio", False, "writing down speech"),
            Operation("translation", "audio", False, "writing down speech in another language"),
            Operation("moderation", "moderation", False, "classifying a content"),
            Operation("rerank", "rerank", False, "ranking documents"),
            Operation("count_tokens", "tokens", False, "counting tokens"),
            Operation("create_batch", "batch", False, "handing in a batch"),
            Operation("execute_tool", "tool", False, "running a tool"),
            Operation("invoke_agent", "agent", False, "running an agent"),
            Operation("invoke_workflow", "workflow", False, "running a workflow"),
            Operation("retrieval", "retrieval", False, "retrieving documents"),
            Operation("mcp_request", "mcp.request", False, "an MCP request"),
        )
    }
)
"""Operations by the name that spans carry."""

STEPS = ("execute_tool", "invoke_agent", "invoke_workflow", "retrieval", "mcp_request")
"""Operations above model calls."""
SUBJECT: Mapping[str, str] = MappingProxyType(
    {
        "invoke_agent": "agent_name",
        "execute_tool": "tool_name",
        "invoke_workflow": "workflow_name",
        "retrieval": "data_source_id",
        "mcp_request": "tool_name",
    }
)
"""The metadata key that names what a step of an operation runs."""

_WHO = ("provider", "model", "operation", "server_address", "server_port", "in_process", "ref")
_USAGE = ("input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_cents")
_REPLY = ("response_model", "response_id", "finish_reasons", "stream", "stream_end")
_FAILED = ("kind", "reason", "error_type", "stacktrace", "status", "request_id")
_SPECIAL = {
    "chat": ("web_searches", "storage_searches"),
    "embedding": ("dimensions",),
    "image": ("images",),
    "audio": ("seconds", "characters"),
    "rerank": ("search_units",),
}


_STEP = ("operation", "ref", "parent_ref", "framework", "agent_name", "conversation_id")
_SUMS = ("inference_calls", "tool_calls", *_USAGE)
_STEPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "agent": ((*_STEP, "agent_id", "agent_description"), _SUMS[:2], (*_SUMS[2:], "model", "outcome")),
    "workflow": ((*_STEP, "workflow_name"), _SUMS[:2], (*_SUMS[2:], "outcome")),
    "tool": ((*_STEP, "tool_name", "tool_type", "tool_call_id", "tool_description"), (), ("outcome",)),
    "retrieval": ((*_STEP, "data_source_id", "top_k"), ("documents",), ("outcome",)),
    "mcp.request": (
        (*_STEP, "side", "method", "tool_name", "prompt_name", "session_id", "protocol_version", "transport", "server_address"),
        (),
        ("outcome", "status"),
    ),
}
"""What the families of steps have beside the rest: metadata from the start on, measurements and metadata of the end."""


def _triple(family: str, doing: str) -> tuple[Event, ...]:
    if (step := _STEPS.get(family)) is not None:
        known, measured, ended = step
        return (
            Event(f"ex_llm.{family}.start", ("system_time",), known, f"Emitted before {doing} begins."),
            Event(f"ex_llm.{family}.stop", ("duration", *measured), known + ended, f"Emitted when {doing} is over; outcome says how."),
            Event(f"ex_llm.{family}.exception", ("duration", *measured), known + ended + _FAILED, f"Emitted when {doing} has failed."),
        )
    own = _SPECIAL.get(family, ())
    return (
        Event(f"ex_llm.{family}.start", ("system_time",), _WHO, f"Said before {doing} begins."),
        Event(f"ex_llm.{family}.stop", ("duration",), _WHO + _REPLY + _USAGE + own, f"Said when {doing} is over."),
        Event(f"ex_llm.{family}.exception", ("duration",), _WHO + _FAILED, f"Said when {doing} has failed or was cancelled."),
    )


def _families() -> dict[str, str]:
    doing: dict[str, list[str]] = {}
    for operation in OPERATIONS.values():
        doing.setdefault(operation.family, []).append(operation.doing)
    return {family: " or ".join(deeds) for family, deeds in doing.items()}


_STREAM = ("time_to_first_chunk", "chunks", "duration", "size", "gaps")
_ATTEMPT = (*_WHO, "attempt", "method", "status", "request_id")
_LEFT = ("remaining_requests", "remaining_tokens", "reset_ms")
_KEY = ("key", "cache")

_OTHERS = (
    Event(STREAM_START, ("system_time",), _WHO, "Said when a call has answered with a stream; before the first chunk."),
    Event(STREAM_CHUNK, ("since_last", "index"), _WHO, "Said for each chunk that the application takes."),
    Event(STREAM_STOP, _STREAM, (*_WHO, "stream_end"), "Said when a stream is over, read whole or left early."),
    Event(STREAM_EXCEPTION, _STREAM, _WHO + _FAILED, "Said when a stream breaks or is cancelled."),
    Event(CONTENT, (), (*_WHO, "content"), "Said before stop and exception where content is captured; the one event that holds contents."),
    Event(
        "ex_llm.provider.request.start", ("system_time", "retry", "waited"), _ATTEMPT, "Said before each HTTP attempt of a running call."
    ),
    Event("ex_llm.provider.request.stop", ("duration", *_LEFT), _ATTEMPT, "Said when an HTTP attempt was answered, whatever its status."),
    Event("ex_llm.provider.request.exception", ("duration",), _ATTEMPT + _FAILED, "Said when an HTTP attempt had no answer."),
    Event(
        "ex_llm.provider.rate_limit",
        ("retry_after_ms", *_LEFT),
        (*_WHO, "status", "limit"),
        "Said when a provider refuses a call for its rate.",
    ),
    Event(
        "ex_llm.provider.auth.refresh", ("duration",), ("provider", "credential"), "Said when credentials were renewed; names their class."
    ),
    Event("ex_llm.cache.hit", ("saved_cents",), _KEY, "Said when a response cache on the client's side had the answer."),
    Event("ex_llm.cache.miss", (), _KEY, "Said when a response cache did not have the answer."),
    Event("ex_llm.cache.put", ("size_bytes",), _KEY, "Said when an answer was put into a response cache."),
    Event("ex_llm.cache.evicted", ("size_bytes",), _KEY, "Said when an answer left a response cache."),
    Event(
        "ex_llm.cost.calculated",
        ("cost",),
        (*_WHO, "input", "output", "cache_read", "cache_write", "saved", "source", "price_date"),
        "Said when the cost of a call is known, in cents.",
    ),
    Event(
        "ex_llm.cost.threshold_warning",
        ("cost", "threshold"),
        (*_WHO, "scope", "scope_value"),
        "Said when a budget comes near its limit, in cents.",
    ),
    Event("ex_llm.cost.unknown", (), (*_WHO, "reason"), "Said when a call is over whose cost is not known, and why it is not."),
    Event(
        "ex_llm.cost.threshold_exceeded",
        ("cost", "threshold"),
        (*_WHO, "exceeded_by", "scope", "scope_value"),
        "Said when a cost passes a threshold, in cents.",
    ),
    Event(
        "ex_llm.agent.handoff", (), ("framework", "agent_name", "to_agent", "parent_ref"), "Emitted when an agent hands over to another."
    ),
    Event(
        "ex_llm.mcp.session.stop",
        ("duration",),
        ("side", "transport", "protocol_version", "session_id", "error_type"),
        "Emitted when an MCP session is closed.",
    ),
    Event(
        EVALUATION,
        ("score",),
        ("evaluation_name", "label", "explanation", "response_id", "error_type"),
        "Emitted when a result was evaluated, by a user, a judge or a test.",
    ),
    Event("ex_llm.context.truncation.start", ("system_time",), ("strategy",), "Said before messages are cut to fit."),
    Event(
        "ex_llm.context.truncation.stop",
        ("messages_removed", "tokens_removed", "duration"),
        ("strategy",),
        "Said when messages were cut to fit.",
    ),
    Event("ex_llm.context.window_exceeded", (), _WHO, "Said when the provider refuses a prompt as too long."),
    Event(
        INTERRUPTED,
        ("system_time",),
        ("provider", "model", "operation", "ref", "kind"),
        "Emitted when an interruption (Ctrl-C, a time limit by signal) came while the end of a call was recorded; what is open is closed.",
    ),
    Event(
        "ex_llm.telemetry.extraction_error",
        (),
        ("step", "kind"),
        "Said when a step of ours failed inside a call; the call is not affected.",
    ),
    Event(
        "ex_llm.telemetry.missing_target",
        ("missing",),
        ("sdk", "target"),
        "Said when the imported release of an SDK lacks a function that is watched in others; missing counts those of the SDK.",
    ),
    Event(
        HANDLER_FAILURE,
        ("system_time",),
        ("handler_id", "event", "kind", "reason"),
        "Said when a handler raised; a user's handler is detached.",
    ),
)

EVENTS: Mapping[str, Event] = MappingProxyType(
    {e.name: e for family, doing in _families().items() for e in _triple(family, doing)} | {e.name: e for e in _OTHERS}
)
"""Every event by name, in the order of the documentation."""
