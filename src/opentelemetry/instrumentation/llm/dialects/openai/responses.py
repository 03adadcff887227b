"""OpenAI Responses API: a request, a response with a status, or named events."""

from __future__ import annotations

from ...extraction.errors_in_response import complete
from ...extraction.finish_reasons import finish_reason
from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from .hosted_tools import add_tools
from .items import join, keep, responses_content, responses_output
from .usage import usage

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "max_tokens": "max_output_tokens",
        "reasoning_level": "reasoning.effort",
        "requested_service_tier": "service_tier",
        "previous_response_id": "previous_response_id",
        "conversation_id": ("conversation", "conversation.id"),
        "prompt_name": "prompt.id",
        "prompt_version": "prompt.version",
    },
)
_REPLY = fields(
    Response,
    {
        "response_model": "model",
        "response_id": "id",
        "response_status": "status",
        "service_tier": "service_tier",
        "conversation_id": ("conversation.id", "conversation"),
        "failure": ("error.code", "error.type"),
        "completion_window": "background_options.completion_window",
    },
)
_TOOL_ITEMS = frozenset({"function_call", "custom_tool_call"})
_FAILED = frozenset({"failed", "cancelled"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    record = Request(api_type="responses", stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    record.output_type = OUTPUT_TYPES.get(as_str(get_path(arguments.named, ("text", "format", "type"))) or "")
    return record


def fetch(arguments: Arguments) -> Request:
    """Read a request for an earlier response, whose id is in the path."""
    after = arguments.query.get("starting_after")
    number = as_int(after)
    return Request(
        api_type="responses",
        fetched_response_id=as_str(arguments.path.rstrip("/").rpartition("/")[2]),
        stream_cursor=as_str(after) if number is None else str(number),
    )


def _finish_reasons(body: object, status: str | None) -> list[str] | None:
    if status == "completed":
        kinds = {as_str(get_path(item, ("type",))) for item in as_sequence(get_path(body, ("output",)))}
        return ["tool_call" if kinds & _TOOL_ITEMS else "stop"]
    if status == "incomplete":
        return [finish_reason(get_path(body, ("incomplete_details", "reason"))) or "length"]
    return ["error"] if status in _FAILED else None


def _read_into(draft: Response, body: object) -> None:
    copy_fields(draft, body, _REPLY)
    value = get_path(body, ("usage",))
    if value is not None:
        draft.usage = usage(value)
        add_tools(draft, body)
    draft.finish_reasons = _finish_reasons(body, draft.response_status)
    if get_path(body, ("object",)) == "response.compaction":
        draft.finish_reasons = ["compaction"]
    if draft.content is not None:
        draft.content.output_messages = responses_output(body)
    if draft.response_status == "failed" and draft.failure is None:
        draft.failure = "failed"


def response(body: object) -> Response:
    """Read a complete response."""
    record = Response()
    _read_into(record, body)
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one event: some contain the response; an error event has the failure."""
    # Nearly all events end here: a piece of a response has nothing to read.
    try:
        held = chunk.__dict__
        if draft.content is None and "response" not in held and held["type"].endswith(".delta"):
            return
    except (AttributeError, KeyError, TypeError):
        pass
    inner = get_path(chunk, ("response",))
    if draft.content is not None:
        keep(draft, chunk)
    if inner is not None:
        _read_into(draft, inner)
        if draft.failure is not None:
            complete(draft, chunk)
    elif get_path(chunk, ("type",)) == "error":
        draft.failure = as_str(get_path(chunk, ("code",))) or as_str(get_path(chunk, ("error", "code"))) or "error"
        complete(draft, chunk)


def finish(draft: Response) -> None:
    """Set ``error`` on a stream without a finish reason."""
    join(draft)
    if draft.response_id is not None and draft.finish_reasons is None and draft.response_status not in ("queued",):
        draft.finish_reasons = ["error"]


def _fetched(body: object) -> Response:
    value = response(body)
    value.deferred_usage, value.usage = value.usage, usage(None)
    return value


def _absorb_fetched(draft: Response, chunk: object) -> None:
    nothing = usage(None)
    absorb(draft, chunk)
    if draft.usage != nothing:
        draft.deferred_usage, draft.usage = draft.usage, nothing


responses = Dialect("responses", request, response, absorb, responses_content, responses_output, finish)
fetched_response = Dialect("fetched_response", fetch, _fetched, _absorb_fetched, output=responses_output)
