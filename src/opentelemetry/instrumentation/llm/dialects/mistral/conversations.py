"""Mistral conversations: input and output entries, and server-side tools."""

from __future__ import annotations

from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import as_int, as_sequence, as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response
from .. import Arguments, Dialect
from ..openai.usage import usage
from . import entries

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "conversation_id": "conversation_id",
        "temperature": "completion_args.temperature",
        "top_p": "completion_args.top_p",
        "max_tokens": "completion_args.max_tokens",
        "frequency_penalty": "completion_args.frequency_penalty",
        "presence_penalty": "completion_args.presence_penalty",
        "stop_sequences": "completion_args.stop",
        "seed": "completion_args.random_seed",
        "reasoning_level": "completion_args.reasoning_effort",
    },
)
_REPLY = fields(Response, {"conversation_id": "conversation_id", "response_model": "model"})


def request(arguments: Arguments) -> Request:
    """Read the arguments of start, append and restart."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    record.output_type = OUTPUT_TYPES.get(as_str(get_path(arguments.named, ("completion_args", "response_format", "type"))) or "")
    return record


def _count(draft: Response, usage_block: object) -> None:
    """Read a usage block; connector tokens are separate and are added to the input."""
    counted = draft.usage = usage(usage_block)
    connected = as_int(get_path(usage_block, ("connector_tokens",)))
    if not connected or counted.input_tokens is None:
        return
    if counted.total_tokens == counted.input_tokens + (counted.output_tokens or 0) + connected:
        counted.input_tokens += connected
        counted.tool_use_tokens = connected


def _note(draft: Response, entry: object) -> None:
    copy_fields(draft, entry, _REPLY)
    if (as_str(get_path(entry, ("type",))) or "").startswith("function.call"):
        draft.finish_reasons = ["tool_call"]


def response(body: object) -> Response:
    """Read a complete response; its entries have the model and pending tool calls."""
    record = Response()
    copy_fields(record, body, _REPLY)
    for entry in as_sequence(get_path(body, ("outputs",))):
        _note(record, entry)
    _count(record, get_path(body, ("usage",)))
    record.finish_reasons = record.finish_reasons or ["stop"]
    return record


def absorb(draft: Response, chunk: object) -> None:
    """Add one event: the last one has the usage, an error event the failure."""
    kind = as_str(get_path(chunk, ("type",)))
    _note(draft, chunk)
    if draft.content is not None:
        entries.keep(draft, chunk)
    if kind == "conversation.response.done":
        _count(draft, get_path(chunk, ("usage",)))
        draft.finish_reasons = draft.finish_reasons or ["stop"]
    elif kind == "conversation.response.error":
        draft.failure = "error"


def finish(draft: Response) -> None:
    """Set ``error`` on a stream that had no end event."""
    draft.finish_reasons = draft.finish_reasons or ["error"]
    entries.join(draft)


conversations = Dialect("conversations", request, response, absorb, entries.content, entries.output, finish)
