"""The responses shape of OpenAI: a request, an answer with a status, and a stream of named events."""

from __future__ import annotations

from typing import Any

from ...extraction.errors_in_response import complete
from ...extraction.finish_reasons import finish_reason
from ...extraction.paths import dig, fields, fill, items, text, whole
from ...schema.records import Reply, Request
from .. import Arguments, Dialect
from .content import responses_content, responses_output
from .hosted_tools import add_tools
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
    },
)
_REPLY = fields(
    Reply,
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
_OUTPUT_TYPES = {"text": "text", "json_object": "json", "json_schema": "json"}
_TOOL_ITEMS = frozenset({"function_call", "custom_tool_call"})
_FAILED = frozenset({"failed", "cancelled"})


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    asked = Request(api_type="responses", stream=arguments.streaming or None)
    fill(asked, arguments.named, _REQUEST)
    asked.output_type = _OUTPUT_TYPES.get(text(dig(arguments.named, ("text", "format", "type"))) or "")
    return asked


def fetch(arguments: Arguments) -> Request:
    """Read a request for a response that was made earlier: its id stands in the path."""
    after = arguments.query.get("starting_after")
    number = whole(after)
    return Request(
        api_type="responses",
        fetched_response_id=text(arguments.path.rstrip("/").rpartition("/")[2]),
        stream_cursor=text(after) if number is None else str(number),
    )


def _finish_reasons(answer: Any, status: str | None) -> list[str] | None:
    if status == "completed":
        kinds = {text(dig(item, ("type",))) for item in items(dig(answer, ("output",)))}
        return ["tool_call" if kinds & _TOOL_ITEMS else "stop"]
    if status == "incomplete":
        return [finish_reason(dig(answer, ("incomplete_details", "reason"))) or "length"]
    return ["error"] if status in _FAILED else None


def _read_into(draft: Reply, answer: Any) -> None:
    fill(draft, answer, _REPLY)
    said = dig(answer, ("usage",))
    if said is not None:
        draft.usage = usage(said)
        add_tools(draft, answer)
    draft.finish_reasons = _finish_reasons(answer, draft.response_status)
    if draft.content is not None:
        draft.content.output_messages = responses_output(answer)
    if draft.response_status == "failed" and draft.failure is None:
        draft.failure = "failed"


def reply(answer: Any) -> Reply:
    """Read a whole answer."""
    said = Reply()
    _read_into(said, answer)
    return said


def absorb(draft: Reply, chunk: Any) -> None:
    """Add one event: those that carry the response say everything, an error event says why it failed."""
    inner = dig(chunk, ("response",))
    if inner is not None:
        _read_into(draft, inner)
        if draft.failure is not None:
            complete(draft, chunk)
    elif dig(chunk, ("type",)) == "error":
        draft.failure = text(dig(chunk, ("code",))) or text(dig(chunk, ("error", "code"))) or "error"
        complete(draft, chunk)


def finish(draft: Reply) -> None:
    """Say that a stream which brought no finish reason was cut."""
    if draft.response_id is not None and draft.finish_reasons is None and draft.response_status not in ("queued",):
        draft.finish_reasons = ["error"]


def _fetched(answer: Any) -> Reply:
    said = reply(answer)
    said.deferred_usage, said.usage = said.usage, usage(None)
    return said


def _absorb_fetched(draft: Reply, chunk: Any) -> None:
    nothing = usage(None)
    absorb(draft, chunk)
    if draft.usage != nothing:
        draft.deferred_usage, draft.usage = draft.usage, nothing


responses = Dialect("responses", request, reply, absorb, responses_content, responses_output, finish)
fetched_response = Dialect("fetched_response", fetch, _fetched, _absorb_fetched, output=responses_output)
