"""OpenAI agents and searches at the provider: assistant runs, vector stores.

A run is created, and fetched until it is finished. Its last state has the sum of its usage.
"""

from __future__ import annotations

from typing import Any

from ...extraction.message_parts import text_part
from ...extraction.paths import as_sequence, as_str, copy_fields, fields, full_text, get_path
from ...schema.records import Content, Request, Response, Usage
from .. import Arguments, Dialect
from .usage import usage

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "agent_id": "assistant_id",
        "temperature": "temperature",
        "top_p": "top_p",
        "max_tokens": "max_completion_tokens",
    },
)
_RUN = fields(
    Response,
    {"response_id": "id", "response_model": "model", "response_status": "status", "conversation_id": "thread_id"},
)
_SEARCH = fields(Request, {"top_k": "max_num_results"})
_REASONS = {"completed": "stop", "requires_action": "tool_call", "incomplete": "length", "expired": "error", "failed": "error"}


def _request(arguments: Arguments) -> Request:
    record = Request(stream=arguments.streaming or None, api_type="assistants")
    copy_fields(record, arguments.named, _REQUEST)
    parts = arguments.path.strip("/").split("/")
    record.conversation_id = as_str(parts[-2]) if len(parts) > 2 else None
    return record


def _read_into(draft: Response, run: Any) -> None:
    copy_fields(draft, run, _RUN)
    if (reported := get_path(run, ("usage",))) is not None:
        draft.usage = usage(reported)
    reason = _REASONS.get(draft.response_status or "")
    draft.finish_reasons = None if reason is None else [reason]
    if draft.response_status == "failed":
        draft.failure = as_str(get_path(run, ("last_error", "code"))) or "failed"


def _response(run: Any) -> Response:
    record = Response()
    _read_into(record, run)
    return record


def _absorb(draft: Response, chunk: Any) -> None:
    """Add one event: those of the run itself have its state."""
    if (as_str(get_path(chunk, ("event",))) or "").startswith("thread.run.") and get_path(chunk, ("data", "object")) == "thread.run":
        _read_into(draft, get_path(chunk, ("data",)))


def _content(arguments: Arguments) -> Content:
    instructions = full_text(arguments.named.get("instructions"))
    return Content(system_instructions=None if instructions is None else [text_part(instructions)])


def _fetch(arguments: Arguments) -> Request:
    return Request(api_type="assistants", fetched_response_id=as_str(arguments.path.rstrip("/").rpartition("/")[2]))


def _fetched(run: Any) -> Response:
    record = _response(run)
    record.deferred_usage, record.usage = record.usage, Usage()
    return record


def _search_request(arguments: Arguments) -> Request:
    record = Request()
    copy_fields(record, arguments.named, _SEARCH)
    record.data_source_id = as_str(arguments.path.strip("/").split("/")[-2])
    return record


def _found(page: Any) -> Response:
    return Response(documents=len(as_sequence(get_path(page, ("data",)))))


def _query(arguments: Arguments) -> Content:
    query = arguments.named.get("query")
    return Content(query=full_text(query) or "\n".join(text for text in as_sequence(query) if isinstance(text, str)) or None)


assistant_run = Dialect("assistant_run", _request, _response, _absorb, _content)
fetched_run = Dialect("fetched_run", _fetch, _fetched)
vector_store_search = Dialect("vector_store_search", _search_request, _found, content=_query)
