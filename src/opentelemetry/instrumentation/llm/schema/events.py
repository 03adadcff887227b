"""EVENTS: the table of all events on the bus.

Calls, steps, transports and caches emit these events, and handlers are attached to them. The table in the documentation is
generated from this one. Names are ``ex_llm.<component>.<operation>.<phase>``. An operation with a duration is a triple of
phases (start, stop, exception).
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
    """Describe one event: measurements, metadata keys, and when it is emitted."""

    name: str
    measurements: tuple[str, ...]
    metadata: tuple[str, ...]
    description: str


class Operation(NamedTuple):
    """Describe one operation: its name in spans, event family and description.

    The events of the family have the names ``ex_llm.<family>.*``. ``description`` is a noun phrase.
    """

    name: str
    family: str
    inference: bool
    description: str


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        o.name: o
        for o in (
            Operation("chat", "chat", True, "a chat"),
            Operation("generate_content", "chat", True, "a multimodal generation"),
            Operation("text_completion", "chat", True, "a text completion"),
            Operation("embeddings", "embedding", False, "an embedding call"),
            Operation("fetch_response", "response", False, "a request for an earlier response"),
            Operation("image_generation", "image", False, "an image generation or an image edit"),
            Operation("speech", "audio", False, "a speech synthesis"),
            Operation("transcription", "audio", False, "a transcription"),
            Operation("translation", "audio", False, "a translation of speech"),
            Operation("moderation", "moderation", False, "a content moderation"),
            Operation("rerank", "rerank", False, "a ranking of documents"),
            Operation("count_tokens", "tokens", False, "a token count"),
            Operation("create_batch", "batch", False, "the creation of a batch"),
            Operation("fetch_batch", "batch", False, "a request for a batch or its results"),
            Operation("execute_tool", "tool", False, "a tool execution"),
            Operation("invoke_agent", "agent", False, "an agent run"),
            Operation("invoke_workflow", "workflow", False, "a workflow run"),
            Operation("retrieval", "retrieval", False, "a retrieval of documents"),
            Operation("mcp_request", "mcp.request", False, "an MCP request"),
        )
    }
)
"""Operations by their name in spans."""

STEPS = ("execute_tool", "invoke_agent", "invoke_workflow", "retrieval", "mcp_request")
"""Operations that can contain model calls or support them."""
SUBJECT: Mapping[str, str] = MappingProxyType(
    {
        "invoke_agent": "agent_name",
        "execute_tool": "tool_name",
        "invoke_workflow": "workflow_name",
        "retrieval": "data_source_id",
        "mcp_request": "tool_name",
    }
)
"""The metadata key with the name of the agent, tool, workflow or data source."""

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
"""Keys of each family of steps: metadata of all events, then measurements and
metadata of ``stop`` and ``exception``.
"""


def _triple(family: str, description: str) -> tuple[Event, ...]:
    if (step := _STEPS.get(family)) is not None:
        known, measured, ended = step
        return (
            Event(f"ex_llm.{family}.start", ("system_time",), known, f"Emitted before {description} starts."),
            Event(
                f"ex_llm.{family}.stop",
                ("duration", *measured),
                known + ended,
                f"Emitted when {description} has ended without an exception. The key outcome contains the result.",
            ),
            Event(
                f"ex_llm.{family}.exception", ("duration", *measured), known + ended + _FAILED, f"Emitted when {description} has failed."
            ),
        )
    own = _SPECIAL.get(family, ())
    return (
        Event(f"ex_llm.{family}.start", ("system_time",), _WHO, f"Emitted before {description} starts."),
        Event(
            f"ex_llm.{family}.stop",
            ("duration",),
            _WHO + _REPLY + _USAGE + own,
            f"Emitted when {description} has ended without an exception.",
        ),
        Event(f"ex_llm.{family}.exception", ("duration",), _WHO + _FAILED, f"Emitted when {description} has failed or was cancelled."),
    )


def _families() -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for operation in OPERATIONS.values():
        found.setdefault(operation.family, []).append(operation.description)
    return {family: " or ".join(filter(None, (", ".join(nouns[:-1]), nouns[-1]))) for family, nouns in found.items()}


_STREAM = ("time_to_first_chunk", "chunks", "duration", "size", "gaps")
_ATTEMPT = (*_WHO, "attempt", "method", "status", "request_id")
_LEFT = ("remaining_requests", "remaining_tokens", "reset_ms")
_KEY = ("key", "cache")

_OTHERS = (
    Event(STREAM_START, ("system_time",), _WHO, "Emitted when the response of a call is a stream, before the first chunk."),
    Event(STREAM_CHUNK, ("since_last", "index"), _WHO, "Emitted for each chunk that the application receives."),
    Event(STREAM_STOP, _STREAM, (*_WHO, "stream_end"), "Emitted when a stream has ended because it was read completely or closed early."),
    Event(STREAM_EXCEPTION, _STREAM, _WHO + _FAILED, "Emitted when a stream has failed or was cancelled."),
    Event(
        CONTENT,
        (),
        (*_WHO, "content"),
        "Emitted before stop or exception if contents are captured. No other event contains message contents.",
    ),
    Event(
        "ex_llm.provider.request.start", ("system_time", "retry", "waited"), _ATTEMPT, "Emitted before each HTTP attempt of a running call."
    ),
    Event(
        "ex_llm.provider.request.stop",
        ("duration", *_LEFT),
        _ATTEMPT,
        "Emitted when an HTTP attempt has received a response with any status.",
    ),
    Event(
        "ex_llm.provider.request.exception",
        ("duration",),
        _ATTEMPT + _FAILED,
        "Emitted when an HTTP attempt has failed without a response.",
    ),
    Event(
        "ex_llm.provider.rate_limit",
        ("retry_after_ms", *_LEFT),
        (*_WHO, "status", "limit"),
        "Emitted when a rate limit of the provider rejects a call.",
    ),
    Event(
        "ex_llm.provider.auth.refresh",
        ("duration",),
        ("provider", "credential"),
        "Emitted when credentials were renewed. The metadata contain the name of their class.",
    ),
    Event("ex_llm.cache.hit", ("saved_cents",), _KEY, "Emitted when a response was found in a client-side response cache."),
    Event("ex_llm.cache.miss", (), _KEY, "Emitted when a response was not found in a response cache."),
    Event("ex_llm.cache.put", ("size_bytes",), _KEY, "Emitted when a response was stored in a response cache."),
    Event("ex_llm.cache.evicted", ("size_bytes",), _KEY, "Emitted when a response was removed from a response cache."),
    Event(
        "ex_llm.cost.calculated",
        ("cost",),
        (*_WHO, "input", "output", "cache_read", "cache_write", "saved", "source", "price_date"),
        "Emitted when the cost of a call was calculated, in cents.",
    ),
    Event(
        "ex_llm.agent.usage",
        (),
        ("provider", "model", "operation", "ref", "agent_name", "conversation_id", *_USAGE[:-1]),
        "Emitted for usage that only the messages of an agent report, because its model calls run in another process.",
    ),
    Event(
        "ex_llm.cost.threshold_warning",
        ("cost", "threshold"),
        (*_WHO, "scope", "scope_value"),
        "Emitted when a budget has passed its warning level, in cents.",
    ),
    Event("ex_llm.cost.unknown", (), (*_WHO, "reason"), "Emitted when a call has ended and its cost is unknown, with the reason."),
    Event(
        "ex_llm.cost.threshold_exceeded",
        ("cost", "threshold"),
        (*_WHO, "exceeded_by", "scope", "scope_value"),
        "Emitted when a cost has exceeded a threshold, in cents.",
    ),
    Event(
        "ex_llm.agent.handoff",
        (),
        ("framework", "agent_name", "to_agent", "parent_ref"),
        "Emitted when an agent hands the conversation over to another agent.",
    ),
    Event(
        "ex_llm.mcp.session.stop",
        ("duration",),
        ("side", "transport", "protocol_version", "session_id", "error_type"),
        "Emitted when an MCP session was closed.",
    ),
    Event(
        EVALUATION,
        ("score",),
        ("evaluation_name", "label", "explanation", "response_id", "error_type"),
        "Emitted when a result was evaluated by a user, a judge model or a test.",
    ),
    Event(
        "ex_llm.context.truncation.start",
        ("system_time",),
        ("strategy",),
        "Emitted before messages are removed to fit into the context window.",
    ),
    Event(
        "ex_llm.context.truncation.stop",
        ("messages_removed", "tokens_removed", "duration"),
        ("strategy",),
        "Emitted when messages were removed to fit into the context window.",
    ),
    Event("ex_llm.context.window_exceeded", (), _WHO, "Emitted when the provider rejects a prompt as too long."),
    Event(
        INTERRUPTED,
        ("system_time",),
        ("provider", "model", "operation", "ref", "kind"),
        "Emitted when Ctrl-C or another signal interrupted the recording of the end of a call. Handlers then close everything that is open.",
    ),
    Event(
        "ex_llm.telemetry.extraction_error",
        (),
        ("step", "kind"),
        "Emitted when this package had an internal error during a call. The call is not affected.",
    ),
    Event(
        "ex_llm.telemetry.missing_target",
        ("missing",),
        ("sdk", "target"),
        "Emitted when the imported release of an SDK does not have a patch target. The measurement counts the missing targets of this SDK.",
    ),
    Event(
        HANDLER_FAILURE,
        ("system_time",),
        ("handler_id", "event", "kind", "reason"),
        "Emitted when a handler raised an exception. A handler of the user is then detached.",
    ),
)

EVENTS: Mapping[str, Event] = MappingProxyType(
    {e.name: e for family, description in _families().items() for e in _triple(family, description)} | {e.name: e for e in _OTHERS}
)
"""Every event by name, in the order of the documentation."""
