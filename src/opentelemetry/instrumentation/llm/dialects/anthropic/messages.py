"""Anthropic messages: a complete message, or a stream of named events.

Also used by the clouds that serve Anthropic's models and by compatible hosts.
"""

from __future__ import annotations

from typing import Any

from ...extraction.errors_in_response import complete
from ...extraction.finish_reasons import finish_reason
from ...extraction.output_types import OUTPUT_TYPES
from ...extraction.paths import as_str, copy_fields, fields, get_path
from ...schema.records import Request, Response, total
from .. import Arguments, Dialect
from . import content
from .usage import counts, iterations, parts, usage

_REQUEST = fields(
    Request,
    {
        "model": "model",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "max_tokens": "max_tokens",
        "stop_sequences": "stop_sequences",
        "reasoning_level": "output_config.effort",
        "requested_service_tier": "service_tier",
    },
)
_REPLY = fields(
    Response,
    {
        "response_model": "model",
        "response_id": "id",
        "service_tier": "usage.service_tier",
        "speed": "usage.speed",
        "inference_geo": "usage.inference_geo",
        "failure": "error.type",
    },
)
_FORMATS = (("output_config", "format", "type"), ("output_format", "type"))
_HANDED_TO = ("content_block", "to", "model")


def request(arguments: Arguments) -> Request:
    """Read the wire body of a request."""
    record = Request(stream=arguments.streaming or None)
    copy_fields(record, arguments.named, _REQUEST)
    reported = (as_str(get_path(arguments.named, path)) for path in _FORMATS)
    record.output_type = next((OUTPUT_TYPES.get(word) for word in reported if word is not None), None)
    return record


def _read_into(draft: Response, answer: object) -> None:
    copy_fields(draft, answer, _REPLY)
    reason = finish_reason(get_path(answer, ("stop_reason",)))
    if reason is not None:
        draft.finish_reasons = [reason]
    _note_container(draft, answer)


def _note_container(draft: Response, place: object) -> None:
    """Record the id of the code execution container.

    The container is billed by time, which no response reports.
    """
    if (container := as_str(get_path(place, ("container", "id")))) is not None:
        draft.containers = [container]


def response(answer: object) -> Response:
    """Read a complete message."""
    record = Response()
    _read_into(record, answer)
    used = get_path(answer, ("usage",))
    record.usage = usage(counts(used))
    _add_iterations(record, iterations(used))
    return record


def _add_iterations(reported: Response, made: Any) -> None:
    if made and (found := parts(reported.usage, reported.response_model, made)):
        reported.parts = found
        reported.usage = total(part.usage for part in found)


def absorb(draft: Response, chunk: object) -> None:
    """Add one event; each count replaces the earlier count.

    ``message_start`` contains the model and id, ``message_delta`` the stop reason.
    """
    if draft.scratch is None:
        draft.scratch = {"counts": {}, "iterations": (), "blocks": content.Blocks()}
    elif draft.content is None:
        # Nearly all events end here: a piece of a message has nothing else to read.
        try:
            if chunk.__dict__["type"] == "content_block_delta":
                return
        except (AttributeError, KeyError):
            pass
    kind = get_path(chunk, ("type",))
    if kind == "message_start":
        message = get_path(chunk, ("message",))
        _read_into(draft, message)
        draft.scratch["counts"] |= counts(get_path(message, ("usage",)))
    elif kind == "message_delta":
        # These counts are cumulative: they replace the counts of ``message_start`` and must not be added to them.
        used = get_path(chunk, ("usage",))
        draft.scratch["counts"] |= counts(used)
        draft.scratch["iterations"] = iterations(used) or draft.scratch["iterations"]
        _note_container(draft, get_path(chunk, ("delta",)))
        reason = finish_reason(get_path(chunk, ("delta", "stop_reason")))
        if reason is not None:
            draft.finish_reasons = [reason]
    elif kind == "error":
        draft.failure = as_str(get_path(chunk, ("error", "type"))) or "error"
        complete(draft, chunk)
    else:
        # If another model takes over during the stream, the last model is recorded.
        draft.response_model = as_str(get_path(chunk, _HANDED_TO)) or draft.response_model
        if draft.content is not None:
            draft.scratch["blocks"].add(kind, chunk)


def finish(draft: Response) -> None:
    """Set the usage of the stream, and ``error`` if it had no stop reason."""
    if draft.scratch is None:
        return
    draft.usage = usage(draft.scratch["counts"])
    _add_iterations(draft, draft.scratch["iterations"])
    if draft.response_id is not None and draft.finish_reasons is None:
        draft.finish_reasons = ["error"]
    if draft.content is not None:
        draft.content.output_messages = draft.scratch["blocks"].message()


messages = Dialect("messages", request, response, absorb, content.content, content.output, finish)
